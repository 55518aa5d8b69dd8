//! Subcontractors, what each of them did where, and agreed warranty terms.

use huifang::domain::project::{Project, ProjectKind};
use huifang::domain::subcontractor::Subcontractor;
use huifang::domain::understanding::Category;
use huifang::domain::warranty::{Span, Term};
use huifang::store::{projects, subcontractors, warranty_terms};

use crate::database::{Database, read, write};

pub(crate) async fn a_firm_is_stored_once_and_changes(db: Database) {
    let firm = Subcontractor {
        phone: Some("13900000000".to_owned()),
        mail: Some("fang@example.com".to_owned()),
        region: Some("华东".to_owned()),
        trades: vec![Category::Leak, Category::Crack],
        ..Subcontractor::new(db.clock.new_id(), "安居防水")
    };
    let changed = Subcontractor { phone: None, active: false, ..firm.clone() };
    let (first, id) = (firm.clone(), firm.id);
    write!(db.store, |tx| subcontractors::save(tx, &first).await).unwrap();
    assert_eq!(read!(db.store, |tx| subcontractors::find(tx, id).await).unwrap(), Some(firm));
    let second = changed.clone();
    write!(db.store, |tx| subcontractors::save(tx, &second).await).unwrap();
    assert_eq!(read!(db.store, |tx| subcontractors::list(tx).await).unwrap(), [changed]);
    let namesake = Subcontractor::new(db.clock.new_id(), "安居防水");
    assert!(write!(db.store, |tx| subcontractors::save(tx, &namesake).await).is_err());
}

pub(crate) async fn the_firm_of_the_trade_answers_before_the_firm_for_everything(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let id = project.id;
    let [general, roofer, late] =
        ["总包", "防水", "后来的防水"].map(|name| Subcontractor::new(db.clock.new_id(), name));
    let firms = [general, roofer, late];
    let [everything, roof, later] = firms.each_ref().map(|firm| firm.id);
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        for firm in &firms {
            subcontractors::save(tx, firm).await?;
        }
        subcontractors::engage(tx, id, None, everything).await?;
        subcontractors::engage(tx, id, Some(Category::Leak), roof).await
    })
    .unwrap();
    let answers = async |trade| {
        let firm = read!(db.store, |tx| subcontractors::responsible(tx, id, trade).await).unwrap();
        firm.map(|firm| firm.name)
    };
    assert_eq!(answers(Some(Category::Leak)).await.as_deref(), Some("防水"));
    assert_eq!(answers(Some(Category::Noise)).await.as_deref(), Some("总包"));
    assert_eq!(answers(None).await.as_deref(), Some("总包"));

    // Another firm takes its place; one that is given no more work is passed over.
    write!(db.store, |tx| subcontractors::engage(tx, id, Some(Category::Leak), later).await).unwrap();
    assert_eq!(answers(Some(Category::Leak)).await.as_deref(), Some("后来的防水"));
    let gone = Subcontractor { active: false, ..Subcontractor::new(later, "后来的防水") };
    write!(db.store, |tx| subcontractors::save(tx, &gone).await).unwrap();
    assert_eq!(answers(Some(Category::Leak)).await.as_deref(), Some("总包"));
    let named = read!(db.store, |tx| subcontractors::of_project(tx, id).await).unwrap();
    assert_eq!(named, [(None, everything), (Some(Category::Leak), later)]);
}

pub(crate) async fn an_agreed_term_takes_the_place_of_the_one_before(db: Database) {
    let project = Project::new(db.clock.new_id(), "锦绣花园", ProjectKind::Housing);
    let id = project.id;
    let terms = [("fit_out", Span::Months(36)), ("heating", Span::Seasons(3)), ("structure", Span::DesignLife)]
        .map(|(component, span)| Term { component: component.to_owned(), span });
    let kept = terms.clone();
    write!(db.store, |tx| {
        projects::insert(tx, &project).await?;
        warranty_terms::save(tx, id, &Term { component: "heating".to_owned(), span: Span::Months(12) }).await?;
        for term in &kept {
            warranty_terms::save(tx, id, term).await?;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(read!(db.store, |tx| warranty_terms::of_project(tx, id).await).unwrap(), terms);
}
