//! What an orchestrator asks of the demo, and grants it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use rootward::error::InvalidGrace;
use rootward::probes::{self, ProbesAddress};
use rootward::{Application, Finished};

use crate::{messages, tree_file};

/// How long a probe command waits for its answer. The kubelet gives it a second, unless the manifest says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// Options for programs that an orchestrator runs.
#[derive(Args, Clone, Debug)]
pub(crate) struct OrchestratorOptions {
    /// Answer /livez, /readyz and /startupz, at an ADDRESS:PORT or at unix:PATH
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) probes: Option<ProbesAddress>,
    /// How long the tree goes on after the first request to stop, not ready any more; overrides the tree file's
    #[arg(long, value_name = "DURATION", value_parser = tree_file::parse_duration)]
    pub(crate) drain: Option<Duration>,
    /// Explain the end in this file, in at most 4096 bytes (Kubernetes: /dev/termination-log)
    #[arg(long, value_name = "FILE")]
    pub(crate) termination_message: Option<PathBuf>,
}

impl OrchestratorOptions {
    pub(crate) fn apply(&self, program: Application, drain: Duration) -> Application {
        let program = program.drain_delay(self.drain.unwrap_or(drain));
        match &self.probes {
            Some(address) => program.probes(address.to_string()),
            None => program,
        }
    }

    /// Writes the termination message, and says whether it is written where one is wanted.
    pub(crate) fn conclude(&self, finished: &Finished) -> bool {
        self.write(|file| finished.write_termination_message(file))
    }

    /// Writes into the termination message why there is nothing that could have ended.
    pub(crate) fn explain(&self, why: &str) {
        self.write(|file| rootward::application::write_termination_message(file, why));
    }

    fn write(&self, write: impl FnOnce(&Path) -> io::Result<()>) -> bool {
        let Some(file) = &self.termination_message else { return true };
        let wrote = write(file);
        if let Err(error) = &wrote {
            let (file, limit) = (file.display(), messages::limit_behind(error));
            messages::error(format_args!("cannot write the termination message to {file}: {error}{limit}"));
        }
        wrote.is_ok()
    }
}

/// By when a stop has to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// What fits into what the environment says that the orchestrator grants.
    Auto,
    Within(Duration),
}

impl Deadline {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        tree_file::parse_positive_duration(text).map(Self::Within).map_err(|problem| problem.to_string())
    }

    /// The deadline, which is `usual` where the environment says nothing.
    pub(crate) fn or(wanted: Option<Self>, usual: Duration) -> Result<Duration, InvalidGrace> {
        match wanted {
            None => Ok(usual),
            Some(Self::Within(deadline)) => Ok(deadline),
            Some(Self::Auto) => Ok(rootward::application::deadline_from_env()?.unwrap_or(usual)),
        }
    }
}

/// What is asked of a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProbeChoice {
    /// Whether it hangs
    Live,
    /// Whether it takes work
    Ready,
    /// Whether it has started
    Startup,
}

/// Asks a program, and says with which status the demo ends: 0 if it passes, 1 if it does not or does not answer.
pub(crate) fn probe(address: &ProbesAddress, probe: ProbeChoice) -> ExitCode {
    let probe = match probe {
        ProbeChoice::Live => probes::Probe::Live,
        ProbeChoice::Ready => probes::Probe::Ready,
        ProbeChoice::Startup => probes::Probe::Startup,
    };
    match probes::ask(&address.to_string(), probe, PATIENCE) {
        Ok(answer) if answer.passes => messages::answer(&answer.text),
        Ok(answer) => {
            messages::answer(&answer.text);
            ExitCode::FAILURE
        }
        Err(error) => {
            let limit = messages::limit_behind(&error);
            messages::error(format_args!("no answer from {address}: {error}{limit}"));
            ExitCode::FAILURE
        }
    }
}
