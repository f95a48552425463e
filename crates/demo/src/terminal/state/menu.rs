//! Pure: the signals to choose from.

/// Which signals can be sent to a process, the gentlest first.
pub(crate) const SIGNALS: [&str; 8] =
    ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGSTOP", "SIGCONT", "SIGKILL"];

/// A signal is being chosen for a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Menu {
    pub(crate) path: String,
    pub(crate) pid: u32,
    pub(crate) chosen: usize,
}

impl Menu {
    pub(crate) fn new(path: String, pid: u32) -> Self {
        Self { path, pid, chosen: 0 }
    }

    pub(crate) fn go(&mut self, down: bool) {
        let last = SIGNALS.len() - 1;
        self.chosen = if down { (self.chosen + 1).min(last) } else { self.chosen.saturating_sub(1) };
    }
}
