//! How one program is started without a tree of its own.

use std::sync::{Arc, Mutex};

use rootward_core::{AutoShutdown, Restart, StartError, Supervisor, TreeStartError, sibling};

use super::end::Course;
use super::{Contained, OutputLines, ProgramStartError};
use crate::set::KillSlot;
use crate::shared_containment::shared_containment;
use crate::{Containment, LaunchError, Pipes, Process};

/// The program's place in its tree.
const ROOT: &str = "spawned";
const PROGRAM: &str = "program";

/// How much text is kept for a reader that does not read.
const KEPT: usize = 1024 * 1024;

impl Process {
    /// Starts this program alone, without a tree of one's own, and waits until it is ready.
    ///
    /// Everything of this description counts: readiness, outputs, stop ladder, retries. The program is never started
    /// again. It is contained as far as is possible, with a warden that all programs share that are started like this
    /// ([`Warden::itself`](crate::Warden::itself), or else [`Warden::find`](crate::Warden::find)); the first start
    /// makes it, which blocks for some milliseconds, and it ends with the last program.
    /// [`spawn_in`](Self::spawn_in) takes a containment of one's own.
    ///
    /// # Errors
    ///
    /// [`ProgramStartError`] if the description makes no sense, or the program could not be started or did not get
    /// ready.
    /// Nothing is left of it then.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose I/O or timers are not enabled.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the program is killed with all that it has started.
    ///
    /// # Examples
    ///
    /// A test that needs a server: it is there when the second line begins, and gone when the test ends, however that
    /// ends.
    ///
    /// ```
    /// use rootward_procs::{Process, Ready};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listen = "import socket; s = socket.create_server(('127.0.0.1', 0)); print('port', \
    /// #     s.getsockname()[1], flush=True); s.accept()[0].sendall(b'hello')";
    /// # if std::process::Command::new("python3").arg("--version").output().is_err() { return Ok(()); }
    /// let server = Process::new("python3").args(["-c", listen]).ready(Ready::line_containing("port "));
    /// let mut server = server.spawn().await?;
    ///
    /// let line = server.take_output().unwrap().next().await?.unwrap().line;
    /// let port: u16 = line.trim_start_matches("port ").parse()?;
    /// std::net::TcpStream::connect(("127.0.0.1", port))?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn spawn(self) -> Result<Contained, ProgramStartError> {
        until_ready(self.launch()?).await
    }

    /// The same with this containment.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the program is killed with all that it has started.
    pub async fn spawn_in(self, containment: &Containment) -> Result<Contained, ProgramStartError> {
        until_ready(self.launch_in(containment)?).await
    }

    /// Begins to start this program alone, and returns at once: for a caller that reads its output while it gets ready.
    /// [`Contained::ready`] waits.
    ///
    /// # Errors
    ///
    /// [`ProgramStartError::Description`] if the description makes no sense, and [`LaunchError::Transient`] if the
    /// system has nothing to spare for a warden at the moment: nothing is started at a weaker level for that.
    ///
    /// # Panics
    ///
    /// If it is called outside a tokio runtime, or in one whose I/O or timers are not enabled.
    pub fn launch(self) -> Result<Contained, ProgramStartError> {
        let containment = match shared_containment() {
            Ok(containment) => containment,
            Err(error) => {
                let error = LaunchError::new(self.command(), error);
                return Err(ProgramStartError::Start(StartError::new(error)));
            }
        };
        begin(self, containment)
    }

    /// The same with this containment.
    ///
    /// # Errors
    ///
    /// As [`launch`](Self::launch).
    ///
    /// # Panics
    ///
    /// As [`launch`](Self::launch).
    pub fn launch_in(self, containment: &Containment) -> Result<Contained, ProgramStartError> {
        begin(self, Arc::new(containment.clone()))
    }
}

async fn until_ready(contained: Contained) -> Result<Contained, ProgramStartError> {
    contained.ready().await?;
    Ok(contained)
}

fn begin(mut process: Process, containment: Arc<Containment>) -> Result<Contained, ProgramStartError> {
    let pipes = Pipes::new();
    if process.command().is_piped() && process.command().feed.is_none() {
        process = process.pipes(&pipes);
    }
    let program = process.into_child(PROGRAM).restart(Restart::Temporary).significant(true);
    let root = Supervisor::new(ROOT).auto_shutdown(AutoShutdown::AnySignificant).child(program);
    let tree = root.into_tree().map_err(TreeStartError::from)?;
    let kill = Arc::new(KillSlot::default());
    // The program's own tree, or what hears its signals, may still be to come.
    let tree = sibling::keep_early_signals(tree);
    let mut tree = containment.apply(tree).provide(Arc::clone(&kill)).event_bytes(KEPT).deadline(None);
    let (course, lines) = (Course::new(tree.subscribe()), OutputLines::new(tree.subscribe()));
    let (course, lines) = (Mutex::new(course), Some(lines));
    Ok(Contained { tree: tree.launch(), course, lines, pipes, ends: None, kill, containment })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rootward_core::sibling::{EarlySignals, note_early_signals};

    use super::*;

    thread_local! {
        static GIVEN_BACK: Cell<u32> = const { Cell::new(0) };
    }

    #[tokio::test]
    async fn a_program_without_a_tree_gives_back_no_early_signals_and_a_tree_does() {
        let give_back = || GIVEN_BACK.with(|count| count.set(count.get() + 1));
        note_early_signals(EarlySignals { handler: 0, take: Vec::new, give_back });

        let contained = Process::new("true").launch_in(&Containment::group()).unwrap();
        assert_eq!(GIVEN_BACK.get(), 0);
        assert!(contained.wait().await.success());
        let tree = Supervisor::new("root").into_tree().unwrap().launch();
        assert_eq!(GIVEN_BACK.get(), 1);
        tree.stop().await;
    }
}
