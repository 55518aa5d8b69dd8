//! What is wrong in `prompts/`, and on which line of which file.
//!
//! Faults are for whoever edits those files (`huifang check` prints them): one line each,
//! `file:line: what is wrong, and what would be right`. They are never shown to clients.

use std::fmt;

/// One mistake in one file of `prompts/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct Fault {
    /// Path below `prompts/`, with `/` on every system: `surveys/handover.toml`.
    pub file: String,
    /// Line in that file, counted from 1; 0 when the file as a whole is meant (it is missing).
    pub line: u32,
    /// What is wrong and what would be right, in English.
    pub message: String,
}

impl Fault {
    /// A fault at the line in which the byte `offset` of `text` lies.
    pub fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Fault {
        Fault { file: file.to_owned(), line: line_of(text, offset), message: message.into() }
    }

    /// A fault of the file as a whole.
    pub fn of_file(file: &str, message: impl Into<String>) -> Fault {
        Fault { file: file.to_owned(), line: 0, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.message)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.message)
        }
    }
}

/// Returns the line, counted from 1, in which the byte `offset` of `text` lies.
pub fn line_of(text: &str, offset: usize) -> u32 {
    let breaks = text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_the_line_in_which_its_byte_lies() {
        let text = "一 = 1\n二 = 2\n";
        let lines = [0, 7, 8, text.len() + 10].map(|offset| line_of(text, offset));
        assert_eq!(lines, [1, 1, 2, 3]);
    }

    #[test]
    fn a_fault_of_a_whole_file_shows_no_line() {
        assert_eq!(Fault::of_file("repair.toml", "is missing").to_string(), "repair.toml: is missing");
        assert_eq!(Fault::at("repair.toml", "\n\nx", 2, "is odd").to_string(), "repair.toml:3: is odd");
    }
}
