//! `plans/warranty.toml`: which part of the works is under warranty for how long, and the words
//! that lead to it.

use std::collections::BTreeMap;

use super::document::{Placed, Source, Table};
use super::fault::Fault;
use super::files::Files;
use super::seasons;
use crate::domain::language::Language;
use crate::domain::season::Season;
use crate::domain::understanding::Category;
use crate::domain::warranty::{Component, Rules, Span};

const FILE: &str = "plans/warranty.toml";

/// Reads the rules; terms in seasons count those given.
pub(super) fn read(files: &Files, seasons: Vec<Season>, faults: &mut Vec<Fault>) -> Rules {
    let Some(text) = files.required(FILE, faults) else { return Rules::default() };
    let source = Source::new(FILE, text);
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), &root.span());
    let mut rules = Rules { design_life_years: table.count("design_life_years"), seasons, components: Vec::new() };
    for entry in table.tables("component") {
        let (at, read) = (entry.at(), component(&source, &entry, &rules.seasons));
        entry.finish();
        if rules.component(&read.id).is_some() {
            source.fault(at, format!("the component `{}` is there twice", read.id));
        }
        for category in &read.otherwise {
            if let Some(before) = rules.components.iter().find(|other| other.otherwise.contains(category)) {
                let (name, before) = (category.name(), &before.id);
                source.fault(at, format!("`otherwise` names {name}, which belongs to `{before}` already"));
            }
        }
        rules.components.push(read);
    }
    if rules.components.is_empty() {
        source.fault(table.at(), "there is no [[component]]");
    }
    table.finish();
    faults.extend(source.into_faults());
    rules
}

fn component(source: &Source<'_>, entry: &Table<'_, '_>, seasons: &[Season]) -> Component {
    let id = entry.string("id").value;
    let names: BTreeMap<Language, String> =
        [(Language::Chinese, entry.string("zh").value), (Language::English, entry.string("en").value)].into();
    let also = entry.strings("also").into_iter().map(|name| name.value).collect();
    let words = entry.strings("words").into_iter().map(|word| word.value.to_lowercase()).collect();
    let [categories, otherwise] = ["categories", "otherwise"].map(|key| categories(source, &entry.strings(key)));
    let kind = entry.string("term");
    let season = entry.optional_string("season").inspect(|name| check_season(source, name, seasons));
    let season = season.map(|name| name.value);
    let span = match kind.value.as_str() {
        "design_life" => Span::DesignLife,
        "months" => Span::Months(entry.count("months")),
        "seasons" => Span::Seasons(entry.count("seasons")),
        other => {
            if !other.is_empty() {
                source.fault(kind.at, format!("unknown term `{other}`; known: design_life, months, seasons"));
            }
            Span::DesignLife
        }
    };
    if matches!(span, Span::Seasons(_)) && season.is_none() {
        source.fault(entry.at(), format!("the component `{id}` counts seasons and needs `season`"));
    }
    Component { id, names, also, span, season, categories, words, otherwise }
}

/// A term counts a season wherever the works are.
fn check_season(source: &Source<'_>, name: &Placed<String>, seasons: &[Season]) {
    match seasons.iter().find(|season| season.id == name.value) {
        Some(season) if season.dates.iter().any(|dates| dates.regions.is_empty()) => {}
        Some(_) => source.fault(
            name.at,
            format!(
                "`{}` has no dates for every other region in {}, so a term cannot count it",
                name.value,
                seasons::FILE
            ),
        ),
        None => source.fault(name.at, format!("there is no season `{}` in {}", name.value, seasons::FILE)),
    }
}

