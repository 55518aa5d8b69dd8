//! Projects (工程项目) and their units (房号 / 设备): what a contact has and a ticket is about.
//!
//! Terms and defaults: DOMAIN.md, "Things".

use serde::{Deserialize, Serialize};

use super::ids::{ProjectId, StaffId, UnitId};
use super::time::Timestamp;

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectKind {
    /// 房建
    Housing,
    /// 市政 / 基础设施
    Infrastructure,
    /// 工业厂房
    Industrial,
    /// 机电设备
    Equipment,
}

/// How densely a project is followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// 样板: a denser visit plan.
    Flagship,
    /// 普通
    #[default]
    Standard,
}

/// How often a maintenance contract has somebody come (维保).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upkeep {
    /// 每季度
    Quarterly,
    /// 每半年
    HalfYearly,
    /// 每年
    Annual,
}

/// One works project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    /// What the operator calls it, unique; an import finds the project again by it.
    pub code: Option<String>,
    pub name: String,
    pub kind: ProjectKind,
    pub region: String,
    pub tier: Tier,
    /// 竣工验收日: warranty terms and the visit plan count from here.
    pub handover_at: Option<Timestamp>,
    /// The name of the project manager (项目经理).
    pub manager: Option<String>,
    /// The team whose visits are compared (班组 / 项目部).
    pub team: Option<String>,
    /// The engineer responsible for repairs (责任工程师).
    pub engineer_id: Option<StaffId>,
    /// Built with new technology, process, material or equipment (四新).
    pub novel: bool,
    /// Until when the maintenance contract runs, if there is one.
    pub maintained_until: Option<Timestamp>,
    pub maintained_every: Option<Upkeep>,
    /// Proper names that speech recognition should expect: estates, buildings, makes.
    pub vocabulary: Vec<String>,
}

impl Project {
    /// Returns a standard project of which nothing more is known.
    pub fn new(id: ProjectId, name: impl Into<String>, kind: ProjectKind) -> Project {
        Project {
            id,
            code: None,
            name: name.into(),
            kind,
            region: String::new(),
            tier: Tier::Standard,
            handover_at: None,
            manager: None,
            team: None,
            engineer_id: None,
            novel: false,
            maintained_until: None,
            maintained_every: None,
            vocabulary: Vec::new(),
        }
    }
}

/// A flat, a house or a machine of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub id: UnitId,
    pub project_id: ProjectId,
    /// What the operator calls it, unique in its project; an import finds the unit again by it.
    pub code: Option<String>,
    /// 楼栋
    pub building: Option<String>,
    /// 单元
    pub unit: Option<String>,
    /// 房号, or an equipment number.
    pub room: Option<String>,
    /// What people call it: `3栋1单元502`.
    pub label: String,
    /// When it was handed over, where that differs from its project.
    pub handover_at: Option<Timestamp>,
    /// When it was first used (首次使用).
    pub first_use_at: Option<Timestamp>,
}

impl Unit {
    /// Returns a unit of which only the name is known.
    pub fn new(id: UnitId, project_id: ProjectId, label: impl Into<String>) -> Unit {
        Unit {
            id,
            project_id,
            code: None,
            building: None,
            unit: None,
            room: None,
            label: label.into(),
            handover_at: None,
            first_use_at: None,
        }
    }
}
