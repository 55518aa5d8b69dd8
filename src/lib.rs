//! huifang (回访): a chat and voice service for after-sales follow-up of engineering works.
//!
//! Clients answer satisfaction surveys and report repairs in the chat they already have, by
//! button, digit, sentence or voice; what they say is transcribed, understood, tagged and filed
//! as tickets that staff work until the client confirms the fix.
//!
//! Start with `docs/ARCHITECTURE.md`, then [`domain`]. Imports go one way:
//! `domain` ← `models` ← `catalog, store, channel, speech, tagging` ← `intake, desk, papers, planner, simulator` ←
//! `jobs, web` ← `app` ← `cli, main` (held by `tests/architecture.rs`).

pub mod app;
pub mod catalog;
pub mod channel;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod domain;
pub mod http;
pub mod intake;
pub mod jobs;
pub mod models;
pub mod papers;
pub mod planner;
pub mod register;
pub mod simulator;
pub mod speech;
pub mod store;
pub mod tagging;
pub mod telemetry;
pub mod web;
