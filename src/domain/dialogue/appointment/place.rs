//! Names of one of several times by where it stands among them: 第二个, "the later one".

use super::clock;
use super::wish::spelled;

/// What names one of several times by where it stands.
const PLACES: [(&str, Place); 36] = [
    ("第一", Place::At(0)),
    ("第1", Place::At(0)),
    ("first", Place::At(0)),
    ("前面", Place::At(0)),
    ("前边", Place::At(0)),
    ("前一个", Place::At(0)),
    ("靠前", Place::At(0)),
    ("最早", Place::At(0)),
    ("早的", Place::At(0)),
    ("早点的", Place::At(0)),
    ("早那", Place::At(0)),
    ("早个", Place::At(0)),
    ("the earlier", Place::At(0)),
    ("earlier one", Place::At(0)),
    ("earliest", Place::At(0)),
    ("第二", Place::At(1)),
    ("第2", Place::At(1)),
    ("second", Place::At(1)),
    ("第三", Place::At(2)),
    ("第3", Place::At(2)),
    ("third", Place::At(2)),
    ("中间", Place::Middle),
    ("middle", Place::Middle),
    ("后面", Place::Last),
    ("后边", Place::Last),
    ("后一个", Place::Last),
    ("靠后", Place::Last),
    ("最迟", Place::Last),
    ("晚的", Place::Last),
    ("晚点的", Place::Last),
    ("晚那", Place::Last),
    ("晚个", Place::Last),
    ("the later", Place::Last),
    ("later one", Place::Last),
    ("latest", Place::Last),
    ("last one", Place::Last),
];
/// What makes another thing of such a name: 第一时间, 第二天, 后面再说, 后面两天.
const NO_PLACE: [char; 13] = ['时', '天', '日', '再', '几', '两', '三', '还', '有', '联', '些', '次', '步'];
/// What begins a name that says something of an hour behind it: 最迟十点.
const MOST: char = '最';
/// What stands behind one where it names a time: 第一个, not 第一单元.
const BEHIND_PLACE: [&str; 15] = [
    "那个", "这个", "个", "时间", "时段", "段", "的", "吧", "好", " one", " time", " slot", " option", " please",
    " then",
];

/// Where one of several times stands among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The first is at 0.
    At(usize),
    Middle,
    Last,
}

impl Place {
    /// Returns what stands there.
    pub(super) fn among<T>(self, several: &[T]) -> Option<&T> {
        match self {
            Place::At(at) => several.get(at),
            Place::Middle if several.len() % 2 == 1 => several.get(several.len() / 2),
            Place::Middle => None,
            Place::Last => several.last(),
        }
    }
}

/// Whether a clause names one of several times by where it stands, and does nothing else: "第一个吧", "the first one".
pub(super) fn is_bare_place(clause: &str) -> bool {
    let clause = spelled(clause.trim());
    let clause = clause.strip_prefix("the ").unwrap_or(&clause);
    let named = PLACES.iter().find_map(|(name, _)| clause.strip_prefix(name));
    named.is_some_and(|mut rest| {
        while let Some(behind) = BEHIND_PLACE.iter().find_map(|part| rest.strip_prefix(part)) {
            rest = behind;
        }
        rest.trim().is_empty()
    })
}

/// Takes the names of places out of words, of which each thing is spelled in one way.
pub(super) fn take_places(mut words: String) -> (String, Vec<Place>) {
    let mut found = Vec::new();
    for (name, place) in PLACES {
        let Some((before, after)) = words.split_once(name) else { continue };
        let is_none = after.starts_with(NO_PLACE) || after.starts_with(" thing");
        if is_none || name.starts_with(MOST) && sets_hour(after) {
            continue;
        }
        if !found.contains(&place) {
            found.push(place);
        }
        words = format!("{before} {after}");
    }
    (words, found)
}

/// Whether an hour is named in the clause that words go on with.
fn sets_hour(behind: &str) -> bool {
    let clause = behind.split(',').next().unwrap_or_default();
    !clock::hours(clause, &[]).is_empty()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::wish::Wish;
    use super::*;

    #[test]
    fn one_of_several_is_named_by_where_it_stands() {
        let places = |words: &str| Wish::named_in(words, date(2026, 11, 21)).places;
        for words in ["第一个", "前面那个", "早一点的", "the earlier one", "the first one"] {
            assert_eq!(places(words), [Place::At(0)], "{words}");
        }
        for words in ["后面那个", "晚的吧", "the later one", "最晚的", "最迟的那个"] {
            assert_eq!(places(words), [Place::Last], "{words}");
        }
        assert_eq!(places("the second one"), [Place::At(1)]);
        for words in [
            "后面再说",
            "后面两天",
            "第一时间",
            "第二天",
            "改第二日",
            "最晚十点",
            "最早上午十点",
            "first thing on monday",
            "早点",
            "晚上的",
            "早上的",
        ] {
            assert!(places(words).is_empty(), "{words}");
        }
    }
}
