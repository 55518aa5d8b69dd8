//! The site as the world meets it: the real program, reached by HTTP and by a real Chromium.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod chat_api;
mod chromium;
mod console;
mod contacts;
mod corrections;
mod demo;
mod import;
mod kept;
mod looks;
mod pages;
mod platforms;
mod progress;
mod roles;
#[path = "../skipped/mod.rs"]
mod skipped;
mod staff;
mod visit;
mod work;
