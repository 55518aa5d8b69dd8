//! The `huifang` program: see [`huifang`] for what it does.

use std::process::ExitCode;

use clap::Parser;
use huifang::cli::transcribe::Transcribe;
use huifang::speech::{self, SpeechConfig};

#[derive(Debug, Parser)]
enum Command {
    Transcribe(Transcribe),
}

fn main() -> ExitCode {
    // A decode worker confines itself before anything else may start.
    if std::env::args().nth(1).as_deref() == Some(speech::WORKER_COMMAND) {
        return speech::decode_worker();
    }
    let Command::Transcribe(command) = Command::parse();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(command.run(SpeechConfig::default())));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("huifang: {error:#}");
            ExitCode::FAILURE
        }
    }
}
