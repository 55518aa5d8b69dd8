//! Projects (工程项目) and their units (房号 / 设备): what a contact has and a ticket is about.
//!
//! Terms and defaults: DOMAIN.md, "Things".

use serde::{Deserialize, Serialize};

use super::ids::{ProjectId, UnitId};
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

/// One works project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub kind: ProjectKind,
    pub region: String,
    pub tier: Tier,
    /// 竣工验收日: warranty terms and the visit plan count from here.
    pub handover_at: Option<Timestamp>,
    /// The name of the project manager (项目经理).
    pub manager: Option<String>,
    /// Proper names that speech recognition should expect: estates, buildings, makes.
    pub vocabulary: Vec<String>,
}

/// A flat, a house or a machine of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub id: UnitId,
    pub project_id: ProjectId,
    /// 楼栋
    pub building: Option<String>,
    /// 单元
    pub unit: Option<String>,
    /// 房号, or an equipment number.
    pub room: Option<String>,
    /// What people call it: `3栋1单元502`.
    pub label: String,
}
