//! Decoding hostile media in a child process of our own program, seen from the parent.
//!
//! The child limits itself ([`worker`]) before it reads one byte; the parent feeds it the file,
//! reads one framed answer back and kills it when it takes too long. However the child ends, by
//! answer, crash, exhaustion or time-out, the parent sees a value or a plain error.
//!
//! The child is `huifang-decode` where it lies beside our program, else our program itself: the
//! same code, but our program drags libtorch along (0.25 s of CPU to start, against 7 ms).

mod wire;
pub mod worker;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::decode::{Caps, DecodeError, SAMPLE_RATE, Sound};

/// The first argument that makes our program a decode worker.
pub const WORKER_COMMAND: &str = "decode-worker";

/// The program that is nothing but a decode worker.
const SMALL_WORKER: &str = "huifang-decode";

/// Why a recording did not come back as samples.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The worker worked and refused the recording.
    #[error(transparent)]
    Refused(#[from] DecodeError),
    #[error("decoding took longer than {0:?}")]
    TimedOut(Duration),
    /// The worker died: a bug in a decoder, or a limit that was reached.
    #[error("the decode worker ended without an answer ({0})")]
    Died(ExitStatus),
    #[error("the decode worker answered nonsense")]
    BadAnswer,
    #[error("cannot run {} as decode worker: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("lost the decode worker: {0}")]
    Pipe(#[from] io::Error),
}

/// Runs decode workers.
#[derive(Debug, Clone)]
pub struct Sandbox {
    program: PathBuf,
    caps: Caps,
    patience: Duration,
}

/// What came back from a worker.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// Mono samples at [`SAMPLE_RATE`].
    pub samples: Vec<f32>,
    /// Whether nothing of the recording is known to be lost.
    pub whole: bool,
    /// Whether the kernel confined the worker fully (Landlock), beyond its resource limits.
    pub confined: bool,
}

impl Decoded {
    /// Length of the recording in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(SAMPLE_RATE)
    }
}

impl Sandbox {
    /// Wall-clock time a worker gets: three times its CPU time, for a busy machine.
    pub const PATIENCE: Duration = Duration::from_mins(1);

    /// Prepares to run `program` (our own executable), or the small worker beside it.
    pub fn new(program: PathBuf, caps: Caps) -> Sandbox {
        let small = program.with_file_name(SMALL_WORKER);
        let program = if small.is_file() { small } else { program };
        Sandbox { program, caps, patience: Sandbox::PATIENCE }
    }

    /// The same with another wall-clock limit.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Sandbox {
        Sandbox { patience, ..self }
    }

    /// Returns the caps that workers apply.
    pub fn caps(&self) -> Caps {
        self.caps
    }

    /// Decodes one recording. Dropping the future kills the worker.
    ///
    /// # Errors
    /// See [`SandboxError`]; none of them harms the caller.
    pub async fn decode(&self, bytes: &[u8]) -> Result<Decoded, SandboxError> {
        if bytes.len() > self.caps.bytes {
            return Err(DecodeError::TooLarge { bytes: bytes.len(), cap: self.caps.bytes }.into());
        }
        tokio::time::timeout(self.patience, self.run(bytes)).await.map_err(|_| SandboxError::TimedOut(self.patience))?
    }

    async fn run(&self, bytes: &[u8]) -> Result<Decoded, SandboxError> {
        let mut child = command(&self.program, self.caps)
            .spawn()
            .map_err(|source| SandboxError::Start { program: self.program.clone(), source })?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SandboxError::BadAnswer);
        };
        let feed = async {
            // A worker that answers early (or dies) closes its end; its answer says why.
            let _ = stdin.write_all(bytes).await;
            drop(stdin);
        };
        let mut answer = Vec::new();
        let mut bounded = stdout.take(wire::longest(self.caps));
        let ((), read) = tokio::join!(feed, bounded.read_to_end(&mut answer));
        read?;
        // Whatever it says beyond the longest honest answer is not waited for.
        drop(bounded);
        let status = child.wait().await?;
        match wire::read(&answer) {
            Some(wire::Answer { result: Err(refused), .. }) => Err(refused.into()),
            Some(wire::Answer { confined, result: Ok(Sound { samples, whole }) }) if status.success() => {
                Ok(Decoded { samples, whole, confined })
            }
            None if status.success() => Err(SandboxError::BadAnswer),
            // Nothing in the samples says where they should have ended.
            _ => Err(SandboxError::Died(status)),
        }
    }
}

fn command(program: &Path, caps: Caps) -> Command {
    let mut command = Command::new(program);
    command
        .args([WORKER_COMMAND, &caps.bytes.to_string(), &caps.seconds.to_string()])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    // Only the dynamic loader reads this one, to find libtorch where there is no rpath.
    if let Some(path) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", path);
    }
    command
}
