//! How long a program lives at most.

/// In seconds. No test takes as long.
const LONGEST_LIFE: u32 = 600;

/// Has the program end by itself some day, by SIGALRM: a test that is killed can end nothing that it has started.
pub fn limit_life() {
    nix::unistd::alarm::set(LONGEST_LIFE);
}
