//! What the service knows about after-sales follow-up, as plain values and rules.
//!
//! Nothing in here may wait, read a clock, draw a random number, or know of a database,
//! a web server or a chat platform: everything a rule needs is an argument, everything it
//! decides is its result. That is what makes a whole conversation testable in microseconds.
//!
//! Read [`dialogue`] next: it decides what the bot says and does.

pub mod access;
pub mod alert;
pub mod appointment;
pub mod calendar;
pub mod contact;
pub mod correction;
pub mod degree;
pub mod department;
pub mod dialogue;
pub mod dispatch;
pub mod equipment;
pub mod faq;
pub mod flag;
pub mod han;
pub mod house;
pub mod ids;
pub mod incident;
pub mod job;
pub mod language;
pub mod lexicon;
pub mod media;
pub mod paper;
pub mod phone;
pub mod plan;
pub mod policy;
pub mod privacy;
pub mod progress;
pub mod project;
pub mod reach;
pub mod recovery;
pub mod register;
pub mod score;
pub mod script;
pub mod season;
pub mod secret;
pub mod sla;
pub mod staff;
pub mod statistics;
pub mod subcontractor;
pub mod survey;
pub mod text;
pub mod ticket;
pub mod time;
pub mod token;
pub mod understanding;
pub mod visit;
pub mod warranty;
