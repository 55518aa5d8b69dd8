//! Projects, flats, staff and half a year of history for the demo, from `assets/demo/register.toml`.

use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use crate::app::App;
use crate::domain::ids::UnitId;
use crate::domain::project::{Project, ProjectKind, Tier, Unit};
use crate::domain::staff::{Role, Staff};
use crate::store::{self, StoreError};

/// What the demo's staff logs in with.
pub(super) const LOGIN: &str = "demo";
/// The setting that names the flat the visitor lives in; its presence means the data is complete.
pub(super) const VISITOR_UNIT: &str = "demo_visitor_unit";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    project: Vec<ProjectEntry>,
    staff: Vec<StaffEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectEntry {
    name: String,
    kind: ProjectKind,
    region: String,
    tier: Tier,
    handover_days_ago: u64,
    manager: String,
    vocabulary: Vec<String>,
    unit: Vec<UnitEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitEntry {
    building: Option<String>,
    unit: Option<String>,
    room: String,
    label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffEntry {
    login: String,
    name: String,
    role: Role,
    region: Option<String>,
}

/// Fills an empty database in one transaction; does nothing to one that is filled, except that the
/// password is set to the one printed.
pub(super) async fn fill(app: &App, hash: &str) -> anyhow::Result<()> {
    let register: Register =
        toml::from_str(include_str!("../../../assets/demo/register.toml")).context("assets/demo/register.toml")?;
    let (clock, hash) = (app.clock.clone(), hash.to_owned());
    app.store
        .write(move |tx| {
            Box::pin(async move {
                if store::settings::get(tx, VISITOR_UNIT).await?.is_some() {
                    if let Some((staff, _)) = store::staff::by_login(tx, LOGIN).await? {
                        store::staff::set_password(tx, staff.id, &hash).await?;
                    }
                    return Ok(());
                }
                let now = clock.now();
                let mut visitor: Option<UnitId> = None;
                for entry in register.project {
                    let project = Project {
                        id: clock.new_id(),
                        name: entry.name,
                        kind: entry.kind,
                        region: entry.region,
                        tier: entry.tier,
                        handover_at: Some(now - Duration::from_secs(entry.handover_days_ago * 86_400)),
                        manager: Some(entry.manager),
                        vocabulary: entry.vocabulary,
                    };
                    store::projects::insert(tx, &project).await?;
                    for unit in entry.unit {
                        let unit = Unit {
                            id: clock.new_id(),
                            project_id: project.id,
                            building: unit.building,
                            unit: unit.unit,
                            room: Some(unit.room),
                            label: unit.label,
                        };
                        store::units::insert(tx, &unit).await?;
                        visitor.get_or_insert(unit.id);
                    }
                }
                for entry in register.staff {
                    let staff = Staff {
                        id: clock.new_id(),
                        login: entry.login,
                        name: entry.name,
                        role: entry.role,
                        region: entry.region,
                        active: true,
                        created_at: now,
                    };
                    store::staff::insert(tx, &staff, &hash).await?;
                }
                if let Some(unit) = visitor {
                    store::settings::put(tx, VISITOR_UNIT, &unit.to_string()).await?;
                }
                Ok::<(), StoreError>(())
            })
        })
        .await
        .context("the demo data could not be stored")
}
