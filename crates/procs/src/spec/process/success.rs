//! Which ends of a process count as a success.

use super::Process;
use crate::Signal;

/// # What counts as a success
///
/// Exit code 0 always does. What else does is said here (systemd's `SuccessExitStatus=`). It holds wherever it matters
/// how the process has ended: a [transient](rootward_core::Restart::Transient) child stays down, a
/// [job](crate::Ready::completion) is done, and a tree that ends because of it has not failed. The event and the report
/// say both, how it ended and that it counts as a success ([`Exit::Success`](rootward_core::Exit::Success)).
impl Process {
    /// Counts an exit code, from 0 to 255, as a success: 143 for a JVM that ends because of SIGTERM.
    #[doc(alias = "SuccessExitStatus")]
    pub fn success_code(mut self, code: i32) -> Self {
        self.successes.codes.insert(code);
        self
    }

    /// Counts an end by this signal as a success.
    pub fn success_signal(mut self, signal: Signal) -> Self {
        self.successes.signals.insert(signal.number());
        self
    }
}

#[cfg(test)]
mod tests {
    use rootward_core::Exit;

    use super::*;

    #[test]
    fn what_is_named_counts_and_nothing_else() {
        let process = Process::new("java").success_code(143).success_signal(Signal::TERM);
        let judged = |exit| process.successes.judge(exit);
        let signal = |name: &str, number| Exit::Signal {
            name: name.into(),
            number,
            core_dumped: false,
            out_of_memory: false,
        };

        assert_eq!(judged(Exit::Code(143)), Exit::Code(143).into_success());
        assert_eq!(judged(signal("SIGTERM", 15)), signal("SIGTERM", 15).into_success());
        for other in [Exit::Code(0), Exit::Code(15), signal("SIGKILL", 9), Exit::Unknown] {
            assert_eq!(judged(other.clone()), other);
        }
        assert_eq!(process.successes.problem(), None);
        assert!(process.success_code(256).successes.problem().unwrap().ends_with("never 256"));
    }
}
