//! Signals by their names.

use std::fmt;
use std::str::FromStr;

/// A signal: one that this program sends to a process, or one that it receives.
///
/// It parses from a name with or without `SIG` (`"SIGTERM"`, `"TERM"`, `"SIGRTMIN+3"`) and displays as the full name.
///
/// # Examples
///
/// ```
/// use rootward_core::Signal;
///
/// assert_eq!("TERM".parse(), Ok(Signal::TERM));
/// assert_eq!(Signal::INT.to_string(), "SIGINT");
/// assert_eq!(Signal::INT.exit_status(), 130);
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

/// Defines the signals that have a name on this system, each once.
macro_rules! signals {
    ($table:ident: $($(#[$doc:meta])* $short:ident $full:ident),+ $(,)?) => {
        impl Signal {
            $($(#[$doc])* pub const $short: Self = Self(libc::$full);)+
        }

        const $table: &[(i32, &str)] = &[$((libc::$full, stringify!($full))),+];
    };
}

signals! {
    POSIX:
    /// `SIGHUP`: the terminal was closed, or by custom: read the configuration again.
    HUP SIGHUP,
    /// `SIGINT`: Ctrl-C.
    INT SIGINT,
    /// `SIGQUIT`: Ctrl-\; many programs dump core.
    QUIT SIGQUIT,
    /// `SIGILL`: the program ran an instruction that does not exist.
    ILL SIGILL,
    /// `SIGTRAP`: a breakpoint was reached.
    TRAP SIGTRAP,
    /// `SIGABRT`: the program aborted itself.
    ABRT SIGABRT,
    /// `SIGBUS`: the program used memory behind which there is nothing.
    BUS SIGBUS,
    /// `SIGFPE`: an arithmetic operation had no result.
    FPE SIGFPE,
    /// `SIGKILL`: the kernel ends the process, without asking it.
    KILL SIGKILL,
    /// `SIGUSR1`: means what the program says it means.
    USR1 SIGUSR1,
    /// `SIGSEGV`: the program used memory that it may not use.
    SEGV SIGSEGV,
    /// `SIGUSR2`: means what the program says it means.
    USR2 SIGUSR2,
    /// `SIGPIPE`: the program wrote to a pipe that has no reader.
    PIPE SIGPIPE,
    /// `SIGALRM`: a timer of the program went off.
    ALRM SIGALRM,
    /// `SIGTERM`: the request to stop.
    TERM SIGTERM,
    /// `SIGCHLD`: a child process ended, stopped or continued.
    CHLD SIGCHLD,
    /// `SIGCONT`: a stopped process runs again.
    CONT SIGCONT,
    /// `SIGSTOP`: the kernel stops the process until it is continued.
    STOP SIGSTOP,
    /// `SIGTSTP`: Ctrl-Z.
    TSTP SIGTSTP,
    /// `SIGTTIN`: a background process read from the terminal.
    TTIN SIGTTIN,
    /// `SIGTTOU`: a background process wrote to the terminal.
    TTOU SIGTTOU,
    /// `SIGURG`: a socket has urgent data.
    URG SIGURG,
    /// `SIGXCPU`: the process used more processor time than it may.
    XCPU SIGXCPU,
    /// `SIGXFSZ`: the process wrote a larger file than it may.
    XFSZ SIGXFSZ,
    /// `SIGVTALRM`: a timer of the process's own processor time went off.
    VTALRM SIGVTALRM,
    /// `SIGPROF`: a profiling timer went off.
    PROF SIGPROF,
    /// `SIGWINCH`: the terminal changed its size.
    WINCH SIGWINCH,
    /// `SIGSYS`: the program made a system call that it may not make.
    SYS SIGSYS,
}

#[cfg(target_os = "linux")]
signals! {
    LINUX:
    /// `SIGIO`: a descriptor is ready.
    IO SIGIO,
    /// `SIGPWR`: the power fails.
    PWR SIGPWR,
    /// `SIGSTKFLT`: the kernel does not send it.
    STKFLT SIGSTKFLT,
}

#[cfg(not(target_os = "linux"))]
const LINUX: &[(i32, &str)] = &[];

impl Signal {
    /// The signal's number on this system.
    pub fn number(self) -> i32 {
        self.0
    }

    /// The signal with this number, or `None` if the system has none.
    pub fn from_number(number: i32) -> Option<Self> {
        (1..=last()).contains(&number).then_some(Self(number))
    }

    /// The signal's full name, such as `SIGTERM` or `SIGRTMIN+3`.
    pub fn name(self) -> &'static str {
        let named = POSIX.iter().chain(LINUX).find(|(number, _)| *number == self.0);
        named.map_or_else(|| unnamed(self.0), |(_, name)| name)
    }

    /// The exit status of a program that leaves because of this signal: 128 and its number, as shells have it.
    pub fn exit_status(self) -> u8 {
        // No Unix numbers its signals above 127, so the other case is there for the type alone.
        u8::try_from(128 + self.0).unwrap_or(u8::MAX)
    }
}

impl FromStr for Signal {
    type Err = UnknownSignal;

    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let name = text.strip_prefix("SIG").unwrap_or(text);
        let all = (1..=last()).map(Self);
        all.into_iter()
            .find(|signal| signal.name().strip_prefix("SIG") == Some(name) && !is_reserved(signal.0))
            .ok_or_else(|| UnknownSignal { name: text.to_owned() })
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The highest number of a signal.
fn last() -> i32 {
    #[cfg(target_os = "linux")]
    return libc::SIGRTMAX();
    #[cfg(not(target_os = "linux"))]
    return 31;
}

/// Whether the C library keeps this signal for itself. A process can still end by it.
fn is_reserved(number: i32) -> bool {
    #[cfg(target_os = "linux")]
    return (32..libc::SIGRTMIN()).contains(&number);
    #[cfg(not(target_os = "linux"))]
    return {
        let _ = number;
        false
    };
}

/// The name of a real-time signal, or of one that has none.
fn unnamed(number: i32) -> &'static str {
    /// Real-time signals, counted from the first that programs may use.
    const REAL_TIME: [&str; 33] = [
        "SIGRTMIN",
        "SIGRTMIN+1",
        "SIGRTMIN+2",
        "SIGRTMIN+3",
        "SIGRTMIN+4",
        "SIGRTMIN+5",
        "SIGRTMIN+6",
        "SIGRTMIN+7",
        "SIGRTMIN+8",
        "SIGRTMIN+9",
        "SIGRTMIN+10",
        "SIGRTMIN+11",
        "SIGRTMIN+12",
        "SIGRTMIN+13",
        "SIGRTMIN+14",
        "SIGRTMIN+15",
        "SIGRTMIN+16",
        "SIGRTMIN+17",
        "SIGRTMIN+18",
        "SIGRTMIN+19",
        "SIGRTMIN+20",
        "SIGRTMIN+21",
        "SIGRTMIN+22",
        "SIGRTMIN+23",
        "SIGRTMIN+24",
        "SIGRTMIN+25",
        "SIGRTMIN+26",
        "SIGRTMIN+27",
        "SIGRTMIN+28",
        "SIGRTMIN+29",
        "SIGRTMIN+30",
        "SIGRTMIN+31",
        "SIGRTMIN+32",
    ];
    #[cfg(target_os = "linux")]
    if let Some(name) = usize::try_from(number - libc::SIGRTMIN()).ok().and_then(|above| REAL_TIME.get(above))
    {
        return name;
    }
    match number {
        32 => "SIG32",
        33 => "SIG33",
        34 => "SIG34",
        _ => "an unknown signal",
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_real_time_signal_is_counted_from_the_first() {
        let third: Signal = "SIGRTMIN+3".parse().unwrap();

        assert_eq!(third.number(), libc::SIGRTMIN() + 3);
        assert_eq!(third.to_string(), "SIGRTMIN+3");
        assert_eq!("RTMIN".parse::<Signal>().unwrap().to_string(), "SIGRTMIN");
    }

    #[test]
    fn a_text_that_names_no_signal_is_refused_by_name() {
        let texts = ["", "SIG", "term", "SIGNOPE", "9", "SIGRTMIN+99", "SIGRTMIN-1", "SIGRTMIN+-1", "SIG32"];
        for text in texts {
            assert_eq!(text.parse::<Signal>(), Err(UnknownSignal { name: text.to_owned() }));
        }
    }

    #[test]
    fn every_signal_of_the_system_has_a_name_and_a_number_of_its_own() {
        let all: Vec<Signal> = (1..=last()).map(|number| Signal::from_number(number).unwrap()).collect();
        let mut names: Vec<&str> = all.iter().map(|signal| signal.name()).collect();
        names.sort_unstable();
        names.dedup();

        assert_eq!((Signal::from_number(9).unwrap().name(), names.len()), ("SIGKILL", all.len()));
        assert!(names.iter().all(|name| name.starts_with("SIG")));
        assert_eq!((Signal::from_number(0), Signal::from_number(last() + 1)), (None, None));
    }

    #[test]
    fn a_program_that_leaves_by_a_signal_has_the_status_that_shells_expect() {
        assert_eq!([Signal::HUP, Signal::INT, Signal::TERM].map(Signal::exit_status), [129, 130, 143]);
    }
}
