//! Warranty terms (保修条款): which part is under warranty for how long.
//!
//! The defaults of 《建设工程质量管理条例》 art. 40 are data (`prompts/plans/warranty.toml`).

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
