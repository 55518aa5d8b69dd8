//! What a flag says of the people it was to be told to: nothing while somebody is on the way to them
//! or has reached them, else who was not reached and why.

use std::collections::BTreeMap;

use crate::domain::alert::reach::Telling;
use crate::domain::ids::StaffId;
use crate::web::words::Words;

/// Returns the line below a flag, if there is something to say.
pub(super) fn line(tellings: &[Telling], names: &BTreeMap<StaffId, String>, w: &Words) -> Option<String> {
    if tellings.iter().any(|telling| telling.staff.is_none()) {
        return Some(w.get("web.console.flags.nobody_there"));
    }
    let lost: Vec<_> = tellings.iter().filter(|telling| telling.way.is_none()).collect();
    if lost.is_empty() {
        return None;
    }
    let why = |telling: &Telling| {
        let missed = telling.missed.iter().map(|missed| {
            let (way, why) = (missed.way.name(), missed.why.name());
            w.fill(&format!("web.console.missed.{why}"), "way", &w.get(&format!("web.console.way.{way}")))
        });
        missed.collect::<Vec<_>>().join(&w.get("web.console.missed.and"))
    };
    let person = |telling: &&Telling| {
        let name = telling.staff.and_then(|staff| names.get(&staff)).map(String::as_str).unwrap_or_default();
        let args = [("name", name.to_owned()), ("why", why(telling))];
        w.say("web.console.missed.person", &args.map(|(key, value)| (key.to_owned(), value)).into())
    };
    let people = lost.iter().map(person).collect::<Vec<_>>().join(&w.get("web.console.missed.and"));
    let key = if lost.len() == tellings.len() { "web.console.flags.nobody" } else { "web.console.flags.unreached" };
    Some(w.fill(key, "people", &people))
}

#[cfg(test)]
mod tests {
    use super::super::view::samples::words;
    use super::*;
    use crate::domain::alert::reach::{Miss, Missed, Way};
    use crate::domain::language::Language;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_flag_says_who_was_not_reached_and_why() {
        let id = |number| StaffId(uuid::Uuid::from_u128(number));
        let names: BTreeMap<_, _> = [(id(1), "李工".to_owned()), (id(2), "周敏".to_owned())].into();
        let telling = |staff, way, missed: &[(Way, Miss)]| Telling {
            staff,
            way,
            missed: missed.iter().map(|(way, why)| Missed { way: *way, why: *why }).collect(),
            at: Timestamp(0),
        };
        let li = telling(
            Some(id(1)),
            None,
            &[(Way::Telegram, Miss::NotOnRecord), (Way::Wecom, Miss::NotTaken), (Way::Mail, Miss::NotSetUp)],
        );
        let zhou = telling(Some(id(2)), Some(Way::Mail), &[(Way::Telegram, Miss::NotOnRecord)]);
        let said = |tellings: &[Telling], language| line(tellings, &names, &words(language)).unwrap_or_default();
        assert_eq!(said(&[], Language::Chinese), "");
        assert_eq!(said(std::slice::from_ref(&zhou), Language::Chinese), "", "reached");
        insta::assert_snapshot!(said(std::slice::from_ref(&li), Language::Chinese), @"没有人被通知到：李工（Telegram没有登记，企业微信没送到，邮箱还没接通）。请直接打电话。");
        insta::assert_snapshot!(said(&[li.clone(), zhou.clone()], Language::Chinese), @"没通知到：李工（Telegram没有登记，企业微信没送到，邮箱还没接通）");
        insta::assert_snapshot!(said(&[li, zhou], Language::English), @"Not reached: 李工 (Telegram: not on record, WeCom: not delivered, mail: not set up)");
        insta::assert_snapshot!(said(&[telling(None, None, &[])], Language::Chinese), @"没有人被通知到：这一级到总部都没有在岗的人。");
        insta::assert_snapshot!(said(&[telling(None, None, &[])], Language::English), @"Nobody could be reached: from this level up to headquarters nobody works here.");
    }
}
