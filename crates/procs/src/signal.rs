//! What follows a signal that is sent to a process.

use rootward_core::Signal;

/// This signal, and SIGCONT after it: a stopped process does not react without it. SIGKILL needs none, and SIGSTOP is
/// to stop it.
pub(crate) fn and_continue(signal: Signal) -> impl Iterator<Item = Signal> {
    let is_followed = !matches!(signal, Signal::KILL | Signal::STOP | Signal::CONT);
    [Some(signal), is_followed.then_some(Signal::CONT)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_continued_after_every_signal_but_those_that_need_none() {
        let all = |signal| and_continue(signal).collect::<Vec<_>>();

        assert_eq!(all(Signal::TERM), [Signal::TERM, Signal::CONT]);
        for alone in [Signal::KILL, Signal::STOP, Signal::CONT] {
            assert_eq!(all(alone), [alone]);
        }
    }
}
