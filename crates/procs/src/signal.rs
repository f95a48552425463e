//! Signals by their names.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use nix::sys::signal::Signal as Known;

/// Names a signal that can be sent to a process.
///
/// It parses from a name with or without `SIG` (`"SIGTERM"`, `"TERM"`, `"SIGRTMIN+3"`) and displays as the full name.
///
/// # Examples
///
/// ```
/// use rootward_procs::Signal;
///
/// assert_eq!("TERM".parse(), Ok(Signal::TERM));
/// assert_eq!(Signal::INT.to_string(), "SIGINT");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(i32);

/// Says that a text is not the name of a signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not the name of a signal")]
#[non_exhaustive]
pub struct UnknownSignal {
    /// The text that was refused.
    pub name: String,
}

impl Signal {
    /// `SIGHUP`: the terminal has gone, or by custom: read the configuration again.
    pub const HUP: Self = Self(libc::SIGHUP);
    /// `SIGINT`: what Ctrl-C sends.
    pub const INT: Self = Self(libc::SIGINT);
    /// `SIGQUIT`: what Ctrl-\ sends; many programs dump core.
    pub const QUIT: Self = Self(libc::SIGQUIT);
    /// `SIGKILL`: ends a process that is not asked.
    pub const KILL: Self = Self(libc::SIGKILL);
    /// `SIGUSR1`: means what the program says it means.
    pub const USR1: Self = Self(libc::SIGUSR1);
    /// `SIGUSR2`: means what the program says it means.
    pub const USR2: Self = Self(libc::SIGUSR2);
    /// `SIGTERM`: the request to stop.
    pub const TERM: Self = Self(libc::SIGTERM);
    /// `SIGCONT`: lets a stopped process run again.
    pub const CONT: Self = Self(libc::SIGCONT);
    /// `SIGSTOP`: stops a process until it is continued.
    pub const STOP: Self = Self(libc::SIGSTOP);

    /// This signal, and SIGCONT after it, without which a stopped process would not react. Nothing need follow SIGKILL.
    pub(crate) fn and_continue(self) -> impl Iterator<Item = Self> {
        [Some(self), (self != Self::KILL).then_some(Self::CONT)].into_iter().flatten()
    }

    /// The signal's number on this system.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The signal's full name, such as `SIGTERM`.
    pub fn name(self) -> Cow<'static, str> {
        match (Known::try_from(self.0), self.0 - libc::SIGRTMIN()) {
            (Ok(known), _) => known.as_str().into(),
            (Err(_), 0) => "SIGRTMIN".into(),
            (Err(_), above) if above > 0 => format!("SIGRTMIN+{above}").into(),
            // The C library keeps the first real-time signals for itself, but a process can still die of one.
            (Err(_), _) => format!("SIG{}", self.0).into(),
        }
    }

    /// The signal with this number, for a process that was ended by it.
    pub(crate) fn from_number(number: i32) -> Self {
        Self(number)
    }

    fn real_time(name: &str) -> Option<Self> {
        let above = match name.strip_prefix("SIGRTMIN")? {
            "" => 0,
            offset => offset.strip_prefix('+')?.parse().ok()?,
        };
        let number = libc::SIGRTMIN().checked_add(above)?;
        (0 <= above && number <= libc::SIGRTMAX()).then_some(Self(number))
    }
}

impl FromStr for Signal {
    type Err = UnknownSignal;

    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let name = if text.starts_with("SIG") { Cow::Borrowed(text) } else { format!("SIG{text}").into() };
        match Known::from_str(&name) {
            Ok(known) => Ok(Self(known as i32)),
            Err(_) => Self::real_time(&name).ok_or_else(|| UnknownSignal { name: text.to_owned() }),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_parses_with_and_without_its_prefix() {
        assert_eq!("SIGTERM".parse(), Ok(Signal::TERM));
        assert_eq!("TERM".parse(), Ok(Signal::TERM));
        assert_eq!("SIGUSR1".parse(), Ok(Signal::USR1));
    }

    #[test]
    fn a_real_time_signal_is_counted_from_the_first() {
        let third: Signal = "SIGRTMIN+3".parse().unwrap();

        assert_eq!(third.number(), libc::SIGRTMIN() + 3);
        assert_eq!(third.to_string(), "SIGRTMIN+3");
        assert_eq!("RTMIN".parse::<Signal>().unwrap().to_string(), "SIGRTMIN");
    }

    #[test]
    fn what_is_no_signal_is_refused_by_name() {
        for text in
            ["", "SIG", "term", "SIGNOPE", "9", "SIGRTMIN+99", "SIGRTMIN-1", "SIGRTMIN+-1", "SIGRTMIN3"]
        {
            assert_eq!(text.parse::<Signal>(), Err(UnknownSignal { name: text.to_owned() }));
        }
    }

    #[test]
    fn every_signal_that_can_end_a_process_has_a_name() {
        let names: Vec<String> = (1..=64).map(|number| Signal::from_number(number).to_string()).collect();

        assert_eq!(names[8], "SIGKILL");
        assert_eq!(names[31], "SIG32");
        assert!(names.iter().all(|name| name.starts_with("SIG")));
    }
}
