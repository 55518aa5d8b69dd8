//! The service as its users meet it: the real program started by `huifang demo` on an empty
//! directory, reached through HTTP alone by a person in the chat and a member of staff in the
//! console. What it stored is read from its database, to see what those two cannot.
//!
//! Nothing is replaced here: voices are decoded, recognised and tagged by the shipped models, and
//! `kill -9` is one. Waiting is looking again ([`until::until`]), never a pause.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should stop")]

mod bad_input;
mod effort;
mod flag;
mod kill;
mod operator;
mod person;
mod records;
mod script;
mod service;
mod staff;
mod until;
mod words;
