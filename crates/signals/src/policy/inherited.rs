//! Which signals stay ignored, because whatever started the program had them ignored.
//!
//! `nohup` has SIGHUP ignored, and a shell without job control has SIGINT and SIGQUIT ignored in what it starts in the
//! background: the program is not meant to hear what the terminal sends. SIGTERM is meant for the program alone, and
//! is heard in any case.

use crate::Signal;

/// Whether a signal is left alone. `is_ignored` is what the program was started with.
pub(crate) fn stays_ignored(signal: Signal, is_ignored: bool, heed_ignored: bool) -> bool {
    is_ignored && !heed_ignored && matches!(signal, Signal::HUP | Signal::INT | Signal::QUIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_terminal_sends_stays_ignored_unless_the_application_says_otherwise() {
        for signal in [Signal::HUP, Signal::INT, Signal::QUIT] {
            assert!(stays_ignored(signal, true, false), "{signal}");
            assert!(!stays_ignored(signal, true, true), "{signal}");
            assert!(!stays_ignored(signal, false, false), "{signal}");
        }
    }

    #[test]
    fn what_is_sent_to_the_program_alone_is_heard() {
        for signal in [Signal::TERM, Signal::USR1, Signal::USR2, Signal::ALRM] {
            assert!(!stays_ignored(signal, true, false), "{signal}");
        }
    }
}
