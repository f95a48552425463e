//! How long a program lives at most.

/// In seconds. No test takes as long.
const LONGEST_LIFE: u32 = 600;

/// Has the program end by itself some day, by SIGALRM: a test that is killed can end nothing that it has started.
pub fn limit_life() {
    nix::unistd::alarm::set(LONGEST_LIFE);
}

/// Waits a moment, in a program that would take all of the processor otherwise.
#[expect(clippy::disallowed_methods, reason = "a program that misbehaves has nothing to wait for")]
pub fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(1));
}
