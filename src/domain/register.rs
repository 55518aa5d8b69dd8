//! The registers (项目、房号、客户、人员、分包单位、保修条款) as tables: which columns each has, and by which
//! words a sheet, a column and a value are known.
//!
//! The words are data (`prompts/register.toml`, read by `crate::catalog`); here is only what is
//! looked up in them. `crate::register` reads files by it.

use std::collections::BTreeMap;

use super::language::Language;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every one, in the order in which they are shown.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// Returns the name used in `prompts/register.toml`, on the command line and in the API.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }

            /// Returns the one of that name.
            pub fn from_name(name: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

names! {
    /// One register, a sheet of a workbook.
    Register {
        /// 工程项目
        Projects = "projects",
        /// 房号 / 设备
        Units = "units",
        /// 客户档案
        Contacts = "contacts",
        /// 人员
        Staff = "staff",
        /// 分包单位
        Subcontractors = "subcontractors",
        /// 保修条款
        Terms = "terms",
    }
}

names! {
    /// What a column holds; which registers have it says [`Register::columns`].
    Column {
        /// What the operator calls the project or the unit.
        Code = "code",
        /// What the project, the person or the firm is called.
        Name = "name",
        /// 工程类型
        Kind = "kind",
        Region = "region",
        /// 样板 or 普通
        Tier = "tier",
        /// 竣工验收日, 交房日
        Handover = "handover",
        Manager = "manager",
        Team = "team",
        /// The login of the engineer responsible.
        Engineer = "engineer",
        /// 四新
        Novel = "novel",
        MaintainedUntil = "maintained_until",
        MaintainedEvery = "maintained_every",
        /// Proper names for speech recognition.
        Vocabulary = "vocabulary",
        /// The code of the project it belongs to.
        Project = "project",
        Building = "building",
        /// 单元; for contacts the code of their unit.
        Unit = "unit",
        Room = "room",
        /// What people call the unit.
        Label = "label",
        FirstUse = "first_use",
        Phone = "phone",
        Role = "role",
        Language = "language",
        Login = "login",
        /// What somebody can repair.
        Skills = "skills",
        Active = "active",
        Mail = "mail",
        /// What a firm did.
        Trades = "trades",
        /// The codes of the projects it did it in.
        Projects = "projects",
        /// A component of the warranty rules.
        Component = "component",
        /// How long.
        Period = "period",
    }
}

names! {
    /// A set of values a cell may hold, each known by several words.
    ValueSet {
        Kind = "kind",
        Tier = "tier",
        Upkeep = "upkeep",
        ContactRole = "contact_role",
        Language = "language",
        Role = "role",
        Trade = "trade",
        Period = "period",
    }
}

impl Register {
    /// Returns the columns it has, in the order of a template.
    pub fn columns(self) -> &'static [Column] {
        use Column as C;
        match self {
            Register::Projects => &[
                C::Code,
                C::Name,
                C::Kind,
                C::Region,
                C::Tier,
                C::Handover,
                C::Manager,
                C::Team,
                C::Engineer,
                C::Novel,
                C::MaintainedUntil,
                C::MaintainedEvery,
                C::Vocabulary,
            ],
            Register::Units => {
                &[C::Project, C::Code, C::Building, C::Unit, C::Room, C::Label, C::Handover, C::FirstUse]
            }
            Register::Contacts => &[C::Phone, C::Name, C::Role, C::Language, C::Project, C::Unit],
            Register::Staff => &[C::Login, C::Name, C::Role, C::Region, C::Phone, C::Team, C::Skills, C::Active],
            Register::Subcontractors => &[C::Name, C::Phone, C::Mail, C::Region, C::Trades, C::Projects, C::Active],
            Register::Terms => &[C::Project, C::Component, C::Period],
        }
    }

    /// Returns the columns without which its rows mean nothing.
    pub fn keys(self) -> &'static [Column] {
        match self {
            Register::Projects => &[Column::Code],
            Register::Units => &[Column::Project, Column::Code],
            Register::Contacts => &[Column::Phone],
            Register::Staff => &[Column::Login],
            Register::Subcontractors => &[Column::Name],
            Register::Terms => &[Column::Project, Column::Component, Column::Period],
        }
    }
}

/// What a column is called and holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnWords {
    pub column: Column,
    /// The first of each language heads a template.
    pub names: BTreeMap<Language, Vec<String>>,
    pub about: BTreeMap<Language, String>,
    pub example: String,
}

