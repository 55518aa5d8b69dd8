//! The registers from tables that people keep: what comes in, what is refused and where, and that
//! nothing is doubled or half done.

#![expect(clippy::unwrap_used, reason = "all of this crate is tests")]

use std::fmt::Write as _;
use std::sync::Arc;

use huifang::catalog::Catalog;
use huifang::clock::Clock;
use huifang::domain::contact::Contact;
use huifang::domain::language::Language;
use huifang::domain::project::{Project, Unit};
use huifang::domain::register::{Register, RegisterWords};
use huifang::domain::staff::{Role, Staff};
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::time::Timestamp;
use huifang::domain::understanding::Category;
use huifang::domain::warranty::{Span, Term};
use huifang::register::cell::Cell;
use huifang::register::fault::Faults;
use huifang::register::{Importer, Report, book, table, template};
use huifang::store::{
    Store, StoreError, contact_units, contacts, jobs, projects, staff, subcontractors, units, warranty_terms,
};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use tempfile::TempDir;

/// 2026-11-20T02:00:00Z
const NOW: Timestamp = Timestamp(1_795_140_000_000);

struct Office {
    importer: Importer,
    _folder: TempDir,
}

/// Everything an import can change, read back.
#[derive(Debug, PartialEq)]
struct Registers {
    projects: Vec<Project>,
    units: Vec<Unit>,
    contacts: Vec<Contact>,
    homes: Vec<(String, String)>,
    staff: Vec<Staff>,
    firms: Vec<Subcontractor>,
    did: Vec<(String, Option<Category>, String)>,
    terms: Vec<(String, Term)>,
}

impl Office {
    async fn open() -> Office {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("huifang.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let importer = Importer {
            store,
            catalog: Arc::new(Catalog::embedded().unwrap()),
            clock: Clock::manual(NOW),
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
            within: None,
        };
        Office { importer, _folder: folder }
    }

    async fn imports(&self, file: impl Into<Vec<u8>>) -> Report {
        self.importer.import(file.into().into(), None).await.unwrap()
    }

    /// Imports what must be right.
    async fn takes(&self, file: impl Into<Vec<u8>>) -> String {
        let report = self.imports(file).await;
        assert_eq!(self.told(&report.faults), "");
        assert!(report.written);
        counts(&report)
    }

    /// Imports what must be refused, and returns why.
    async fn refuses(&self, file: impl Into<Vec<u8>>) -> String {
        let before = self.registers().await;
        let report = self.imports(file).await;
        assert!(!report.written);
        assert_eq!(self.registers().await, before, "a refused file changed something");
        self.told(&report.faults)
    }

    fn told(&self, faults: &Faults) -> String {
        let mut told = String::new();
        for fault in &faults.list {
            let at = &fault.place;
            let place: Vec<String> =
                [at.sheet.clone(), at.letters().zip(at.row).map(|(letters, row)| format!("{letters}{row}"))]
                    .into_iter()
                    .flatten()
                    .collect();
            let row = at.row.filter(|_| at.column.is_none()).map(|row| format!("row {row}")).unwrap_or_default();
            let message = fault.message(&self.importer.catalog, Language::English);
            writeln!(told, "{}{row}: {message}", place.join("!")).unwrap();
        }
        if faults.more > 0 {
            writeln!(told, "and {} more", faults.more).unwrap();
        }
        told
    }

    async fn registers(&self) -> Registers {
        let read = self.importer.store.read(|tx| {
            Box::pin(async move {
                let (projects, units) = (projects::list(tx).await?, units::list(tx, None).await?);
                let (contacts, firms) = (contacts::with_phone(tx).await?, subcontractors::list(tx).await?);
                let mut homes = Vec::new();
                for contact in &contacts {
                    for unit in contact_units::list(tx, contact.id).await? {
                        homes.push((contact.phone.clone().unwrap(), unit.label));
                    }
                }
                homes.sort();
                let (mut did, mut terms) = (Vec::new(), Vec::new());
                for project in &projects {
                    let code = project.code.clone().unwrap_or_default();
                    for (trade, firm) in subcontractors::of_project(tx, project.id).await? {
                        let firm = firms.iter().find(|one| one.id == firm).unwrap().name.clone();
                        did.push((code.clone(), trade, firm));
                    }
                    for term in warranty_terms::of_project(tx, project.id).await? {
                        terms.push((code.clone(), term));
                    }
                }
                let staff = staff::list(tx).await?;
                Ok::<_, StoreError>(Registers { projects, units, contacts, homes, staff, firms, did, terms })
            })
        });
        read.await.unwrap()
    }
}

fn counts(report: &Report) -> String {
    let count = |(register, count): &(Register, huifang::register::Count)| {
        format!("{}: {} new, {} changed, {} same", register.name(), count.new, count.changed, count.same)
    };
    report.counts.iter().map(count).collect::<Vec<_>>().join("\n")
}

