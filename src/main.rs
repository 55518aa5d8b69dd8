//! The `huifang` program: see [`huifang`] for what it does and [`huifang::cli`] for its commands.

use std::process::ExitCode;

use huifang::{cli, speech};

fn main() -> ExitCode {
    // A decode worker confines itself before anything else may start.
    if std::env::args_os().nth(1).is_some_and(|command| command == speech::WORKER_COMMAND) {
        return speech::decode_worker();
    }
    cli::run()
}
