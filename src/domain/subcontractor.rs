//! Firms that did a trade in a project and answer for it (分包单位).

use super::ids::SubcontractorId;
use super::understanding::Category;

/// A firm; its people work without an account, by links for one job each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subcontractor {
    pub id: SubcontractorId,
    /// Unique; an import finds the firm again by it.
    pub name: String,
    pub phone: Option<String>,
    pub mail: Option<String>,
    pub region: Option<String>,
    /// What it can repair; empty for everything.
    pub trades: Vec<Category>,
    /// Whether it is still given work.
    pub active: bool,
}

impl Subcontractor {
    /// Returns a firm that is given work, of which only the name is known.
    pub fn new(id: SubcontractorId, name: impl Into<String>) -> Subcontractor {
        Subcontractor { id, name: name.into(), phone: None, mail: None, region: None, trades: Vec::new(), active: true }
    }
}