fn categories(source: &Source<'_>, names: &[Placed<String>]) -> Vec<Category> {
    let mut found = Vec::new();
    for name in names {
        match Category::ALL.into_iter().find(|category| category.name() == name.value) {
            Some(category) => found.push(category),
            None => {
                let known = Category::ALL.map(Category::name).join(", ");
                source.fault(name.at, format!("unknown category `{}`; known: {known}", name.value));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::*;
    use crate::domain::season::SeasonDates;
    use crate::domain::warranty::{Term, Works};

    fn rules() -> Rules {
        let mut faults = Vec::new();
        let seasons = seasons::read(&Files::embedded(), &mut faults);
        let rules = read(&Files::embedded(), seasons, &mut faults);
        assert_eq!(faults, []);
        rules
    }

    /// The last day of a component's term by law, in a region of the standard seasons.
    fn last_day(component: &str, handover: Date) -> Date {
        let rules = rules();
        rules.last_day(rules.component(component).unwrap(), &[], handover, "华东").unwrap()
    }

    #[test]
    fn waterproofing_of_roof_bathroom_and_exterior_wall_is_under_warranty_for_five_years() {
        for component in ["roof_waterproofing", "bathroom_waterproofing", "exterior_wall_waterproofing"] {
            assert_eq!(last_day(component, date(2024, 5, 20)), date(2029, 5, 20), "{component}");
        }
    }

    #[test]
    fn electrical_plumbing_equipment_and_fit_out_are_under_warranty_for_two_years() {
        for component in ["electrical", "plumbing", "equipment", "fit_out"] {
            assert_eq!(last_day(component, date(2024, 5, 20)), date(2026, 5, 20), "{component}");
        }
    }

    #[test]
    fn foundation_and_main_structure_are_under_warranty_for_the_design_life() {
        assert_eq!(last_day("structure", date(2024, 5, 20)), date(2074, 5, 20));
    }

    #[test]
    fn heating_and_cooling_are_under_warranty_for_two_seasons() {
        // Two whole heating periods after the handover in May: 2024/25 and 2025/26.
        assert_eq!(last_day("heating", date(2024, 5, 20)), date(2026, 3, 15));
        // Two whole summers.
        assert_eq!(last_day("cooling", date(2024, 5, 20)), date(2025, 9, 30));
    }

    #[test]
    fn a_season_that_is_running_at_the_handover_is_given_on_top() {
        assert_eq!(last_day("heating", date(2024, 11, 15)), date(2026, 3, 15));
        assert_eq!(last_day("heating", date(2024, 11, 16)), date(2027, 3, 15));
        assert_eq!(last_day("heating", date(2025, 1, 10)), date(2027, 3, 15));
        assert_eq!(last_day("cooling", date(2024, 6, 2)), date(2026, 9, 30));
    }

    #[test]
    fn a_region_has_its_own_seasons() {
        let rules = rules();
        let end = |component: &str, region| {
            rules.last_day(rules.component(component).unwrap(), &[], date(2024, 5, 20), region).unwrap()
        };
        assert_eq!(end("heating", "东北"), date(2026, 4, 20));
        assert_eq!(end("cooling", "华南"), date(2026, 10, 31));
        assert_eq!(end("cooling", "somewhere else"), date(2025, 9, 30));
    }

    #[test]
    fn a_term_ends_with_the_last_day_of_a_month_that_is_too_short() {
        assert_eq!(last_day("fit_out", date(2024, 2, 29)), date(2026, 2, 28));
    }

    #[test]
    fn what_the_contract_agrees_counts_before_the_law() {
        let rules = rules();
        let agreed = [
            Term { component: "fit_out".to_owned(), span: Span::Months(36) },
            Term { component: "heating".to_owned(), span: Span::Seasons(3) },
        ];
        let ends = rules.ends(&agreed, date(2024, 5, 20), "华东");
        let ends: Vec<_> = ends.into_iter().map(|(component, last)| format!("{} {last}", component.id)).collect();
        insta::assert_snapshot!(ends.join("\n"), @r"
        structure 2074-05-20
        heating 2027-03-15
        cooling 2025-09-30
        electrical 2026-05-20
        plumbing 2026-05-20
        equipment 2026-05-20
        roof_waterproofing 2029-05-20
        exterior_wall_waterproofing 2029-05-20
        bathroom_waterproofing 2029-05-20
        fit_out 2027-05-20
        ");
    }

    #[test]
    fn a_fault_is_in_warranty_up_to_and_with_the_last_day() {
        let rules = rules();
        let works = Works { handover: Some(date(2024, 5, 20)), region: "华东", agreed: &[] };
        let on = |day| rules.judge(&works, Some(Category::Electrical), "插座没电", day).in_warranty;
        assert_eq!(on(date(2026, 5, 20)), Some(true));
        assert_eq!(on(date(2026, 5, 21)), Some(false));
    }

    #[test]
    fn without_a_handover_date_or_a_component_nobody_claims_to_know() {
        let rules = rules();
        let mut works = Works { handover: None, region: "华东", agreed: &[] };
        let standing = rules.judge(&works, Some(Category::Electrical), "插座没电", date(2026, 5, 20));
        assert_eq!((standing.in_warranty, standing.component.as_deref()), (None, Some("electrical")));
        works.handover = Some(date(2024, 5, 20));
        let standing = rules.judge(&works, Some(Category::Noise), "楼上跳舞", date(2026, 5, 20));
        assert_eq!((standing.in_warranty, standing.component), (None, None));
        assert_eq!(rules.judge(&works, None, "不知道", date(2026, 5, 20)).component, None);
    }

    #[test]
    fn words_and_category_lead_to_the_component() {
        let rules = rules();
        let cases = [
            (Category::Leak, "顶层客厅天花板漏水"),
            (Category::Leak, "卫生间地面渗水到楼下"),
            (Category::Leak, "卫生间水管接头漏水"),
            (Category::Leak, "外墙下雨渗水，主卧窗边湿了一片"),
            (Category::Leak, "空调冷凝水滴到地板上"),
            (Category::Leak, "地暖分水器漏水"),
            (Category::Leak, "墙上湿了一块"),
            (Category::Leak, "Water comes through the ROOF"),
            (Category::Crack, "客厅墙面有裂缝"),
            (Category::Crack, "承重墙开裂"),
            (Category::Heating, "家里不热"),
            (Category::Hvac, "不制冷"),
            (Category::Electrical, "插座没电"),
            (Category::PlumbingDrain, "下水道堵了"),
            (Category::DoorWindow, "大门关不上"),
            (Category::FloorTile, "瓷砖空鼓"),
            (Category::Elevator, "电梯停了"),
            (Category::FireSafety, "烟感一直响"),
            (Category::Noise, "水泵嗡嗡响"),
            (Category::Noise, "楼上跳舞"),
            (Category::Other, "有白蚁"),
        ];
        let found = cases.map(|(category, words)| {
            let component = rules.component_of(Some(category), words).map_or("-", |found| found.id.as_str());
            format!("{}, {words} → {component}", category.name())
        });
        insta::assert_snapshot!(found.join("\n"), @r"
        leak, 顶层客厅天花板漏水 → roof_waterproofing
        leak, 卫生间地面渗水到楼下 → bathroom_waterproofing
        leak, 卫生间水管接头漏水 → plumbing
        leak, 外墙下雨渗水，主卧窗边湿了一片 → exterior_wall_waterproofing
        leak, 空调冷凝水滴到地板上 → cooling
        leak, 地暖分水器漏水 → heating
        leak, 墙上湿了一块 → -
        leak, Water comes through the ROOF → roof_waterproofing
        crack, 客厅墙面有裂缝 → fit_out
        crack, 承重墙开裂 → structure
        heating, 家里不热 → heating
        hvac, 不制冷 → cooling
        electrical, 插座没电 → electrical
        plumbing_drain, 下水道堵了 → plumbing
        door_window, 大门关不上 → fit_out
        floor_tile, 瓷砖空鼓 → fit_out
        elevator, 电梯停了 → equipment
        fire_safety, 烟感一直响 → equipment
        noise, 水泵嗡嗡响 → equipment
        noise, 楼上跳舞 → -
        other, 有白蚁 → -
        ");
    }

    #[test]
    fn faults_in_the_file_are_named_with_their_line() {
        let text = r#"
design_life_years = 0
[[component]]
id = "a"
zh = "甲"
en = "a"
term = "season"
otherwise = ["leak"]
[[component]]
id = "a"
zh = "乙"
en = "b"
term = "seasons"
seasons = 2
otherwise = ["leak", "lake"]
[[component]]
id = "b"
zh = "丙"
en = "c"
term = "seasons"
seasons = 2
season = "rain"
[[component]]
id = "c"
zh = "丁"
en = "d"
term = "seasons"
seasons = 2
season = "snow"
"#;
        let mut faults = Vec::new();
        let dates = vec![SeasonDates { regions: vec!["华南".to_owned()], from: (4, 15), to: (6, 30), visited: true }];
        let rain = vec![Season { id: "rain".to_owned(), dates }];
        read(&Files::of([(FILE, text)]), rain, &mut faults);
        faults.sort();
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(faults.join("\n"), @r"
        plans/warranty.toml:2: `design_life_years` must be a whole number from 1 up
        plans/warranty.toml:7: unknown term `season`; known: design_life, months, seasons
        plans/warranty.toml:9: `otherwise` names leak, which belongs to `a` already
        plans/warranty.toml:9: the component `a` counts seasons and needs `season`
        plans/warranty.toml:9: the component `a` is there twice
        plans/warranty.toml:15: unknown category `lake`; known: leak, crack, electrical, hvac, heating, plumbing_drain, door_window, floor_tile, elevator, fire_safety, noise, other
        plans/warranty.toml:22: `rain` has no dates for every other region in plans/seasons.toml, so a term cannot count it
        plans/warranty.toml:29: there is no season `snow` in plans/seasons.toml
        ");
    }
}
