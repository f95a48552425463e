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

/// How long to wait until a door that was not there, or did not answer, is asked again.
const AGAIN: Duration = Duration::from_millis(50);

/// What is known of a child while nothing has been answered.
const UNANSWERED: &str = "the door does not answer";

/// What is said of a program that has listened at its door, and does not any more.
const WENT: &str = "the program has gone without a word: nothing listens at its door any more";

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
    // What is said if the time is over before a door has answered.
    let mut last = UNANSWERED.to_owned();
    let waited = timeout(patience, until_judged(client, path, until, &mut last)).await;
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

/// Begins again with a look at the tree whenever the door does not answer. That tells nothing of the child: the program
/// may be suspended, and go on. If it was killed meanwhile, nothing listens at its door any more.
async fn until_judged(
    client: &Client,
    path: &str,
    until: Until,
    last: &mut String,
) -> Result<(WaitOutcome, String), CommandError> {
    let mut was_there = false;
    loop {
        let failed = match follow(client, path, until, last, &mut was_there).await {
            Err(CommandError::Door(failed)) => failed,
            judged => return judged,
        };
        match unanswered(&failed, until, was_there) {
            Unanswered::Yet { says, is_there } => {
                says.clone_into(last);
                was_there |= is_there;
            }
            Unanswered::Gone => return Ok((WaitOutcome::Never, WENT.to_owned())),
            Unanswered::Final => return Err(failed.into()),
        }
        pause().await;
    }
}

async fn follow(
    client: &Client,
    path: &str,
    until: Until,
    last: &mut String,
    was_there: &mut bool,
) -> Result<(WaitOutcome, String), CommandError> {
    let mut model = Model::from_snapshot(&client.snapshot().await?);
    *was_there = true;
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

/// What it means that the door has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unanswered {
    /// A later answer may be another one.
    Yet {
        says: &'static str,
        /// Whether something listens there.
        is_there: bool,
    },
    /// The program was there, and is not any more.
    Gone,
    /// It is what the wait has come to.
    Final,
}

/// A program that starts has no door yet: what is to become ready is waited for.
fn unanswered(failed: &ClientError, until: Until, was_there: bool) -> Unanswered {
    let is_there = |says| Unanswered::Yet { says, is_there: true };
    match failed {
        ClientError::Connect { error, .. } if was_there && is_not_there(error) => Unanswered::Gone,
        ClientError::Connect { error, .. } if until == Until::Ready && is_not_there(error) => {
            Unanswered::Yet { says: "the program has no door there yet", is_there: false }
        }
        // As many watchers as the system lets wait are there already, and the door takes none of them.
        ClientError::Connect { error, .. } if error.kind() == io::ErrorKind::WouldBlock => {
            is_there(UNANSWERED)
        }
        ClientError::Silent => is_there(UNANSWERED),
        // It has been suspended, and finds the watchers that have come meanwhile.
        ClientError::Refused(refusal) if ["busy", "slow"].contains(&&*refusal.code) => {
            is_there("the door has no time for another watcher")
        }
        // It was killed, or closed its door: the next attempt tells.
        ClientError::Broken(_) if was_there => is_there("the connection to the door broke"),
        ClientError::Connect { .. }
        | ClientError::Refused(_)
        | ClientError::Broken(_)
        | ClientError::Format(_)
        | _ => Unanswered::Final,
    }
}

fn is_not_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

