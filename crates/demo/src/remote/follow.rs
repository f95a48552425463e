//! `events` and `logs`: what the door remembers, and what comes after it.

use std::process::ExitCode;

use rootward::process::visible_text;
use rootward_observer::client::{Client, Message};
use rootward_observer::wire::{EndMessage, Event, EventMessage, LostMessage, Version, What};

use super::command_error::CommandError;
use super::out::Out;
use crate::safe::safe;
use crate::terminal::line;

/// Shows the newest events.
pub(super) async fn events(client: &Client, follow: bool, out: &Out) -> Result<ExitCode, CommandError> {
    go_through(client, follow, out, |_| true, line).await
}

/// Shows the newest lines of a child and of what is below it.
pub(super) async fn logs(
    client: &Client,
    path: &str,
    follow: bool,
    out: &Out,
) -> Result<ExitCode, CommandError> {
    let below = format!("{path}/");
    let is_meant = |event: &Event| {
        matches!(event.what, What::Output { .. }) && (event.path == path || event.path.starts_with(&below))
    };
    let written = |event: &Event| {
        let What::Output { line, .. } = &event.what else { return String::new() };
        let line = safe(&visible_text(line));
        match event.path.strip_prefix(&below) {
            Some(id) => format!("{} │ {line}\n", safe(id)),
            None => format!("{line}\n"),
        }
    };
    // A child that is not there is told from one that has written nothing.
    client.why(path).await?;
    go_through(client, follow, out, is_meant, written).await
}

async fn go_through(
    client: &Client,
    follow: bool,
    out: &Out,
    is_meant: impl Fn(&Event) -> bool,
    text: impl Fn(&Event) -> String,
) -> Result<ExitCode, CommandError> {
    let newest = client.snapshot().await?.as_of;
    // What the door does not remember any more is told as lost, which is nothing new here.
    let mut events = client.events(Some(0)).await?;
    let mut has_begun = false;
    let mut seq = 0;
    while follow || seq < newest {
        match events.next().await? {
            Some(Message::Event(event)) => {
                (seq, has_begun) = (event.seq, true);
                if is_meant(&event) {
                    let text = text(&event);
                    out.say(&EventMessage { schema: Version, event }, || text)?;
                }
            }
            Some(Message::Lost(lost)) => {
                seq = lost.to;
                if has_begun {
                    let count = lost.count;
                    let text = || format!("{count} events did not come through\n");
                    out.say(&LostMessage { schema: Version, lost }, text)?;
                }
            }
            Some(Message::End(end)) => {
                if follow {
                    out.say(&EndMessage { schema: Version, end }, String::new)?;
                }
                break;
            }
            Some(_) => {}
            None => return Err(CommandError::Closed),
        }
    }
    Ok(ExitCode::SUCCESS)
}
