//! Papers and lists that leave the house as files: [`crate::domain::paper`] as PDF, the ledger as
//! CSV and XLSX, and the facts they are made from, read out of the store.
//!
//! What a paper says is decided in the domain; how it lies on a sheet in [`layout`]; [`pdf`] alone
//! knows the library and the fonts; photos are looked at by [`picture`] and put in by [`embed`]. Nothing here answers a request (`crate::web`) or decides
//! anything about a ticket.

pub mod codes;
mod embed;
pub mod facts;
mod layout;
pub mod ledger;
pub mod pdf;
pub mod picture;
mod png;