const PROJECTS: &str = "项目编号,项目名称,项目类型,区域,交付日期\nCH-01,翠湖花园,房建,华东,2026-05-20\n";

/// A workbook with everything in it, as somebody would fill the template in.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let sheets: [(&str, &[&[&str]]); 6] = [
        (
            "项目",
            &[
                &["项目编号", "项目名称", "项目类型", "区域", "级别", "交付日期", "责任工程师", "班组", "四新"],
                &["CH-01", "翠湖花园", "房建", "华东", "样板", "", "lijun", "一队", "是"],
                &["BJ-02", "滨江智造园", "工业厂房", "华南", "普通", "2025年9月27日", "", "二队", "否"],
            ],
        ),
        (
            "房号设备",
            &[
                &["项目编号", "房号编号", "楼栋", "单元", "房间", "名称", "首次使用日期"],
                &["CH-01", "3-2-1201", "3", "2", "1201", "3栋2单元1201", "2026/6/15"],
                &["CH-01", "3-2-1202", "3", "2", "1202", "", ""],
                &["BJ-02", "CH-01", "", "", "", "冷水机组CH-01", ""],
            ],
        ),
        (
            "客户",
            &[
                &["手机号", "姓名", "身份", "语言", "项目编号", "房号编号"],
                &["138 0013 8000", "王女士", "业主", "", "CH-01", "3-2-1201"],
                &["+86 13800138000", "", "", "", "CH-01", "3-2-1202"],
                &["13900139000", "Mr Smith", "客户", "English", "BJ-02", "CH-01"],
            ],
        ),
        (
            "人员",
            &[
                &["登录名", "姓名", "岗位", "区域", "手机号", "专业"],
                &["lijun", "李军", "工程师", "华东", "13700137000", "渗漏；给排水"],
            ],
        ),
        (
            "分包单位",
            &[
                &["单位名称", "联系电话", "邮箱", "专业", "承建项目"],
                &["安居防水", "0571-88886666", "fang@example.com", "渗漏", "CH-01;BJ-02"],
                &["总包一建", "", "", "", "CH-01"],
            ],
        ),
        (
            "保修条款",
            &[
                &["项目编号", "保修部位", "保修期限"],
                &["CH-01", "屋面防水", "8年"],
                &["CH-01", "供热系统", "3个采暖期"],
                &["BJ-02", "装修", "36个月"],
            ],
        ),
    ];
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(*cells) {
                sheet.write(row, column, *cell).unwrap();
            }
        }
        if name == "项目" {
            // A date as Excel keeps it.
            let date = ExcelDateTime::from_ymd(2026, 5, 20).unwrap();
            sheet.write_with_format(1, 5, &date, &day).unwrap();
        }
    }
    book.add_worksheet().set_name("说明").unwrap().write(0, 0, "不读").unwrap();
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_workbook_brings_all_registers_and_a_second_time_changes_nothing() {
    let office = Office::open().await;
    insta::assert_snapshot!(office.takes(workbook()).await, @r"
    projects: 2 new, 0 changed, 0 same
    units: 3 new, 0 changed, 0 same
    contacts: 2 new, 0 changed, 0 same
    staff: 1 new, 0 changed, 0 same
    subcontractors: 2 new, 0 changed, 0 same
    terms: 3 new, 0 changed, 0 same
    ");
    let registers = office.registers().await;
    let project = &registers.projects[1];
    assert_eq!((project.name.as_str(), project.novel), ("翠湖花园", true));
    // Midnight in China, of an Excel date and of a written one.
    assert_eq!(project.handover_at, Some(Timestamp(1_779_206_400_000)));
    assert_eq!(project.engineer_id, Some(registers.staff[0].id));
    assert_eq!(registers.staff[0].skills, [Category::Leak, Category::PlumbingDrain]);
    let homes: Vec<_> = registers.homes.iter().map(|(phone, label)| format!("{phone} {label}")).collect();
    assert_eq!(homes, ["13800138000 3-2-1202", "13800138000 3栋2单元1201", "13900139000 冷水机组CH-01"]);
    let names: Vec<_> = registers.contacts.iter().map(|contact| contact.name.as_deref()).collect();
    assert_eq!(names, [Some("王女士"), Some("Mr Smith")]);
    assert_eq!(registers.contacts[1].language, Language::English);
    let did: Vec<_> = registers.did.iter().map(|(code, trade, firm)| format!("{code} {trade:?} {firm}")).collect();
    insta::assert_snapshot!(did.join("\n"), @r"
    BJ-02 Some(Leak) 安居防水
    CH-01 None 总包一建
    CH-01 Some(Leak) 安居防水
    ");
    let terms: Vec<_> =
        registers.terms.iter().map(|(code, term)| format!("{code} {} {:?}", term.component, term.span)).collect();
    insta::assert_snapshot!(terms.join("\n"), @r"
    BJ-02 fit_out Months(36)
    CH-01 heating Seasons(3)
    CH-01 roof_waterproofing Months(96)
    ");

    insta::assert_snapshot!(office.takes(workbook()).await, @r"
    projects: 0 new, 0 changed, 2 same
    units: 0 new, 0 changed, 3 same
    contacts: 0 new, 0 changed, 2 same
    staff: 0 new, 0 changed, 1 same
    subcontractors: 0 new, 0 changed, 2 same
    terms: 0 new, 0 changed, 3 same
    ");
    assert_eq!(office.registers().await, registers);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let office = Office::open().await;
    let report = office.importer.rehearse(PROJECTS.as_bytes().to_vec().into(), None).await.unwrap();
    assert_eq!((counts(&report).as_str(), report.written), ("projects: 1 new, 0 changed, 0 same", false));
    assert_eq!(office.registers().await.projects, []);
}

#[tokio::test]
async fn every_fault_is_told_with_its_place_in_one_run() {
    let office = Office::open().await;
    let told = office
        .refuses(
            "项目编号,项目名称,项目类型,区域,级别,交付日期,四新,维保频次,责任工程师,备注\n\
             ,无编号,房建,华东,,,,,,\n\
             CH-01,,别墅,-,豪华,明年,也许,每天,nobody,\n\
             CH-02,滨江,工业,华南,,1026-05-20,,,,\n\
             CH-01,翠湖,房建,华东,,2030-01-01,,,,\n",
        )
        .await;
    insta::assert_snapshot!(told, @r"
    A2: must be filled in
    B3: must be filled in
    C3: `别墅` is not known; write one of: 房建, 市政, 工业厂房, 机电设备
    D3: this cannot be emptied
    E3: `豪华` is not known; write one of: 样板, 普通
    F3: `明年` is no date; write it like 2026-11-21
    I3: nobody logs in as `nobody`; enter them in the staff first
    G3: `也许` is neither yes nor no; write `是` or `否`
    H3: `每天` is not known; write one of: 每季度, 每半年, 每年
    F4: 1026-05-20 is hardly a real date; check the year
    A5: the same as row 3; keep one of them
    F5: the handover 2030-01-01 lies more than 2 years ahead; check the year
    ");
}

#[tokio::test]
async fn faults_beyond_the_cap_are_counted() {
    let office = Office::open().await;
    let mut table = "项目编号,项目名称,项目类型,区域\n".to_owned();
    for row in 0..250 {
        writeln!(table, "P-{row},项目,没有这种,华东").unwrap();
    }
    let told = office.refuses(table).await;
    assert_eq!(told.lines().count(), 201);
    assert!(told.ends_with("and 50 more\n"), "{told}");
}

#[tokio::test]
async fn an_empty_cell_or_a_missing_column_changes_nothing_and_a_dash_empties() {
    let office = Office::open().await;
    office.takes("项目编号,项目名称,项目类型,区域,项目经理,班组\nCH-01,翠湖花园,房建,华东,周敏,一队\n").await;
    assert_eq!(
        office.takes("项目编号,项目名称,项目经理,班组\nCH-01,翠湖花园二期,,-\n").await,
        "projects: 0 new, 1 changed, 0 same"
    );
    let project = office.registers().await.projects.remove(0);
    assert_eq!((project.name.as_str(), project.region.as_str()), ("翠湖花园二期", "华东"));
    assert_eq!((project.manager.as_deref(), project.team), (Some("周敏"), None));
}

#[tokio::test]
async fn a_project_entered_before_without_a_code_is_adopted_by_its_name() {
    let office = Office::open().await;
    let id = office.importer.clock.new_id();
    let project = Project::new(id, "翠湖花园", huifang::domain::project::ProjectKind::Housing);
    let unit = Unit::new(office.importer.clock.new_id(), id, "3栋2单元1201");
    let unit_id = unit.id;
    let stored = office.importer.store.write(move |tx| {
        Box::pin(async move {
            projects::insert(tx, &project).await?;
            units::insert(tx, &unit).await
        })
    });
    stored.await.unwrap();
    office.takes(PROJECTS).await;
    office.takes("项目编号,房号编号,名称\nCH-01,3-2-1201,3栋2单元1201\n").await;
    let registers = office.registers().await;
    assert_eq!(registers.projects.iter().map(|project| project.id).collect::<Vec<_>>(), [id]);
    let units: Vec<_> = registers.units.iter().map(|unit| (unit.id, unit.code.as_deref())).collect();
    assert_eq!(units, [(unit_id, Some("3-2-1201"))]);
}

#[tokio::test]
async fn a_handover_that_is_missing_lets_visits_wait_and_one_far_ahead_is_refused() {
    let office = Office::open().await;
    let head = "项目编号,项目名称,项目类型,区域,交付日期\n";
    let report = office.imports(format!("{head}A,甲,房建,华东,\nB,乙,房建,华东,2027-03-01\n")).await;
    assert!(report.written);
    insta::assert_snapshot!(office.told(&report.notes), @r"
    E2: no handover date: no visits are planned yet
    E3: the handover 2027-03-01 lies ahead; visits begin then
    ");
    let told = office.refuses(format!("{head}C,丙,房建,华东,2029-01-01\nD,丁,房建,华东,1026-05-20\n")).await;
    insta::assert_snapshot!(told, @r"
    E2: the handover 2029-01-01 lies more than 2 years ahead; check the year
    E3: 1026-05-20 is hardly a real date; check the year
    ");
    let faulty = format!("{head}C,丙,房建,华东,2029-01-01\nD,丁,房建,华东,明年\nE,戊,房建,华东,\n");
    let report = office.imports(faulty).await;
    assert!(!report.written);
    assert_eq!(office.told(&report.notes), "E4: no handover date: no visits are planned yet\n");
}

#[tokio::test]
async fn a_unit_in_two_projects_is_refused_and_a_code_in_two_is_two_units() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    office.takes("项目编号,项目名称,项目类型,区域,交付日期\nBJ-02,滨江,房建,华东,2026-05-20\n").await;
    let head = "项目编号,房号编号,楼栋\n";
    let told =
        office.refuses(format!("{head}CH-01;BJ-02,1-101,1\nXX-09,1-101,1\nCH-01,1-101,1\nCH-01,1-101,2\n")).await;
    insta::assert_snapshot!(told, @r"
    A2: a unit belongs to one project; write one project code
    A3: no project has the code `XX-09`; enter it in the projects first
    B5: the same as row 4; keep one of them
    ");
    // The same code under two projects is two flats.
    let report = office.imports(format!("{head}CH-01,1-101,1\nBJ-02,1-101,1\nCH-01,1-102,1\nBJ-02,1-102,1\n")).await;
    insta::assert_snapshot!(format!("{}\n{}", counts(&report), office.told(&report.notes)), @r"
    units: 4 new, 0 changed, 0 same
    B3: the code `1-101` stands under more than one project (only the first is told); they are taken for different units
    ");
    assert_eq!(office.registers().await.units.len(), 4);
}

#[tokio::test]
async fn of_two_sheets_of_one_register_the_one_is_named_that_a_row_stands_in() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    let mut book = Workbook::new();
    for (name, codes) in [("一号楼", ["1-101", "1-102"]), ("二号楼", ["2-101", "1-101"])] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, code) in (0..).zip(["房号编号"].into_iter().chain(codes)) {
            sheet.write(row, 0, if row == 0 { "项目编号" } else { "CH-01" }).unwrap();
            sheet.write(row, 1, code).unwrap();
        }
    }
    let elsewhere = Importer { within: Some("华南".to_owned()), ..office.importer.clone() };
    let book = book.save_to_buffer().unwrap();
    let report = elsewhere.import(book.into(), None).await.unwrap();
    insta::assert_snapshot!(office.told(&report.faults), @r"
    二号楼!B3: the same as row 2 (一号楼); keep one of them
    二号楼row 3: not of your region (华南)
    一号楼row 3: not of your region (华南)
    二号楼row 2: not of your region (华南)
    ");
}

#[tokio::test]
async fn what_a_table_cannot_take_away_is_not_passed_over_in_silence() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    let told = office.refuses("单位名称,承建项目\n安居防水,-\n").await;
    insta::assert_snapshot!(told, @"B2: this cannot be emptied");
    let told = office.refuses("手机号,姓名,项目编号,房号编号\n13800138000,王女士,-,-\n").await;
    insta::assert_snapshot!(told, @"C2: this cannot be emptied");
}

#[tokio::test]
async fn duplicate_phones_are_one_person_and_told() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    office.takes("项目编号,房号编号,楼栋\nCH-01,1-101,1\nCH-01,1-102,1\n").await;
    let head = "手机号,姓名,项目编号,房号编号\n";
    let told = office
        .refuses(format!(
            "{head}13800138000,王女士,CH-01,1-101\n13800138000,李先生,CH-01,1-102\n13800138000,王女士,CH-01,1-101\n\
             13800138000,,,\n12345,张三,CH-01,1-101\n13900139000,赵,CH-01,9-999\n13900139001,钱,,1-101\n"
        ))
        .await;
    insta::assert_snapshot!(told, @r"
    B3: row 2 has this telephone number under another name; check who it is
    A4: the same as row 2; keep one of them
    A5: the same as row 4; keep one of them
    A6: no telephone number; a mobile has 11 digits, a landline its area code, a foreign one begins with +
    D7: no unit of this project has the code `9-999`; enter it in the units first
    C8: must be filled in
    ");
    assert!(!told.contains("王女士") && !told.contains("13800138000"), "people's words in a fault: {told}");

    // The same person again under another name is the same person.
    office.takes(format!("{head}13800138000,王女士,CH-01,1-101\n")).await;
    assert_eq!(
        office.takes(format!("{head}13800138000,王芳,CH-01,1-102\n")).await,
        "contacts: 0 new, 1 changed, 0 same"
    );
    let registers = office.registers().await;
    assert_eq!((registers.contacts.len(), registers.homes.len()), (1, 2));
}

#[tokio::test]
async fn a_name_is_held_against_those_that_other_rows_gave_and_not_against_the_stored_one() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    office.takes("项目编号,房号编号,楼栋\nCH-01,1-101,1\nCH-01,1-102,1\nCH-01,1-103,1\n").await;
    let head = "手机号,姓名,项目编号,房号编号\n";
    office.takes(format!("{head}13800138000,王女士,CH-01,1-101\n")).await;
    office.takes(format!("{head}13800138000,,CH-01,1-102\n13800138000,王芳,CH-01,1-103\n")).await;
    let registers = office.registers().await;
    assert_eq!((registers.contacts[0].name.as_deref(), registers.homes.len()), (Some("王芳"), 3));
    let told = office
        .refuses(format!("{head}13800138000,李,CH-01,1-101\n13800138000,,CH-01,1-102\n13800138000,赵,CH-01,1-103\n"))
        .await;
    assert_eq!(told, "B4: row 2 has this telephone number under another name; check who it is\n");
}

#[tokio::test]
async fn a_row_that_a_line_break_tore_apart_is_not_put_together_with_what_it_is_not() {
    let office = Office::open().await;
    let told = office.refuses("手机号,姓名,身份\n13800138000,王女士\r,业主\n").await;
    assert_eq!(told, "A3: must be filled in\n");
    let told = office.refuses("手机号,姓名\n13800138000,王女士\n13900139000,\"赵\n13700137000,钱\n").await;
    assert_eq!(told, "row 3: the file cannot be read; open it in a spreadsheet and save it as .xlsx or CSV\n");
}

#[tokio::test]
async fn of_several_people_with_one_number_the_earliest_is_updated() {
    let office = Office::open().await;
    let clock = office.importer.clock.clone();
    let person = |name: &str| Contact {
        name: Some(name.to_owned()),
        phone: Some("13800138000".to_owned()),
        ..Contact::new(clock.new_id(), Language::Chinese, clock.now())
    };
    let (first, second) = (person("甲"), person("乙"));
    let stored = office.importer.store.write(move |tx| {
        Box::pin(async move {
            contacts::insert(tx, &first).await?;
            contacts::insert(tx, &second).await
        })
    });
    stored.await.unwrap();
    let report = office.imports("手机号,姓名\n13800138000,丙\n").await;
    assert_eq!(office.told(&report.notes), "A2: 2 people in the register have this number; the earliest was updated\n");
    let names: Vec<_> = office.registers().await.contacts.into_iter().map(|contact| contact.name.unwrap()).collect();
    assert_eq!(names, ["丙", "乙"]);
}

#[tokio::test]
async fn an_import_leaves_consent_and_opt_outs_alone() {
    let office = Office::open().await;
    office.takes("手机号,姓名\n13800138000,王女士\n").await;
    let id = office.registers().await.contacts[0].id;
    let agreed = office.importer.store.write(move |tx| {
        Box::pin(async move {
            contacts::consent(tx, id, NOW).await?;
            contacts::stop_surveys(tx, id, NOW).await
        })
    });
    agreed.await.unwrap();
    office.takes("手机号,姓名\n13800138000,王芳\n").await;
    let contact = office.registers().await.contacts.remove(0);
    assert_eq!(contact.name.as_deref(), Some("王芳"));
    assert_eq!((contact.consent_at, contact.surveys_stopped_at), (Some(NOW), Some(NOW)));
}

#[tokio::test]
async fn staff_get_no_password_and_no_file_makes_an_administrator() {
    let office = Office::open().await;
    office.takes("登录名,姓名,岗位\nlijun,李军,工程师\n").await;
    let found = office.importer.store.read(|tx| Box::pin(staff::by_login(tx, "lijun"))).await;
    let (person, hash) = found.map_err(|error: StoreError| error).unwrap().unwrap();
    assert_eq!((person.active, person.role, hash.as_str()), (true, Role::Engineer, "!"));

    // A password that was set stays when the person is imported again.
    let id = person.id;
    let set =
        office.importer.store.write(move |tx| Box::pin(async move { staff::set_password(tx, id, "$hash").await }));
    set.await.map_err(|error: StoreError| error).unwrap();
    office.takes("登录名,班组\nlijun,一队\n").await;
    let found = office.importer.store.read(|tx| Box::pin(staff::by_login(tx, "lijun"))).await;
    assert_eq!(found.map_err(|error: StoreError| error).unwrap().unwrap().1, "$hash");

    let chief = Staff::new(office.importer.clock.new_id(), "chief", Role::Admin, NOW);
    let hired = office.importer.store.write(move |tx| Box::pin(async move { staff::insert(tx, &chief, "x").await }));
    hired.await.map_err(|error: StoreError| error).unwrap();
    let told = office.refuses("登录名,岗位,在岗\nlijun,管理员,\nnew,管理员,\nchief,客服,\n").await;
    insta::assert_snapshot!(told, @r"
    B2: administrators are added and changed on the command line, not by import
    B3: administrators are added and changed on the command line, not by import
    B4: administrators are added and changed on the command line, not by import
    ");
    assert_ne!(office.refuses("登录名,在岗\nchief,否\n").await, "");
}

/// How many jobs wait.
async fn owed(office: &Office) -> u64 {
    let ready = jobs::JobStatus::Ready;
    let count = office.importer.store.read(|tx| Box::pin(async move { jobs::count(tx, ready).await })).await;
    count.map_err(|error: StoreError| error).unwrap()
}

#[tokio::test]
async fn an_engineer_who_has_left_is_not_made_responsible() {
    let office = Office::open().await;
    office.takes("登录名,姓名,岗位\nlijun,李军,工程师\nwang,王,工程师\n").await;
    let head = "项目编号,项目名称,项目类型,区域,交付日期,责任工程师\n";
    office.takes(format!("{head}CH-01,翠湖,房建,华东,2026-05-20,lijun\n")).await;
    let before = owed(&office).await;
    let report = office.imports("登录名,在岗\nlijun,否\n").await;
    assert_eq!(owed(&office).await, before + 2, "the visits are planned anew, and the desk is emptied");
    office.imports("登录名,在岗\nlijun,否\n").await;
    assert_eq!(owed(&office).await, before + 3, "whoever has left leaves once");
    insta::assert_snapshot!(office.told(&report.notes), @"row 2: this person has left and is still the engineer of 1 projects; name somebody else there");
    let told = office.refuses(format!("{head}BJ-02,滨江,房建,华东,2026-05-20,lijun\n")).await;
    insta::assert_snapshot!(told, @"F2: `lijun` has left and cannot be the engineer responsible");
}

#[tokio::test]
async fn two_firms_cannot_have_done_the_same_trade_in_a_project() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    let head = "单位名称,专业,承建项目\n";
    let told = office.refuses(format!("{head}甲,渗漏,CH-01\n乙,渗漏;电气,CH-01;CH-01;XX\n")).await;
    insta::assert_snapshot!(told, @r"
    C3: row 2 names another firm for this trade in project `CH-01`
    C3: no project has the code `XX`; enter it in the projects first
    ");
    // What an earlier file said is replaced.
    office.takes(format!("{head}甲,渗漏,CH-01\n")).await;
    office.takes(format!("{head}乙,渗漏,CH-01\n")).await;
    let did = office.registers().await.did;
    assert_eq!(did, [("CH-01".to_owned(), Some(Category::Leak), "乙".to_owned())]);
}

#[tokio::test]
async fn a_manager_of_one_region_changes_nothing_of_another_and_makes_nobody_more_than_they_are() {
    let office = Office::open().await;
    office.takes("项目编号,项目名称,项目类型,区域\nCH-01,翠湖,房建,华东\nNH-02,南海,房建,华南\n").await;
    office.takes("登录名,姓名,岗位,区域\nzhou,周,主管,华东\nchen,陈,主管,华南\n").await;
    office.takes("项目编号,房号编号,楼栋\nCH-01,1-101,1\nNH-02,1-101,1\n").await;
    let own = Office {
        importer: Importer { within: Some("华东".to_owned()), ..office.importer.clone() },
        _folder: tempfile::tempdir().unwrap(),
    };
    let beyond = "not of your region (华东)";
    let faults = async |table: &str| {
        let told = own.refuses(table).await;
        told.lines()
            .map(|line| line.split(": ").next().unwrap().to_owned() + &" !".repeat(usize::from(!line.contains(beyond))))
            .collect::<Vec<_>>()
    };
    assert_eq!(faults("项目编号,项目名称\nCH-01,翠湖花园\nNH-02,南海花园\n").await, ["row 3"]);
    assert_eq!(faults("项目编号,区域\nCH-01,华南\n").await, ["row 2"], "given away");
    assert_eq!(faults("项目编号,区域\nNH-02,华东\n").await, ["row 2"], "taken");
    assert_eq!(faults("登录名,岗位\nzhou,总部\n").await, ["row 2"]);
    assert_eq!(faults("登录名,区域\nzhou,-\n").await, ["row 2"]);
    assert_eq!(faults("登录名,在岗\nchen,否\n").await, ["row 2"]);
    assert_eq!(faults("登录名,姓名,岗位\nnew,新,工程师\n").await, ["row 2"], "of no region");
    assert_eq!(faults("项目编号,房号编号,楼栋\nNH-02,1-101,2\n").await, ["row 2"]);
    assert_eq!(faults("手机号,姓名,项目编号,房号编号\n13800138000,王,NH-02,1-101\n").await, ["row 2", "row 2"]);
    own.takes("登录名,姓名,岗位,区域\nnew,新,工程师,华东\n").await;
    // An agent looks after everybody's clients, and an account that had ended comes with its old password.
    office.takes("登录名,姓名,岗位,区域,在岗\nwang,王,客服,华东,是\nli,李,工程师,华东,否\n").await;
    assert_eq!(faults("登录名,岗位\nzhou,客服\n").await, ["row 2 !"], "themselves");
    assert_eq!(faults("登录名,岗位\nnew,客服\n").await, ["row 2 !"], "a colleague");
    assert_eq!(faults("登录名,姓名,岗位,区域\nmore,多,客服,华东\n").await, ["row 2 !"], "somebody new");
    assert_eq!(faults("登录名,在岗\nli,是\n").await, ["row 2 !"], "somebody who has left");
    own.takes("登录名,姓名,班组\nwang,王兰,一队\nli,李军,二队\n").await;
    own.takes("登录名,岗位,在岗\nnew,主管,\nwang,,否\n").await;
    own.takes("项目编号,房号编号,楼栋\nCH-01,1-101,2\nCH-01,1-102,2\n").await;
    own.takes("手机号,姓名,项目编号,房号编号\n13800138000,王,CH-01,1-101\n").await;
    // A flat of theirs does not make another region's client theirs.
    let head = "手机号,姓名,项目编号,房号编号\n";
    office.takes(format!("{head}13900139000,赵,NH-02,1-101\n13700137000,钱,NH-02,1-101\n")).await;
    office.takes(format!("{head}13700137000,钱,CH-01,1-101\n")).await;
    assert_eq!(faults(&format!("{head}13900139000,改名,CH-01,1-101\n")).await, ["row 2", "row 2"], "renamed, moved");
    assert_eq!(faults(&format!("{head}13900139000,,CH-01,1-101\n")).await, ["row 2"], "moved");
    own.takes(format!("{head}13700137000,钱二,CH-01,1-102\n")).await;
}

#[tokio::test]
async fn a_contract_cannot_agree_less_than_the_law() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    let told = office
        .refuses(
            "项目编号,保修部位,保修期限\nCH-01,屋面防水,3年\nCH-01,地下车库,5年\nCH-01,装修,很久\n\
             CH-01,供热,1个采暖期\nCH-01,主体结构,10年\nCH-01,电气,0年\n",
        )
        .await;
    insta::assert_snapshot!(told, @r"
    C2: shorter than the law asks for (art. 40 of the quality regulations); check it
    B3: there is no component `地下车库`; write one of: 地基基础和主体结构, 供热系统, 供冷系统, 电气管线, 给排水管道, 设备安装, 屋面防水, 外墙面防渗漏, 卫生间和有防水要求房间的防水, 装修
    C4: `很久` is no period; write it like 8 years, 36 months, 3 seasons or design life
    C5: shorter than the law asks for (art. 40 of the quality regulations); check it
    C6: shorter than the law asks for (art. 40 of the quality regulations); check it
    C7: `0年` is no period; write it like 8 years, 36 months, 3 seasons or design life
    ");
    office
        .takes(
            "Project code,Component,Period\nCH-01,roof,5 years\nCH-01,heating,24 months\nCH-01,structure,design life\n",
        )
        .await;
    let terms: Vec<_> = office.registers().await.terms.into_iter().map(|(_, term)| term.span).collect();
    assert_eq!(terms, [Span::Months(24), Span::Months(60), Span::DesignLife]);
}

#[tokio::test]
async fn what_is_no_register_is_refused_with_what_would_be_right() {
    let office = Office::open().await;
    let mut told = String::new();
    for file in [
        b"".to_vec(),
        b"\x89PNG\r\n\x1a\n\0\0".to_vec(),
        b"PK\x03\x04 no workbook".to_vec(),
        "颜色,大小\n红,大\n".into(),
        "名称,名称\n甲,乙\n".into(),
        "手机号,姓名,姓名\n13800138000,甲,乙\n".into(),
    ] {
        told += &office.refuses(file).await;
    }
    insta::assert_snapshot!(told, @r"
    : the file holds nothing
    : neither an .xlsx workbook nor a CSV text; save it as one of these
    : the file cannot be read; open it in a spreadsheet and save it as .xlsx or CSV
    : the headings do not tell which register it is; use those of the template, or name it with --kind
    B1: `名称` is the same as a column before it; keep one
    C1: `姓名` is the same as a column before it; keep one
    ");
}

#[tokio::test]
async fn a_named_register_needs_its_key_columns() {
    let office = Office::open().await;
    let file = "名称,区域\n翠湖,华东\n".as_bytes().to_vec();
    let report = office.importer.import(file.into(), Some(Register::Units)).await.unwrap();
    insta::assert_snapshot!(office.told(&report.faults), @r"
    row 1: the column `项目编号 / Project code` is missing
    row 1: the column `房号编号 / Unit code` is missing
    ");
}

#[tokio::test]
async fn two_imports_at_once_double_nothing() {
    let office = Office::open().await;
    let (first, second) = tokio::join!(office.imports(workbook()), office.imports(workbook()));
    assert!(first.written && second.written);
    assert_eq!(office.registers().await.units.len(), 3);
}

#[tokio::test]
async fn the_template_is_an_empty_register_that_explains_itself() {
    let office = Office::open().await;
    let catalog = &office.importer.catalog;
    for language in Language::ALL {
        let all: Vec<template::Rows<'_>> = Register::ALL.iter().map(|one| (*one, [].as_slice())).collect();
        let book = template::workbook(&all, catalog.register(), catalog.warranty(), language).unwrap();
        let report = office.imports(book.clone()).await;
        assert_eq!(office.told(&report.faults) + &office.told(&report.notes), "", "{language:?}");
        assert_eq!(report.counts.len(), Register::ALL.len());
        let guide = book::read(&book).unwrap().pop().unwrap();
        let columns: usize = Register::ALL.iter().map(|one| one.columns().len()).sum();
        assert_eq!(guide.rows.len(), columns);
        for register in Register::ALL {
            let file = template::delimited((*register, &[]), catalog.register(), language).unwrap();
            let report = office.imports(file).await;
            assert_eq!(report.counts, [(*register, huifang::register::Count::default())], "{language:?} {register:?}");
        }
    }
}

/// What a person may type into a cell. Spaces at the ends are nobody's.
fn typed() -> impl Strategy<Value = String> {
    "[\\PC\n]{0,40}".prop_map(|text| text.trim().to_owned())
}

fn filled() -> impl Strategy<Value = (Register, Vec<Vec<String>>)> {
    prop::sample::select(Register::ALL).prop_flat_map(|register| {
        let row = prop::collection::vec(typed(), register.columns().len());
        (Just(register), prop::collection::vec(row, 1..8))
    })
}

/// The rows of a register as texts; rows in which nothing stands are not there.
fn texts(file: &[u8], words: &RegisterWords) -> Vec<Vec<String>> {
    let (mut faults, mut notes) = (Faults::default(), Faults::default());
    let tables = table::recognise(book::read(file).unwrap(), None, words, &mut faults, &mut notes);
    assert!(faults.is_empty() && notes.is_empty(), "{faults:?} {notes:?}");
    let width = tables[0].columns.len();
    let row = |row: &book::Row| {
        (0..width).map(|index| row.cells.get(index).and_then(Cell::shown).unwrap_or_default()).collect()
    };
    tables[0].rows.iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_filled_template_reads_back_as_it_was_written((register, rows) in filled()) {
        let catalog = Catalog::embedded().unwrap();
        let words = catalog.register();
        let expected: Vec<_> =
            rows.iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).cloned().collect();
        let book = template::workbook(&[(register, &rows)], words, catalog.warranty(), Language::Chinese).unwrap();
        prop_assert_eq!(&texts(&book, words), &expected);
        let table = template::delimited((register, &rows), words, Language::English).unwrap();
        prop_assert_eq!(&texts(&table, words), &expected);
    }

    #[test]
    fn no_bytes_harm_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400), head in any::<bool>()) {
        let bytes = if head { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
        let _ = book::read(&bytes);
    }
}

#[tokio::test]
#[ignore = "measures; run with --ignored --nocapture"]
async fn a_hundred_thousand_units_are_imported() {
    let office = Office::open().await;
    office.takes(PROJECTS).await;
    let mut table = "项目编号,房号编号,楼栋,单元,房间,名称,交付日期\n".to_owned();
    for unit in 0..100_000 {
        let (building, room) = (unit / 400, unit % 400);
        writeln!(table, "CH-01,{building}-{room},{building},1,{room},{building}栋{room},2026-05-20").unwrap();
    }
    for way in ["new", "again"] {
        let start = std::time::Instant::now();
        let counts = office.takes(table.clone()).await;
        println!("{way}: {counts} in {:.1?}", start.elapsed());
    }
    assert_eq!(office.registers().await.units.len(), 100_000);
}
