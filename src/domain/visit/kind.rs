//! What visits are for.

use serde::{Deserialize, Serialize};

/// What a visit is for (DOMAIN.md, "Visit plan").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    /// 首次使用: within 7 days of first use.
    FirstUse,
    /// 首次: within 1 month of handover.
    First,
    /// 中期
    Interim,
    /// 年度, and the quarterly or half-yearly visits of a maintenance contract.
    Annual,
    /// 季节性
    Seasonal,
    /// 技术性: works with new technology, process, material or equipment (四新).
    Technical,
    /// 保修期满前
    PreExpiry,
    /// 特殊: extreme weather, or an equipment event.
    Special,
    /// After a repair is closed.
    PostRepair,
    /// 二次回访: after the rectification of a dissatisfied client.
    Second,
    /// Random sample checks, and clients silent for long.
    Outreach,
}

impl VisitKind {
    /// Every kind.
    pub const ALL: [VisitKind; 11] = [
        VisitKind::FirstUse,
        VisitKind::First,
        VisitKind::Interim,
        VisitKind::Annual,
        VisitKind::Seasonal,
        VisitKind::Technical,
        VisitKind::PreExpiry,
        VisitKind::Special,
        VisitKind::PostRepair,
        VisitKind::Second,
        VisitKind::Outreach,
    ];

    /// Returns the name used in the database, in plans, in keys and in texts (`visit.kind.<name>`).
    pub fn name(self) -> &'static str {
        match self {
            VisitKind::FirstUse => "first_use",
            VisitKind::First => "first",
            VisitKind::Interim => "interim",
            VisitKind::Annual => "annual",
            VisitKind::Seasonal => "seasonal",
            VisitKind::Technical => "technical",
            VisitKind::PreExpiry => "pre_expiry",
            VisitKind::Special => "special",
            VisitKind::PostRepair => "post_repair",
            VisitKind::Second => "second",
            VisitKind::Outreach => "outreach",
        }
    }

    /// Returns the kind of that name.
    pub fn from_name(name: &str) -> Option<VisitKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
