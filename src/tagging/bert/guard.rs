//! Panics are rust-bert's way to report what libtorch refuses: here they become errors of one line.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// What libtorch begins its list of C++ frames with, as it is and as it is quoted.
const FRAMES: [&str; 2] = ["\nException raised", "\\nException raised"];

thread_local! {
    /// Whether a panic of this thread is caught, and told by whoever catches it.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Turns a panic into its first line, which then stands nowhere else.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    quieten();
    GUARDED.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    done.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        said.and_then(|said| without_frames(said).lines().next()).unwrap_or("it does not say why").to_owned()
    })
}

/// Leaves out of an error where in libtorch it was raised: some thirty lines of frames.
pub(super) fn without_frames(said: &str) -> &str {
    FRAMES.iter().fold(said, |said, mark| said.split_once(mark).map_or(said, |(before, _)| before))
}

/// Has panics that are caught here written nowhere else; all others are told as before.
fn quieten() {
    // Only the process has a hook: ours goes in front of the one that is there, once.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line_without_frames() {
        let told = |said: String| guarded::<()>(|| panic::panic_any(said)).expect_err("a panic");
        assert_eq!(told("no such kind\nException raised from f at a.cpp:1".to_owned()), "no such kind");
        assert_eq!(told("Torch(\"no such kind\\nException raised from f\")".to_owned()), "Torch(\"no such kind");
        assert_eq!(told("two\nlines".to_owned()), "two");
        assert_eq!(guarded(|| 1), Ok(1));
        assert!(!GUARDED.get(), "what panics next is told as ever");
    }
}