#[expect(
    clippy::disallowed_methods,
    reason = "there is no event that says that a program has opened its door, or answers again"
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn waited(socket: &Path, until: Until) -> (Result<(WaitOutcome, String), CommandError>, String) {
        let mut last = UNANSWERED.to_owned();
        let client = Client::unix(socket);
        let judged = until_judged(&client, "root", until, &mut last);
        let waited = timeout(LONG, judged).await.unwrap_or(Ok((WaitOutcome::Timeout, String::new())));
        (waited, last)
    }

    /// Connections that have been made, each of which is kept.
    async fn watchers(door: &UnixListener) -> Vec<UnixStream> {
        let mut watchers = Vec::new();
        while let Ok(accepted) = timeout(Duration::ZERO, door.accept()).await {
            watchers.push(accepted.unwrap().0);
        }
        watchers
    }

    #[tokio::test(start_paused = true)]
    async fn a_door_that_never_answers_is_asked_again_and_again_until_the_time_is_over() {
        for until in [Until::Ready, Until::Gone] {
            let directory = tempfile::tempdir().unwrap();
            let socket = directory.path().join("door.sock");
            let door = UnixListener::bind(&socket).unwrap();

            let (waited, last) = waited(&socket, until).await;

            assert_eq!(waited.unwrap().0, WaitOutcome::Timeout);
            assert_eq!(last, "the door does not answer");
            assert!(watchers(&door).await.len() > 3, "it has been asked more than once");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_is_suspended_and_goes_on_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("door.sock");
        let door = UnixListener::bind(&socket).unwrap();
        let program = async {
            let _suspended = door.accept().await.unwrap();
            let (mut next, _) = door.accept().await.unwrap();
            // From here on, answers come sooner than a client gives up.
            tokio::time::resume();
            loop {
                let _ = next.read(&mut [0; 4096]).await;
                // It may have given up already.
                let _ = next.write_all(SNAPSHOT.replace('\n', "\r\n").as_bytes()).await;
                drop(next);
                next = door.accept().await.unwrap().0;
            }
        };

        let (waited, _) = tokio::select! {
            waited = waited(&socket, Until::Ready) => waited,
            never = program => never,
        };

        assert_eq!(waited.unwrap(), (WaitOutcome::Reached, "root is ready".to_owned()));
    }

    /// Answers what is asked of it, the events as well, with a tree whose root runs.
    const SNAPSHOT: &str = "HTTP/1.1 200 OK
connection: close

{\"schema\":1,\"as_of\":3,\"at\":1.0,\"tree\":{\"state\":\"running\"},\"newest\":[],\"children\":[\
{\"path\":\"root\",\"kind\":\"supervisor\",\"state\":\"running\",\"incarnation\":1,\"restarts\":0}]}";

    #[test]
    fn what_may_be_otherwise_a_moment_later_is_told_from_what_stays() {
        let connect = |kind: io::ErrorKind| ClientError::Connect { place: String::new(), error: kind.into() };
        let refused = |code: &str| {
            let refusal = serde_json::json!({ "code": code, "message": "" });
            ClientError::Refused(serde_json::from_value(refusal).unwrap())
        };

        let is_yet = |failed: &ClientError, until, was_there| {
            matches!(unanswered(failed, until, was_there), Unanswered::Yet { .. })
        };

        for failed in
            [ClientError::Silent, connect(io::ErrorKind::WouldBlock), refused("busy"), refused("slow")]
        {
            for until in [Until::Ready, Until::Gone] {
                let says_that_it_is_there =
                    matches!(unanswered(&failed, until, false), Unanswered::Yet { is_there: true, .. });
                assert!(says_that_it_is_there && is_yet(&failed, until, true), "{failed}");
            }
        }
        for no_door in [connect(io::ErrorKind::NotFound), connect(io::ErrorKind::ConnectionRefused)] {
            let yet = Unanswered::Yet { says: "the program has no door there yet", is_there: false };
            assert_eq!(unanswered(&no_door, Until::Ready, false), yet);
            assert_eq!(unanswered(&no_door, Until::Gone, false), Unanswered::Final, "it may be gone");
            for until in [Until::Ready, Until::Gone] {
                assert_eq!(unanswered(&no_door, until, true), Unanswered::Gone);
            }
        }
        for failed in
            [connect(io::ErrorKind::PermissionDenied), refused("token"), ClientError::Format(String::new())]
        {
            for was_there in [false, true] {
                assert_eq!(unanswered(&failed, Until::Ready, was_there), Unanswered::Final, "{failed}");
            }
        }
    }

    /// It was told that it has no door there yet until the time was over.
    #[tokio::test(start_paused = true)]
    async fn a_program_that_was_killed_while_it_was_suspended_is_not_waited_for() {
        for until in [Until::Ready, Until::Gone] {
            let directory = tempfile::tempdir().unwrap();
            let socket = directory.path().join("door.sock");
            let door = UnixListener::bind(&socket).unwrap();
            let killed = async {
                let suspended = door.accept().await.unwrap();
                // It has asked again, which it does when it has had no answer.
                let again = door.accept().await.unwrap();
                drop((door, suspended, again));
                std::future::pending().await
            };

            let (waited, _) = tokio::select! {
                waited = waited(&socket, until) => waited,
                never = killed => never,
            };

            assert_eq!(waited.unwrap(), (WaitOutcome::Never, WENT.to_owned()), "{until:?}");
        }
    }
}
