//! Models keep a processor busy for seconds; whoever waits for an acknowledgement has some tenths of
//! one. What a model computes therefore runs behind everything else of this program.

use std::thread;

use rustix::process::setpriority_process;
use tokio::sync::oneshot;

/// The niceness of what can wait: where others want the processor it gets a tenth of theirs.
const NICENESS: i32 = 10;

/// Has this thread, and those it will start, stand behind others from now on. A thread that did cannot
/// come forward again, so it must not be one that is used for other things later.
pub fn stand_behind() {
    // For the calling thread, not the process (setpriority(2), "C library/kernel differences"). Where
    // that is refused it runs as before.
    let _ = setpriority_process(None, NICENESS);
}

/// Runs something long on a thread of its own, behind everything else.
///
/// # Errors
/// Why it came to nothing: there is no thread to be had, or it panicked.
pub async fn run<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (give, take) = oneshot::channel();
    let run = move || {
        stand_behind();
        // Whoever waited may have gone.
        let _ = give.send(work());
    };
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|error| format!("there is no thread for it: {error}"))?;
    take.await.map_err(|_| "its thread gave up".to_owned())
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn what_is_long_runs_behind_and_nothing_else_does() {
        let before = getpriority_process(None).unwrap();
        let within = run("long", || getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!(within, NICENESS.max(before));
        let after = tokio::task::spawn_blocking(|| getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!((getpriority_process(None).unwrap(), after), (before, before));
        let broken = run("broken", move || assert!(before > 100, "as the test says")).await;
        assert_eq!(broken, Err("its thread gave up".to_owned()));
    }
}
