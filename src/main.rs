//! The `huifang` program: see [`huifang`] for what it does.

fn main() {}
