//! `wait`: follows the tree until a child is ready or gone.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use rootward_observer::client::{Client, ClientError, EventStream, Message};
use rootward_observer::model::Model;
use rootward_observer::wire::Version;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::command_error::CommandError;
use super::judge::{Until, Verdict, judge};
use super::out::Out;

/// The status of a wait that was not over in time: that of `timeout(1)`.
const TIMED_OUT: u8 = 124;

/// How long a child that has ended has to stay down. Its supervisor decides sooner, also on a loaded machine.
const SETTLED: Duration = Duration::from_secs(1);

/// How long to wait for a door that is not there yet.
const AGAIN: Duration = Duration::from_millis(50);

/// The document that says what a wait has come to.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WaitedDocument {
    /// The version of the formats.
    #[cfg_attr(test, schemars(with = "super::schema_tests::One"))]
    pub(super) schema: Version,
    pub(super) waited: WaitResult,
}

/// What a wait has come to.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct WaitResult {
    /// The child.
    pub(super) path: String,
    /// What was waited for.
    pub(super) until: Until,
    /// What became of it.
    pub(super) result: WaitOutcome,
    /// In a sentence, for people.
    pub(super) says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum WaitOutcome {
    /// It has come about. Status 0.
    Reached,
    /// It cannot come about any more. Status 1.
    Never,
    /// It has not come about in time. Status 124.
    Timeout,
}

/// Waits, and says what it has come to.
pub(super) async fn wait(
    client: &Client,
    path: &str,
    until: Until,
    patience: Duration,
    out: &Out,
) -> Result<ExitCode, CommandError> {
    let mut last = "the program has no door there yet".to_owned();
    let waited = timeout(patience, follow(client, path, until, &mut last)).await;
    let (result, says) = match waited {
        Ok(ended) => ended?,
        Err(_) => (WaitOutcome::Timeout, last),
    };
    let code = match result {
        WaitOutcome::Reached => ExitCode::SUCCESS,
        WaitOutcome::Never => ExitCode::from(rootward::Finished::FAILED),
        WaitOutcome::Timeout => ExitCode::from(TIMED_OUT),
    };
    let waited = WaitResult { path: path.to_owned(), until, result, says };
    let document = WaitedDocument { schema: Version, waited };
    out.say(&document, || {
        let says = &document.waited.says;
        match result {
            WaitOutcome::Reached => format!("{says}\n"),
            WaitOutcome::Never => format!("never: {says}\n"),
            WaitOutcome::Timeout => format!("not in time: {says}\n"),
        }
    })?;
    Ok(code)
}

async fn follow(
    client: &Client,
    path: &str,
    until: Until,
    last: &mut String,
) -> Result<(WaitOutcome, String), CommandError> {
    let mut model = look(client, until).await?;
    let mut events = client.events(Some(model.as_of())).await?;
    // When a child that is down counts as down for good.
    let mut settled: Option<Instant> = None;
    loop {
        match judge(&model, path, until) {
            Verdict::Reached(says) => return Ok((WaitOutcome::Reached, says)),
            Verdict::Never(says) => return Ok((WaitOutcome::Never, says)),
            Verdict::OtherRoot(root) => return Err(CommandError::OtherRoot { path: path.to_owned(), root }),
            Verdict::NotYet(says) => {
                (*last, settled) = (says, None);
                if let Some(over) = next(client, &mut events, &mut model).await? {
                    return Ok(over.of(path, until));
                }
            }
            Verdict::IfItStaysDown(verdict) => {
                let at = *settled.get_or_insert_with(|| now() + SETTLED);
                tokio::select! {
                    over = next(client, &mut events, &mut model) => if let Some(over) = over? {
                        return Ok(over.of(path, until));
                    },
                    () = sleep_until(at) => {
                        // A look tells more of children that are down than events do.
                        model = Model::from_snapshot(&client.snapshot().await?);
                        if matches!(judge(&model, path, until), Verdict::IfItStaysDown(_)) {
                            return Ok(match *verdict {
                                Verdict::Reached(says) => (WaitOutcome::Reached, says),
                                Verdict::Never(says)
                                | Verdict::NotYet(says)
                                | Verdict::OtherRoot(says) => (WaitOutcome::Never, says),
                                Verdict::IfItStaysDown(_) => (WaitOutcome::Never, format!("{path} is down")),
                            });
                        }
                        settled = None;
                    }
                }
            }
        }
    }
}

/// The tree as it is. A program that starts has no door yet: what is to become ready is waited for.
async fn look(client: &Client, until: Until) -> Result<Model, CommandError> {
    loop {
        match client.snapshot().await {
            Ok(snapshot) => return Ok(Model::from_snapshot(&snapshot)),
            Err(ClientError::Connect { error, .. }) if until == Until::Ready && is_not_there(&error) => {
                pause().await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_not_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

#[expect(
    clippy::disallowed_methods,
    reason = "there is no event that says that a program has opened its door"
)]
async fn pause() {
    sleep(AGAIN).await;
}

fn now() -> Instant {
    Instant::now()
}

/// How the tree went out of sight.
enum TreeOver {
    Gone,
    Closed,
}

impl TreeOver {
    fn of(self, path: &str, until: Until) -> (WaitOutcome, String) {
        match (self, until) {
            (Self::Gone, Until::Gone) => {
                (WaitOutcome::Reached, format!("{path} is gone, with the whole tree"))
            }
            (Self::Gone, Until::Ready) => (WaitOutcome::Never, "the tree is gone".to_owned()),
            (Self::Closed, _) => {
                (WaitOutcome::Never, "the program closed its door before its tree was gone".to_owned())
            }
        }
    }
}

/// Waits for the next message, and brings the model up to date.
async fn next(
    client: &Client,
    events: &mut EventStream,
    model: &mut Model,
) -> Result<Option<TreeOver>, CommandError> {
    match events.next().await {
        Ok(Some(Message::Event(event))) => model.apply(&event),
        Ok(Some(Message::Lost(_))) => *model = Model::from_snapshot(&client.snapshot().await?),
        Ok(Some(Message::End(_))) => return Ok(Some(TreeOver::Gone)),
        Ok(Some(_)) => {}
        Ok(None) | Err(ClientError::Broken(_)) => return Ok(Some(TreeOver::Closed)),
        Err(error) => return Err(error.into()),
    }
    Ok(None)
}
