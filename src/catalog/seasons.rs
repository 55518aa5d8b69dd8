//! `plans/seasons.toml`: when it rains, when houses are heated and cooled, by region.

use jiff::civil::Date;

use super::document::{Placed, Source, Table};
use super::fault::Fault;
use super::files::Files;
use crate::domain::season::{Season, SeasonDates};

pub(super) const FILE: &str = "plans/seasons.toml";

/// Reads the seasons.
pub(super) fn read(files: &Files, faults: &mut Vec<Fault>) -> Vec<Season> {
    let Some(text) = files.required(FILE, faults) else { return Vec::new() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut seasons: Vec<Season> = Vec::new();
    for entry in table.tables("season") {
        let id = entry.string("id");
        if seasons.iter().any(|known| known.id == id.value) {
            source.fault(id.at, format!("the season `{}` is there twice", id.value));
        }
        let mut dates: Vec<SeasonDates> = Vec::new();
        for place in entry.tables("dates") {
            let regions: Vec<String> = place.strings("regions").into_iter().map(|region| region.value).collect();
            if regions.is_empty() && dates.iter().any(|known| known.regions.is_empty()) {
                source.fault(place.at(), format!("`{}` has dates for every other region twice", id.value));
            }
            let [from, to] = ["from", "to"].map(|key| month_and_day(&source, &place.string(key)));
            let visited = !place.flag("warranty_only");
            if let (Some(from), Some(to)) = (from, to) {
                dates.push(SeasonDates { regions, from, to, visited });
            }
            place.finish();
        }
        if dates.is_empty() {
            source.fault(entry.at(), format!("the season `{}` has no [[season.dates]]", id.value));
        }
        entry.finish();
        seasons.push(Season { id: id.value, dates });
    }
    table.finish();
    faults.extend(source.into_faults());
    seasons
}

/// A day that every year has.
fn month_and_day(source: &Source<'_>, text: &Placed<String>) -> Option<(i8, i8)> {
    let date = format!("2025-{}", text.value).parse::<Date>().ok();
    if date.is_none() && !text.value.is_empty() {
        source.fault(text.at, format!("`{}` is no month and day of every year; write it like \"11-15\"", text.value));
    }
    date.map(|date| (date.month(), date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::season::dates_in;

    #[test]
    fn a_region_has_its_own_seasons_and_the_south_no_visits_before_heating() {
        let mut faults = Vec::new();
        let seasons = read(&Files::embedded(), &mut faults);
        assert_eq!(faults, []);
        let heating = |region| {
            let dates = dates_in(&seasons, "heating", region).unwrap();
            (dates.from, dates.to, dates.visited)
        };
        assert_eq!(heating("东北"), ((10, 20), (4, 20), true));
        assert_eq!(heating("山东济南"), ((11, 15), (3, 15), true));
        assert_eq!(heating("华东"), ((11, 15), (3, 15), false), "a warranty counts it all the same");
        assert_eq!(dates_in(&seasons, "snow", "东北"), None);
    }

    #[test]
    fn contradictory_seasons_are_named_with_their_line() {
        let text = r#"
[[season]]
id = "rain"
[[season.dates]]
from = "02-29"
to = "07-15"
[[season.dates]]
from = "06-10"
to = "07-15"
[[season.dates]]
from = "07-01"
to = "08-31"
[[season]]
id = "rain"
"#;
        let mut faults = Vec::new();
        read(&Files::of([(FILE, text)]), &mut faults);
        faults.sort();
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(faults.join("\n"), @r#"
        plans/seasons.toml:5: `02-29` is no month and day of every year; write it like "11-15"
        plans/seasons.toml:10: `rain` has dates for every other region twice
        plans/seasons.toml:13: the season `rain` has no [[season.dates]]
        plans/seasons.toml:14: the season `rain` is there twice
        "#);
    }
}
