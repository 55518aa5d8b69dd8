//! The commands of the `huifang` program, one a file.

pub mod analyze;
pub mod eval;
pub mod transcribe;
