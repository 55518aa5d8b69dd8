//! `prompts/` as values: every sentence the service says, the surveys, the repair form and the
//! words that stand for commands.
//!
//! The files are data that operators may change; nothing here holds a sentence of its own.

pub mod fault;
