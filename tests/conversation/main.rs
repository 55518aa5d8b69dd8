//! Whole conversations, read as transcripts: what the person says, what the bot answers, what is
//! filed. The real intake on a real database; only the recogniser's words are given by the test
//! (`speaks`), so that a transcript does not hang on a model.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod appointment;
mod clocks;
mod closed_loop;
mod elsewhere;
mod emergency;
mod forget;
mod links;
mod office;
mod person;
mod pool;
mod repair;
mod several;
mod survey;
mod talk;
mod trouble;
mod warranty;