/// What a register's sheet and columns are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetWords {
    pub register: Register,
    pub names: BTreeMap<Language, Vec<String>>,
    pub columns: Vec<ColumnWords>,
}

/// Everything by which the registers are read and written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegisterWords {
    pub sheets: Vec<SheetWords>,
    /// Of each set, each value's words; the first is shown.
    pub values: BTreeMap<ValueSet, Vec<(String, Vec<String>)>>,
    pub yes: Vec<String>,
    pub no: Vec<String>,
    /// What empties a cell's matter.
    pub clear: Vec<String>,
    pub separators: Vec<String>,
    /// The sheet in which a template explains itself.
    pub guide: BTreeMap<Language, String>,
}

impl RegisterWords {
    /// Returns the words of a register.
    pub fn sheet(&self, register: Register) -> Option<&SheetWords> {
        self.sheets.iter().find(|sheet| sheet.register == register)
    }

    /// Returns the register a sheet of that name holds.
    pub fn register(&self, name: &str) -> Option<Register> {
        let named = |sheet: &&SheetWords| is_one_of(name, sheet.names.values().flatten());
        self.sheets.iter().find(named).map(|sheet| sheet.register)
    }

    /// Whether a sheet of that name only explains.
    pub fn is_guide(&self, name: &str) -> bool {
        is_one_of(name, self.guide.values())
    }

    /// Returns the id of the value a word stands for.
    pub fn value(&self, set: ValueSet, word: &str) -> Option<&str> {
        let values = self.values.get(&set)?;
        let found = values.iter().find(|(id, words)| is_one_of(word, words.iter().chain([id])));
        found.map(|(id, _)| id.as_str())
    }

    /// Returns the first word of every value of a set.
    pub fn choices(&self, set: ValueSet) -> Vec<&str> {
        let values = self.values.get(&set).into_iter().flatten();
        values.filter_map(|(_, words)| words.first()).map(String::as_str).collect()
    }
}

impl SheetWords {
    /// Returns what a heading stands for.
    pub fn column(&self, heading: &str) -> Option<Column> {
        let named = |column: &&ColumnWords| is_one_of(heading, column.names.values().flatten());
        self.columns.iter().find(named).map(|column| column.column)
    }

    /// Returns what a template calls a column.
    pub fn heading(&self, column: Column, language: Language) -> &str {
        let words = self.columns.iter().find(|words| words.column == column);
        let name = words.and_then(|words| words.names.get(&language)?.first());
        name.map_or(column.name(), String::as_str)
    }

    /// Returns what a column is for.
    pub fn about(&self, column: Column, language: Language) -> Option<&str> {
        let words = self.columns.iter().find(|words| words.column == column)?;
        words.about.get(&language).map(String::as_str)
    }

    /// Returns what may stand in a column.
    pub fn example(&self, column: Column) -> Option<&str> {
        self.columns.iter().find(|words| words.column == column).map(|words| words.example.as_str())
    }

    /// Returns what a template calls the sheet.
    pub fn title(&self, language: Language) -> &str {
        self.names.get(&language).and_then(|names| names.first()).map_or(self.register.name(), String::as_str)
    }
}

/// Returns a name as it is compared: small letters, without spaces, asterisks, `_`, and what stands
/// in brackets at the end (`手机号*（必填）` is `手机号`).
pub fn compared(name: &str) -> String {
    let name = name.trim();
    let end = name.find(['(', '（', '[', '【']).filter(|start| *start > 0).unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name);
    name.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '\u{feff}'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_one_of<'a>(name: &str, names: impl IntoIterator<Item = &'a String>) -> bool {
    let name = compared(name);
    !name.is_empty() && names.into_iter().any(|other| compared(other) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_compared_without_case_spaces_asterisks_and_brackets() {
        for heading in ["手机号", " 手机号* ", "手机号（必填）", "手机号 (required)", "\u{feff}手机号"]
        {
            assert_eq!(compared(heading), "手机号", "{heading}");
        }
        assert_eq!(compared("Project_Code"), compared("project code"));
        assert_eq!(compared("（备注）"), "（备注）");
    }

    #[test]
    fn every_register_has_its_keys_among_its_columns() {
        for register in Register::ALL {
            assert!(register.keys().iter().all(|key| register.columns().contains(key)), "{register:?}");
            assert_eq!(Register::from_name(register.name()), Some(*register));
        }
    }
}
