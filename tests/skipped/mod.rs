//! Says that something was not tested here, and why.

use std::io::{self, Write as _};

/// Writes past the capturing of tests, which swallows what a passing one prints; `make test` repeats these lines at its end.
pub fn skipped(why: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {why}");
}
