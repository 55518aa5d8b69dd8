//! Warranty terms (保修条款): which part is under warranty until when, and who answers for it.
//!
//! The defaults of 《建设工程质量管理条例》 art. 40 are data (`prompts/plans/warranty.toml`, read by
//! `crate::catalog`); what a contract agrees stands beside them ([`Term`]). Days are local days of
//! the policy's time zone, since a contract means a day, not an instant. The client is never asked.

use std::collections::BTreeMap;

use jiff::Span as Stretch;
use jiff::civil::Date;

use super::ids::{StaffId, SubcontractorId};
use super::language::Language;
use super::season::{self, Season};
use super::ticket::Cause;
use super::understanding::Category;

/// How long a part is under warranty, counted from the handover (art. 40).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    /// As long as the building is designed to stand: foundation and main structure.
    DesignLife,
    /// Calendar months.
    Months(u32),
    /// So many seasons in which the thing is needed: heating periods, cooling periods.
    Seasons(u32),
}

/// What is agreed for one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// A component of `prompts/plans/warranty.toml`.
    pub component: String,
    pub span: Span,
}

/// A part of the works with a term of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    pub id: String,
    /// What people call it.
    pub names: BTreeMap<Language, String>,
    /// Other names a register may use for it.
    pub also: Vec<String>,
    /// The least the law asks for.
    pub span: Span,
    /// The season a term in seasons counts: its name in `prompts/plans/seasons.toml`.
    pub season: Option<String>,
    /// The categories in which its words point to it.
    pub categories: Vec<Category>,
    /// What clients say when they mean it, in small letters.
    pub words: Vec<String>,
    /// The categories it stands for when no word tells.
    pub otherwise: Vec<Category>,
}

/// The terms that hold where no contract says otherwise, and how a ticket finds its component.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    pub design_life_years: u32,
    pub seasons: Vec<Season>,
    pub components: Vec<Component>,
}

/// Who has to see to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Responsible {
    /// The firm that did the trade, while its warranty runs.
    Subcontractor(SubcontractorId),
    /// The project's engineer.
    Engineer(StaffId),
}

/// Where a fault stands with the warranty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// `None` while component or handover date are unknown.
    pub in_warranty: Option<bool>,
    /// The component it was found to belong to.
    pub component: Option<String>,
    /// The last local day of the term.
    pub last_day: Option<Date>,
    pub responsible: Option<Responsible>,
}

impl Rules {
    /// Returns the component of that id.
    pub fn component(&self, id: &str) -> Option<&Component> {
        self.components.iter().find(|component| component.id == id)
    }

    /// Returns the component a fault belongs to, by its category and by what the client said.
    pub fn component_of(&self, category: Option<Category>, words: &str) -> Option<&Component> {
        let category = category?;
        let words = words.to_lowercase();
        let told = |component: &&Component| {
            component.categories.contains(&category) && component.words.iter().any(|word| words.contains(word.as_str()))
        };
        let otherwise = |component: &&Component| component.otherwise.contains(&category);
        self.components.iter().find(told).or_else(|| self.components.iter().find(otherwise))
    }

    /// Returns how long a component is under warranty: as the contract agrees, else by law.
    pub fn span(&self, component: &Component, agreed: &[Term]) -> Span {
        agreed.iter().find(|term| term.component == component.id).map_or(component.span, |term| term.span)
    }

    /// Returns the last local day of a component's term; `None` beyond what a calendar holds, or
    /// if no season is known to count by.
    ///
    /// A term of months or years ends with the day of the same number (民法典 art. 201–202), or with
    /// the last of a shorter month.
    pub fn last_day(&self, component: &Component, agreed: &[Term], handover: Date, region: &str) -> Option<Date> {
        match self.span(component, agreed) {
            Span::DesignLife => handover.checked_add(years(self.design_life_years)?).ok(),
            Span::Months(count) => handover.checked_add(Stretch::new().try_months(count).ok()?).ok(),
            Span::Seasons(count) => {
                season::dates_in(&self.seasons, component.season.as_deref()?, region)?.end_of(count, handover)
            }
        }
    }

