//! Environments of Python in which independent libraries play the other side.
//!
//! They need Python with `venv` and `pip`; where these cannot be had the tests say so and pass.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::skipped::skipped;

/// Returns the Python of the environment that holds `tests/platforms/NAME-requirements.txt`, made
/// once for each set of requirements, or why there is none.
fn environment(name: &str) -> Result<PathBuf, String> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/platforms/{name}-requirements.txt"));
    let requirements = std::fs::read_to_string(&list).map_err(|error| error.to_string())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (python, marker) = (folder.join("bin/python"), folder.join("made-for.txt"));
    if std::fs::read_to_string(&marker).is_ok_and(|made_for| made_for == requirements) {
        return Ok(python);
    }
    let step = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("{command:?}: {error}")),
    };
    step(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "20", "-r"];
    step(Command::new(&python).args(install).arg(list))?;
    std::fs::write(&marker, requirements).map_err(|error| error.to_string())?;
    Ok(python)
}

/// Runs `tests/platforms/SCRIPT` in an environment and returns what it printed; `None`, said aloud,
/// where there is no such environment.
pub async fn played(name: &'static str, script: &str, arguments: &[&str]) -> Option<String> {
    // Two tests of one library must not make its environment at the same time.
    static MAKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let making = MAKING.lock().await;
    let made = tokio::task::spawn_blocking(move || environment(name)).await.unwrap();
    drop(making);
    let python = match made {
        Ok(python) => python,
        Err(reason) => {
            skipped(&format!("{name} was not the other side, there is no environment for it: {reason}"));
            return None;
        }
    };
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms").join(script));
    command.args(arguments).env("NO_PROXY", "127.0.0.1");
    let run = tokio::task::spawn_blocking(move || command.output());
    let Output { status, stdout, stderr } = run.await.unwrap().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    Some(String::from_utf8(stdout).unwrap())
}
