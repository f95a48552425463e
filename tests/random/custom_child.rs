//! Children of a kind of their own: they may take their time to start, panic when they are asked to stop, and linger
//! when they are forced to.

use rootward::Exit;
use rootward::child_kind::{Launch, Reporter, RunningChild, StartContext, StopRequest};
use rootward::error::StartError;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::behave::{error, live, panics};
use crate::clock::{beside, pass};
use crate::describe::{Answer, Launched, Leaf, Opening};
use crate::registry::Registry;

/// Starts one incarnation.
pub(crate) fn start(leaf: &Leaf, opening: Opening, cx: StartContext, registry: &Registry) -> Launch {
    let StartContext { path, reporter, .. } = cx;
    let (ask, asked) = watch::channel(false);
    let life =
        Life { leaf: leaf.clone(), path: path.to_string(), registry: registry.clone(), asked, reporter };
    let task = beside(life.lead(opening)).abort_handle();
    let child = CustomChild { answer: leaf.answer, ask, task };
    match opening.after {
        Some(_) => Launch::starting(child),
        None => Launch::running(child),
    }
}

struct Life {
    leaf: Leaf,
    path: String,
    registry: Registry,
    asked: watch::Receiver<bool>,
    /// Dropped last, when everything that is above it in here is gone.
    reporter: Reporter,
}

impl Life {
    async fn lead(self, opening: Opening) {
        let Self { leaf, path, registry, mut asked, reporter } = self;
        let listens = !matches!(leaf.answer, Answer::Refuses | Answer::Lingers(_));
        if let Some(after) = opening.after {
            tokio::select! {
                biased;
                _ = asked.wait_for(|asked| *asked), if listens => return reporter.ended(Exit::Normal),
                () = pass(after) => {}
            }
            match opening.outcome {
                Launched::Runs => reporter.started(None),
                Launched::Fails => return reporter.failed(StartError::new(error())),
                Launched::Ignores => return reporter.ignored(),
                Launched::Panics => panics(),
            }
        }
        let stopping = async move {
            if asked.wait_for(|asked| *asked).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let exit = live(leaf, path, registry, stopping).await;
        reporter.ended(exit);
    }
}

/// What the supervisor holds.
struct CustomChild {
    answer: Answer,
    ask: watch::Sender<bool>,
    task: AbortHandle,
}

impl RunningChild for CustomChild {
    fn stop(&mut self, _request: StopRequest) {
        if self.answer == Answer::Throws {
            panics();
        }
        self.ask.send_replace(true);
    }

    fn force(&mut self) {
        let task = self.task.clone();
        match self.answer {
            Answer::Lingers(time) => {
                beside(async move {
                    pass(time).await;
                    task.abort();
                });
            }
            Answer::Obeys
            | Answer::Dawdles(_)
            | Answer::Refuses
            | Answer::Fails
            | Answer::Panics
            | Answer::PanicsInDrop
            | Answer::Breeds
            | Answer::Throws => task.abort(),
        }
    }

    fn force_name(&self) -> &'static str {
        "abort"
    }
}
