//! The commands of the `huifang` program, one a file.

pub mod transcribe;
