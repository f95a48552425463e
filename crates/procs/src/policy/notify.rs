//! What a message of systemd's notify protocol says.
//!
//! A message is lines of the form `KEY=VALUE`. Keys that are not known here are passed over, as the protocol wants it.
//! Pure: it takes the bytes of one message.

use std::time::Duration;

/// What one message says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// `READY=1`.
    pub(crate) ready: bool,
    /// `EXTEND_TIMEOUT_USEC=`: how much longer, from now on, the start may take.
    pub(crate) extend: Option<Duration>,
    /// `STATUS=`, made a text.
    pub(crate) status: Option<String>,
    /// `STOPPING=1`.
    pub(crate) stopping: bool,
    /// `RELOADING=1`.
    pub(crate) reloading: bool,
    /// `MONOTONIC_USEC=`.
    pub(crate) monotonic: Option<u64>,
    /// `MAINPID=`.
    pub(crate) main_pid: Option<u32>,
    /// `ERRNO=`.
    pub(crate) errno: Option<i32>,
    /// `WATCHDOG=1`: it is alive.
    pub(crate) alive: bool,
    /// `WATCHDOG=trigger`: it is not well.
    pub(crate) trigger: bool,
    /// `WATCHDOG_USEC=`: how often it says from now on that it is alive.
    pub(crate) watchdog: Option<Duration>,
    /// `EXIT_STATUS=`.
    pub(crate) exit_status: Option<i32>,
}

impl Told {
    pub(crate) fn read(message: &[u8]) -> Self {
        let message = String::from_utf8_lossy(message);
        let mut told = Self::default();
        for (key, value) in message.split('\n').filter_map(|line| line.split_once('=')) {
            match key {
                "READY" => told.ready |= value == "1",
                "STOPPING" => told.stopping |= value == "1",
                "RELOADING" => told.reloading |= value == "1",
                "MONOTONIC_USEC" => told.monotonic = value.parse().ok(),
                "STATUS" => told.status = Some(value.to_owned()),
                "EXTEND_TIMEOUT_USEC" => told.extend = value.parse().ok().map(Duration::from_micros),
                "WATCHDOG" => {
                    told.alive |= value == "1";
                    told.trigger |= value == "trigger";
                }
                "WATCHDOG_USEC" => told.watchdog = value.parse().ok().map(Duration::from_micros),
                "MAINPID" => told.main_pid = value.parse().ok(),
                "ERRNO" => told.errno = value.parse().ok(),
                "EXIT_STATUS" => told.exit_status = value.parse().ok(),
                _ => {}
            }
        }
        told
    }

    /// Whether it says something beside that the process is ready, or wants time.
    pub(crate) fn has_news(&self) -> bool {
        let Self {
            ready: _,
            extend: _,
            alive: _,
            trigger: _,
            watchdog: _,
            monotonic: _,
            status,
            stopping,
            reloading,
            main_pid,
            errno,
            exit_status,
        } = self;
        *stopping
            || *reloading
            || status.is_some()
            || main_pid.is_some()
            || errno.is_some()
            || exit_status.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_is_read_and_what_is_not_known_is_passed_over() {
        let told = Told::read(
            b"READY=1\nSTATUS=Serving = fine\nX_MINE=7\nMAINPID=42\nEXTEND_TIMEOUT_USEC=1500000\n",
        );

        let expected = Told {
            ready: true,
            status: Some("Serving = fine".into()),
            main_pid: Some(42),
            extend: Some(Duration::from_millis(1500)),
            ..Told::default()
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn only_a_one_says_that_the_process_is_ready_or_stops() {
        assert_eq!(Told::read(b"READY=0\nSTOPPING=yes\nREADY"), Told::default());
        assert!(Told::read(b"STOPPING=1").stopping && !Told::read(b"STOPPING=1").ready);
    }

    #[test]
    fn that_it_reads_its_configuration_again_is_news() {
        let told = Told::read(b"RELOADING=1\nMONOTONIC_USEC=17\nSTATUS=Reading");

        assert!(told.reloading && told.has_news() && !told.ready);
        assert_eq!(told.monotonic, Some(17));
    }

    #[test]
    fn a_sign_of_life_is_no_news() {
        let told = Told::read(b"WATCHDOG=1\nWATCHDOG_USEC=2000000");

        assert_eq!((told.alive, told.watchdog), (true, Some(Duration::from_secs(2))));
        assert!(!told.has_news() && !told.trigger && Told::read(b"WATCHDOG=trigger").trigger);
    }

    #[test]
    fn each_of_these_alone_is_news() {
        for message in
            ["STOPPING=1", "RELOADING=1", "STATUS=Serving", "MAINPID=42", "ERRNO=2", "EXIT_STATUS=3"]
        {
            assert!(Told::read(message.as_bytes()).has_news(), "{message}");
        }
        assert_eq!(Told::read(b"ERRNO=2"), Told { errno: Some(2), ..Told::default() });
    }

    #[test]
    fn a_number_that_is_none_is_passed_over() {
        let told =
            Told::read(b"MAINPID=-1\nERRNO=two\nEXIT_STATUS=3\nEXTEND_TIMEOUT_USEC=99999999999999999999");

        assert_eq!(told, Told { exit_status: Some(3), ..Told::default() });
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange(message: Vec<u8>) {
            Told::read(&message);
        }
    }
}
