//! `huifang transcribe FILE…`: recordings → text, one line a file.
//!
//! The same way as a voice message takes ([`crate::speech::Listener`]), so it also shows what the
//! service would make of a recording.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::domain::language::Language;
use crate::speech::{Heard, Listener, SpeechConfig};

/// Transcribes recordings: OGG, WebM, AMR, MP3, M4A, WAV, FLAC.
#[derive(Debug, clap::Args)]
pub struct Transcribe {
    /// Recordings
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What is spoken: zh-CN or en [default: zh-CN]
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// A Whisper model in ggml format
    #[arg(long)]
    model: Option<PathBuf>,
    /// One JSON object a line: file, text, language, seconds, confidence, model, error
    #[arg(long)]
    json: bool,
}

/// One line of `--json`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    file: String,
    text: Option<&'a str>,
    language: &'a str,
    seconds: Option<f64>,
    confidence: Option<f32>,
    model: &'a str,
    error: Option<String>,
}

impl Transcribe {
    /// Runs the command with the `[speech]` section of the configuration.
    ///
    /// # Errors
    /// When the model cannot be loaded, or every single file failed.
    pub async fn run(self, config: SpeechConfig) -> anyhow::Result<()> {
        let config = SpeechConfig {
            // A model that is named here is asked, whatever the settings say.
            service_url: config.service_url.filter(|_| self.model.is_none()),
            model: self.model.unwrap_or(config.model),
            language: self.language.unwrap_or(config.language),
            ..config
        };
        let worker = std::env::current_exe().context("cannot tell where this program lies")?;
        let listener = Listener::new(&config, worker)?;
        let mut failed = 0;
        for file in &self.files {
            let heard = hear(&listener, file, config.language).await;
            failed += usize::from(heard.is_err());
            let line = line(file, &heard, &listener, config.language);
            super::print(if self.json { serde_json::to_string(&line)? } else { readable(&line) })?;
        }
        if failed == self.files.len() {
            bail!("none of {failed} files could be transcribed");
        }
        Ok(())
    }
}

async fn hear(listener: &Listener, file: &Path, language: Language) -> anyhow::Result<Heard> {
    let cap = listener.caps().bytes as u64;
    let size = tokio::fs::metadata(file).await.context("cannot be read")?.len();
    if size > cap {
        bail!("the recording has {size} bytes, at most {cap} are taken");
    }
    let bytes = tokio::fs::read(file).await.context("cannot be read")?;
    Ok(listener.listen(&bytes, None, language).await?)
}

fn line<'a>(file: &Path, heard: &'a anyhow::Result<Heard>, listener: &'a Listener, asked: Language) -> Line<'a> {
    let mut line = Line {
        file: file.display().to_string(),
        text: None,
        language: asked.tag(),
        seconds: None,
        confidence: None,
        model: listener.model(),
        error: None,
    };
    match heard {
        Ok(Heard::Speech(transcript)) => {
            line.text = Some(&transcript.text);
            line.seconds = Some(transcript.seconds);
            line.confidence = Some(transcript.confidence);
        }
        // No speech is an answer, not a failure.
        Ok(Heard::Nothing { seconds }) => {
            line.text = Some("");
            line.seconds = Some(*seconds);
        }
        Err(error) => line.error = Some(format!("{error:#}")),
    }
    line
}

fn readable(line: &Line<'_>) -> String {
    match (&line.error, line.text) {
        (Some(error), _) => format!("{}: {error}", line.file),
        (None, Some("") | None) => format!("{}: no speech ({:.1} s)", line.file, line.seconds.unwrap_or_default()),
        (None, Some(text)) => {
            let confidence = line.confidence.unwrap_or_default() * 100.0;
            format!("{}: {text} ({:.1} s, {confidence:.0} %)", line.file, line.seconds.unwrap_or_default())
        }
    }
}

fn language(tag: &str) -> Result<Language, String> {
    Language::from_tag(tag).ok_or_else(|| "known languages are zh-CN and en".into())
}
