//! The line of a ticket that says whether it is under warranty, until when, and who answers for it.

use crate::domain::ticket::Ticket;
use crate::domain::understanding::Category;
use crate::domain::warranty::{Responsible, Standing};
use crate::store::{Tx, staff, subcontractors};
use crate::web::Web;
use crate::web::error::WebError;
use crate::web::words::Words;

/// Says where a ticket stands with the warranty; `category` is what counts of it.
pub(super) async fn line(
    web: &Web,
    tx: &mut Tx,
    ticket: &Ticket,
    category: Option<Category>,
    w: &Words,
) -> Result<String, WebError> {
    let standing = web.intake.standing(tx, ticket, category).await?;
    let who = match standing.responsible {
        Some(Responsible::Engineer(id)) => staff::find(tx, id).await?.map(|person| person.name),
        Some(Responsible::Subcontractor(id)) => subcontractors::find(tx, id).await?.map(|firm| firm.name),
        None => None,
    };
    let component = standing.component.as_deref().and_then(|id| web.catalog.warranty().component(id));
    let component = component.and_then(|component| component.names.get(&w.language).cloned());
    Ok(said(&standing, component, who, w))
}

fn said(standing: &Standing, component: Option<String>, who: Option<String>, w: &Words) -> String {
    let state = w.get(match standing.in_warranty {
        Some(true) => "web.console.ticket.in_warranty",
        Some(false) => "web.console.ticket.out_of_warranty",
        None => "web.console.ticket.unknown",
    });
    let until = standing.last_day.map(|day| w.fill("web.console.ticket.warranty_until", "day", &day.to_string()));
    let who = who.map(|who| w.fill("web.console.ticket.warranty_by", "who", &who));
    [Some(state), component, until, who].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::view::samples::words;
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn the_line_says_what_is_known_and_no_more() {
        let w = words(Language::Chinese);
        let standing = Standing { in_warranty: Some(true), last_day: Some(date(2029, 5, 20)), ..Standing::default() };
        let all = said(&standing, Some("屋面防水".to_owned()), Some("安居防水".to_owned()), &w);
        assert_eq!(all, "保修期内 · 屋面防水 · 至 2029-05-20 · 责任方 安居防水");
        assert_eq!(said(&Standing::default(), None, None, &w), "未知");
    }
}
