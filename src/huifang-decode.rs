//! The decode worker as a small program of its own, without the models' libraries.
//!
//! `huifang decode-worker` does the same, but the system first loads libtorch for it: a quarter of
//! a second of CPU for each voice message, against 7 ms. What decodes hostile media is better off
//! small anyway. It is compiled from the same files as the library, because a program that links
//! the library links libtorch. `crate::speech::sandbox` prefers it where it lies beside `huifang`.

#![expect(dead_code, unreachable_pub, reason = "the files are shared with the library, which uses all of them")]

use std::process::ExitCode;

/// The part of the library's `speech` that decodes.
mod speech {
    mod decode;
    mod sniff;

    pub mod sandbox {
        mod wire;
        pub mod worker;
    }
}

fn main() -> ExitCode {
    speech::sandbox::worker::run()
}
