//! The child side: confine this process, then decode what comes on standard input.
//!
//! Nothing may run before [`run`]: no runtime, no threads, no files. After the limits stand, a
//! decoder that has been taken over by its input can burn 20 s of CPU and 512 MB, and say
//! something wrong on its standard output; it can open no file, connect nowhere, start nothing.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, setpriority_process, setrlimit};

use super::super::decode::{self, Caps};
use super::wire;

/// Memory a worker may map beyond what the program itself occupies when it starts, in bytes.
const MEMORY: u64 = 512 * 1024 * 1024;
/// CPU time of a worker in seconds.
const CPU_SECONDS: u64 = 20;
/// As much as `crate::models::behind` gives way; it is not part of the small program.
const NICENESS: i32 = 10;

/// Runs this process as decode worker: `main` calls it when the first argument is
/// `decode-worker`, before anything else starts. The arguments that follow are the caps
/// in bytes and seconds.
pub fn run() -> ExitCode {
    let mut caps = std::env::args().skip(2);
    let caps = match (caps.next().and_then(|bytes| bytes.parse().ok()), caps.next().and_then(|s| s.parse().ok())) {
        (Some(bytes), Some(seconds)) => Caps { bytes, seconds },
        _ => Caps::default(),
    };
    match confine().and_then(|confined| work(caps, confined)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn work(caps: Caps, confined: bool) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    wire::greet(&mut stdout, confined)?;
    let mut bytes = Vec::new();
    io::stdin().lock().take(caps.bytes as u64 + 1).read_to_end(&mut bytes)?;
    let result = decode::decode(&bytes, caps);
    wire::write(&mut stdout, &result)?;
    stdout.flush()
}

/// Takes away what decoding does not need. Returns whether the kernel could do all of it.
fn confine() -> io::Result<bool> {
    // Decoding can wait where somebody else wants the processor.
    let _ = setpriority_process(None, NICENESS);
    let memory = mapped_bytes() + MEMORY;
    for (resource, limit) in [
        (Resource::As, memory),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nproc, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    // Kernels before 5.13 know no Landlock; there the limits are all there is.
    let enforced = landlock().is_ok_and(|status| status == RulesetStatus::FullyEnforced);
    // No further descriptor, so no socket of any family either. Landlock itself needs one.
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(enforced)
}

/// Forbids every file, TCP and, on kernels that can, signals and abstract sockets.
fn landlock() -> Result<RulesetStatus, landlock::RulesetError> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// Address space of this process so far: libtorch alone maps several hundred megabytes, which
/// are not the decoder's doing.
fn mapped_bytes() -> u64 {
    let kilobytes = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    kilobytes.unwrap_or(0) * 1024
}
