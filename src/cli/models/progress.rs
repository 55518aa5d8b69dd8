//! How far a download is: a line that is written over on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write as _, stderr};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::models::pull::Step;

const BAR: usize = 30;
/// How often a terminal's line is drawn anew.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line is written where nothing can be written over.
const LINE: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    terminal: bool,
    /// When and at how many bytes the speed began to be measured.
    since: Option<(Instant, u64)>,
    drawn: Option<Instant>,
    /// Whether the line on the terminal is unfinished.
    open: bool,
}

impl Progress {
    pub(super) fn on_stderr() -> Progress {
        Progress { terminal: stderr().is_terminal(), since: None, drawn: None, open: false }
    }

    pub(super) fn tell(&mut self, step: Step<'_>) {
        match step {
            Step::Present { file } => self.line(&format!("{}: is here already", file.display())),
            Step::Receiving { file, done, total } => self.receiving(file, done, total),
            Step::Anew { file } => {
                self.since = None;
                self.line(&format!("{}: the server does not go on from there; beginning anew", file.display()));
            }
            Step::Waiting { file, why, pause } => {
                self.since = None;
                self.line(&format!("{}: {why}; trying again in {} s", file.display(), pause.as_secs()));
            }
            Step::Arrived { file, sha256, recorded } => {
                self.since = None;
                let kept = if recorded { ", kept beside it in FILE.sha256" } else { ", as it should be" };
                self.line(&format!("{}: complete; sha256 {sha256}{kept}", file.display()));
            }
        }
    }

    fn receiving(&mut self, file: &Path, done: u64, total: Option<u64>) {
        let now = Instant::now();
        let (began, at) = *self.since.get_or_insert((now, done));
        let pause = if self.terminal { FRAME } else { LINE };
        let whole = total == Some(done);
        if self.drawn.is_some_and(|drawn| now.duration_since(drawn) < pause) && !(whole && self.terminal) {
            return;
        }
        self.drawn = Some(now);
        let seconds = now.duration_since(began).as_secs_f64();
        let speed = (seconds > 0.2).then(|| (done - at) as f64 / seconds);
        let line = line(file, done, total, speed);
        if self.terminal {
            let _ = write!(stderr(), "\r{line}\x1b[K");
            self.open = true;
        } else {
            self.line(&line);
        }
    }

    fn line(&mut self, text: &str) {
        let end = if std::mem::take(&mut self.open) { "\n" } else { "" };
        // Nobody is there to be told that nobody is there.
        let _ = writeln!(stderr(), "{end}{text}");
    }
}

fn line(file: &Path, done: u64, total: Option<u64>, speed: Option<f64>) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let Some(total) = total.filter(|total| *total > 0) else {
        return format!("{name}: {:.1} MB", megabytes(done));
    };
    let filled = usize::try_from(done.min(total).saturating_mul(BAR as u64) / total).unwrap_or(BAR).min(BAR);
    let bar = "#".repeat(filled) + &"-".repeat(BAR - filled);
    let speed = speed.filter(|speed| *speed > 0.0);
    let rest = speed.map_or_else(String::new, |speed| {
        format!(", {:.1} MB/s, {:.0} s left", speed / 1e6, total.saturating_sub(done) as f64 / speed)
    });
    format!("{name} [{bar}] {:.1} of {:.1} MB{rest}", megabytes(done), megabytes(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_there_and_how_long_the_rest_takes() {
        let file = Path::new("models/speech/ggml-tiny.bin");
        insta::assert_snapshot!(
            line(file, 25_000_000, Some(100_000_000), Some(5e6)),
            @"ggml-tiny.bin [#######-----------------------] 25.0 of 100.0 MB, 5.0 MB/s, 15 s left"
        );
        insta::assert_snapshot!(line(file, 25_000_000, None, Some(5e6)), @"ggml-tiny.bin: 25.0 MB");
        insta::assert_snapshot!(line(file, 0, Some(0), None), @"ggml-tiny.bin: 0.0 MB");
    }
}
