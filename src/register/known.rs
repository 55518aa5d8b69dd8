//! What is stored of the registers, put where an import finds it, and stored again when it changed.

use std::collections::HashMap;

use super::shelf::{Count, Shelf, Spot};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, ProjectId, StaffId, SubcontractorId, UnitId};
use crate::domain::project::{Project, Unit};
use crate::domain::register::Register;
use crate::domain::staff::Staff;
use crate::domain::subcontractor::Subcontractor;
use crate::domain::time::Timestamp;
use crate::domain::understanding::Category;
use crate::domain::warranty::{Span, Term};
use crate::store::{
    StoreError, Tx, contact_units, contacts, projects, settings, staff, subcontractors, units, warranty_terms,
};

/// What is held as long as an import writes.
const IMPORT: &str = "import";

/// The registers, each by the key an import finds its records by.
#[derive(Debug)]
pub(super) struct Known {
    /// By code; those without one by name.
    pub(super) projects: Shelf<String, Project>,
    /// By project and code; those without a code by project and label.
    pub(super) units: Shelf<(ProjectId, String), Unit>,
    /// By telephone number.
    pub(super) contacts: Shelf<String, Contact>,
    pub(super) bindings: Shelf<(ContactId, UnitId), ()>,
    /// By login.
    pub(super) staff: Shelf<String, Staff>,
    /// By name.
    pub(super) firms: Shelf<String, Subcontractor>,
    pub(super) engagements: Shelf<(ProjectId, Option<Category>), SubcontractorId>,
    pub(super) terms: Shelf<(ProjectId, String), Span>,
    /// How many people have a telephone number, where they are several.
    pub(super) shared_phones: HashMap<String, usize>,
    /// The first row of the file that names whom a telephone number belongs to, and the name.
    pub(super) named: HashMap<String, (Spot, String)>,
    /// The project a unit code stands under; of several the first.
    pub(super) codes: HashMap<String, ProjectId>,
}

impl Known {
    /// Lets no other import begin before this one has ended, and nobody change the staff that it loads to store
    /// them again. Projects, units and firms are changed by imports alone; what became of contacts meanwhile,
    /// [`contacts::save_all`] and [`contact_units::bind_all`] see to.
    pub(super) async fn hold(tx: &mut Tx, registers: &[Register]) -> Result<(), StoreError> {
        settings::hold(tx, IMPORT).await?;
        if registers.contains(&Register::Staff) { staff::hold_all(tx).await } else { Ok(()) }
    }

    /// Loads what the registers of a file may speak of or refer to.
    pub(super) async fn load(tx: &mut Tx, registers: &[Register]) -> Result<Known, StoreError> {
        let any = |of: &[Register]| registers.iter().any(|register| of.contains(register));
        let mut known = Known {
            projects: Shelf::new(),
            units: Shelf::new(),
            contacts: Shelf::new(),
            bindings: Shelf::new(),
            staff: Shelf::new(),
            firms: Shelf::new(),
            engagements: Shelf::new(),
            terms: Shelf::new(),
            shared_phones: HashMap::new(),
            named: HashMap::new(),
            codes: HashMap::new(),
        };
        let mut ids = Vec::new();
        for project in projects::list(tx).await? {
            ids.push(project.id);
            match &project.code {
                Some(code) => known.projects.load(code.clone(), project),
                None => known.projects.load_unkeyed(project.name.clone(), project),
            }
        }
        for person in staff::list(tx).await? {
            known.staff.load(person.login.clone(), person);
        }
        if any(&[Register::Units, Register::Contacts]) {
            for unit in units::list(tx, None).await? {
                match &unit.code {
                    Some(code) => known.units.load((unit.project_id, code.clone()), unit),
                    None => known.units.load_unkeyed((unit.project_id, unit.label.clone()), unit),
                }
            }
        }
        if any(&[Register::Contacts]) {
            known.load_contacts(tx).await?;
        }
        if any(&[Register::Subcontractors]) {
            for firm in subcontractors::list(tx).await? {
                known.firms.load(firm.name.clone(), firm);
            }
            for id in &ids {
                for (trade, firm) in subcontractors::of_project(tx, *id).await? {
                    known.engagements.load((*id, trade), firm);
                }
            }
        }
        if any(&[Register::Terms]) {
            for id in &ids {
                for Term { component, span } in warranty_terms::of_project(tx, *id).await? {
                    known.terms.load((*id, component), span);
                }
            }
        }
        Ok(known)
    }

    async fn load_contacts(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        // Earliest first: of several people with one number the first stays.
        for contact in contacts::with_phone(tx).await? {
            let Some(phone) = contact.phone.clone() else { continue };
            if self.contacts.get(&phone).is_some() {
                *self.shared_phones.entry(phone.clone()).or_insert(1) += 1;
            }
            self.contacts.load(phone, contact);
        }
        for pair in contact_units::pairs(tx).await? {
            self.bindings.load(pair, ());
        }
        Ok(())
    }

    /// Stores what the file brings and changes.
    pub(super) async fn store(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        // What is referred to comes first.
        for (person, new) in self.staff.to_store() {
            if new { staff::insert(tx, person, staff::NO_PASSWORD).await? } else { staff::update(tx, person).await? }
        }
        for (project, new) in self.projects.to_store() {
            if new { projects::insert(tx, project).await? } else { projects::update(tx, project).await? }
        }
        units::save_all(tx, &self.units.to_store().map(|(unit, _)| unit).collect::<Vec<_>>()).await?;
        contacts::save_all(tx, &self.contacts.to_store().map(|(contact, _)| contact).collect::<Vec<_>>()).await?;
        let pairs: Vec<_> = self.bindings.to_store_keyed().map(|(pair, ())| *pair).collect();
        contact_units::bind_all(tx, &pairs, now).await?;
        for (firm, _) in self.firms.to_store() {
            subcontractors::save(tx, firm).await?;
        }
        for ((project, trade), firm) in self.engagements.to_store_keyed() {
            subcontractors::engage(tx, *project, *trade, *firm).await?;
        }
        for ((project, component), span) in self.terms.to_store_keyed() {
            let term = Term { component: component.clone(), span: *span };
            warranty_terms::save(tx, *project, &term).await?;
        }
        Ok(())
    }

    /// Returns the members of staff who, after the file, no longer work here.
    pub(super) fn left(&self) -> impl Iterator<Item = StaffId> {
        self.staff.to_store().filter(|(person, new)| !new && !person.active).map(|(person, _)| person.id)
    }

    /// Whether people are bound to units, or firms named for projects, anew.
    pub(super) fn binds_or_engages(&self) -> bool {
        self.bindings.to_store().next().is_some() || self.engagements.to_store().next().is_some()
    }

    /// Counts what the file speaks of in a register.
    pub(super) fn count(&self, register: Register) -> Count {
        match register {
            Register::Projects => self.projects.count(),
            Register::Units => self.units.count(),
            Register::Contacts => self.contacts.count(),
            Register::Staff => self.staff.count(),
            Register::Subcontractors => self.firms.count(),
            Register::Terms => self.terms.count(),
        }
    }
}
