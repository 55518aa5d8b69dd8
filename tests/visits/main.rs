//! The visit plan and contact discipline of DOMAIN.md, each number held by a test that is named
//! after the rule, and three years of visits by a stepped clock.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod anonymous;
mod discipline;
mod estate;
mod machines;
mod many;
mod numbers;
mod plan;
mod record;
