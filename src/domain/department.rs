//! Which department is told of a complaint, and which of praise: rules that are data
//! (`prompts/plans/departments.toml`). DOMAIN.md, "Repairs", cause.

use super::ticket::Cause;
use super::understanding::Category;

/// One line: such complaints go there. A condition that is empty always holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its name: the text is `department.<name>`.
    pub to: String,
    pub causes: Vec<Cause>,
    pub categories: Vec<Category>,
    /// One of these stands in what was said; lower case.
    pub words: Vec<String>,
}

/// The whole list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routes {
    pub complaints: Vec<Line>,
    /// Who is told of praise.
    pub praise: String,
}

impl Routes {
    /// Returns who is told of a complaint: the first line that fits.
    pub fn of_complaint(&self, cause: Option<Cause>, category: Option<Category>, said: &str) -> Option<&str> {
        let said = said.to_lowercase();
        let fits = |line: &&Line| {
            (line.causes.is_empty() || cause.is_some_and(|cause| line.causes.contains(&cause)))
                && (line.categories.is_empty() || category.is_some_and(|category| line.categories.contains(&category)))
                && (line.words.is_empty() || line.words.iter().any(|word| said.contains(word.as_str())))
        };
        self.complaints.iter().find(fits).map(|line| line.to.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_complaint_goes_to_the_department_it_is_about() {
        let catalog = Catalog::embedded().unwrap();
        let to = |cause, category, said: &str| catalog.departments().of_complaint(cause, category, said);
        assert_eq!(to(None, None, "师傅乱收费"), Some("finance"));
        assert_eq!(to(None, None, "I was OVERCHARGED"), Some("finance"));
        assert_eq!(to(None, None, "用的配件是次品"), Some("purchasing"));
        assert_eq!(to(None, Some(Category::Leak), "修了三次还漏"), Some("technical"));
        assert_eq!(to(None, None, "等了一天没人来，态度差"), Some("service"));
    }

    #[test]
    fn a_known_cause_outranks_what_was_said() {
        let catalog = Catalog::embedded().unwrap();
        let to = |cause| catalog.departments().of_complaint(Some(cause), None, "师傅乱收费");
        assert_eq!(to(Cause::Procurement), Some("purchasing"));
        assert_eq!(to(Cause::Design), Some("technical"));
        assert_eq!(to(Cause::Misuse), Some("finance"));
    }

    #[test]
    fn praise_goes_to_marketing() {
        assert_eq!(Catalog::embedded().unwrap().departments().praise, "marketing");
    }
}
