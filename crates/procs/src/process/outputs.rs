//! The outputs of one process: makes lines events, and looks among them for the one that says that the process is
//! ready.

use std::io;
use std::os::fd::OwnedFd;

use rootward_core::{OutputSink, Stream};

use super::panics::catch;
use super::pump::{Pump, Written};
use crate::spec::LinePattern;

/// Our ends of what a process writes to.
#[derive(Debug)]
pub(super) struct Outputs {
    pumps: [Option<Pump>; 2],
    /// Which is read next if there is something in both, so that neither has to wait for the other's end.
    turn: usize,
    lines: Lines,
}

/// Where lines go.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) sink: OutputSink,
    /// A line that matches says that the process is ready. Looked for until it has come.
    pub(super) ready: Option<LinePattern>,
}

impl Outputs {
    /// Standard output and standard error, as far as they are captured.
    pub(super) fn new(stdout: Option<OwnedFd>, stderr: Option<OwnedFd>, lines: Lines) -> io::Result<Self> {
        let pump = |pipe: Option<OwnedFd>, stream| pipe.map(|pipe| Pump::new(pipe, stream)).transpose();
        let pumps = [pump(stdout, Stream::Stdout)?, pump(stderr, Stream::Stderr)?];
        Ok(Self { pumps, turn: 0, lines })
    }

    /// Waits until there may be something to read, and says in which. Waits for ever once both have ended. Cancel safe.
    pub(super) async fn readable(&self) -> usize {
        let output = self.either_readable().await;
        if let Some(pump) = &self.pumps[output] {
            pump.room(&self.lines.sink).await;
        }
        output
    }

    /// Reads some of an output. `true` says that the process is ready.
    pub(super) fn read(&mut self, output: usize) -> bool {
        let Self { pumps, turn, lines } = self;
        *turn = 1 - output;
        let mut ready = false;
        if let Some(pump) = &mut pumps[output] {
            pump.read(|written| ready |= lines.write(written));
            pumps[output].take_if(|pump| pump.has_ended());
        }
        ready
    }

    /// Reads all that the outputs hold. `true` says that the process is ready.
    pub(super) fn drain(&mut self) -> bool {
        let Self { pumps, lines, .. } = self;
        let mut ready = false;
        for output in pumps {
            if let Some(pump) = output {
                pump.drain(|written| ready |= lines.write(written));
            }
            output.take_if(|pump| pump.has_ended());
        }
        ready
    }

    /// Whether one of them has not ended.
    pub(super) fn are_open(&self) -> bool {
        self.pumps.iter().any(Option::is_some)
    }

    /// Reads on after the process has gone: a process that has left the set may still hold the pipes.
    pub(super) async fn drain_on(self) {
        let Self { pumps: [stdout, stderr], lines: Lines { sink, .. }, .. } = self;
        tokio::join!(drain_on(stdout, &sink), drain_on(stderr, &sink));
    }

    async fn either_readable(&self) -> usize {
        let (first, second) = (self.turn, 1 - self.turn);
        tokio::select! {
            biased;
            () = readable(&self.pumps[first]) => first,
            () = readable(&self.pumps[second]) => second,
        }
    }
}

impl Lines {
    /// Makes lines events. `true` says that the process is ready.
    fn write(&mut self, written: Written<'_>) -> bool {
        let ready = self.ready.as_ref().is_some_and(|pattern| written.any(|line| matches(pattern, line)));
        if ready {
            self.ready = None;
        }
        written.to(&self.sink);
        ready
    }
}

/// A search that panics has found nothing.
fn matches(pattern: &LinePattern, line: &str) -> bool {
    catch(|| pattern.matches(line)).unwrap_or(false)
}

async fn readable(output: &Option<Pump>) {
    match output {
        Some(pump) => pump.readable().await,
        None => std::future::pending().await,
    }
}

async fn drain_on(output: Option<Pump>, sink: &OutputSink) {
    if let Some(pump) = output {
        pump.drain_on(sink).await;
    }
}