    /// Returns every component with the last day of its term, in the order of the file.
    pub fn ends(&self, agreed: &[Term], handover: Date, region: &str) -> Vec<(&Component, Date)> {
        let end = |component| Some((component, self.last_day(component, agreed, handover, region)?));
        self.components.iter().filter_map(end).collect()
    }

    /// Judges a fault of `category`, described by what the client `said`, that was reported on the day `on`.
    /// Nobody is named responsible yet: that takes the project's register ([`Standing::with`]).
    pub fn judge(&self, works: &Works<'_>, category: Option<Category>, said: &str, on: Date) -> Standing {
        let Some(component) = self.component_of(category, said) else { return Standing::default() };
        let last_day = works.handover.and_then(|day| self.last_day(component, works.agreed, day, works.region));
        Standing {
            in_warranty: last_day.map(|last| on <= last),
            component: Some(component.id.clone()),
            last_day,
            responsible: None,
        }
    }

    /// Whether what is agreed is less than what the law asks for, a season counted as a year.
    pub fn is_shorter(&self, agreed: Span, law: Span) -> bool {
        let months = |span| match span {
            Span::DesignLife => self.design_life_years.saturating_mul(12),
            Span::Months(count) => count,
            Span::Seasons(count) => count.saturating_mul(12),
        };
        months(agreed) < months(law)
    }
}

/// What a judgement has to know of the works a fault is in.
#[derive(Debug, Clone, Copy)]
pub struct Works<'a> {
    /// The local day the unit, else the project, was handed over.
    pub handover: Option<Date>,
    pub region: &'a str,
    /// What the contract agrees.
    pub agreed: &'a [Term],
}

impl Standing {
    /// Adds what staff found to be the cause, and who is known in the register. Misuse and third
    /// parties are outside any warranty. While it runs, the firm that did the trade answers for what
    /// it built and bought; for the design, outside the warranty, or where no firm is named, the
    /// project's engineer does.
    pub fn with(self, cause: Option<Cause>, firm: Option<SubcontractorId>, engineer: Option<StaffId>) -> Standing {
        let (outside, firms) = match cause {
            Some(Cause::Misuse | Cause::ThirdParty) => (true, false),
            Some(Cause::Design) => (false, false),
            Some(Cause::ConstructionDefect | Cause::Procurement) | None => (false, true),
        };
        let in_warranty = if outside { Some(false) } else { self.in_warranty };
        let firm = firm.filter(|_| firms && in_warranty == Some(true)).map(Responsible::Subcontractor);
        let responsible = firm.or(engineer.map(Responsible::Engineer));
        Standing { in_warranty, responsible, ..self }
    }
}

fn years(count: u32) -> Option<Stretch> {
    Stretch::new().try_years(count).ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_cause_decides_what_is_in_warranty_and_who_answers() {
        let (firm, engineer) = (SubcontractorId(Uuid::from_u128(1)), StaffId(Uuid::from_u128(2)));
        let standing = |in_warranty, cause| {
            let standing = Standing { in_warranty, ..Standing::default() };
            let standing = standing.with(cause, Some(firm), Some(engineer));
            (standing.in_warranty, standing.responsible)
        };
        let (by_firm, by_engineer) = (Some(Responsible::Subcontractor(firm)), Some(Responsible::Engineer(engineer)));
        assert_eq!(standing(Some(true), None), (Some(true), by_firm));
        assert_eq!(standing(Some(true), Some(Cause::ConstructionDefect)), (Some(true), by_firm));
        assert_eq!(standing(Some(true), Some(Cause::Procurement)), (Some(true), by_firm));
        assert_eq!(standing(Some(true), Some(Cause::Design)), (Some(true), by_engineer));
        assert_eq!(standing(Some(true), Some(Cause::Misuse)), (Some(false), by_engineer));
        assert_eq!(standing(Some(true), Some(Cause::ThirdParty)), (Some(false), by_engineer));
        assert_eq!(standing(Some(false), None), (Some(false), by_engineer));
        assert_eq!(standing(None, None), (None, by_engineer));
        assert_eq!(Standing::default().with(None, None, None).responsible, None);
    }
}
