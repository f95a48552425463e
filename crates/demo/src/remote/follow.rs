//! `events` and `logs`: what the door remembers, and what comes after it.

use std::process::ExitCode;

use rootward::process::visible_text;
use rootward_observer::client::{Client, Message};
use rootward_observer::wire::{EndMessage, Event, EventMessage, Lost, LostMessage, Version, What};

use super::command_error::CommandError;
use super::out::Out;
use crate::safe::safe;
use crate::view::{EventLines, Style};

/// Shows the newest events.
pub(super) async fn events(client: &Client, follow: bool, out: &Out) -> Result<ExitCode, CommandError> {
    let mut lines = EventLines::of_another(Style::of_stdout());
    let said = |told: FollowedPart<'_>| match told {
        FollowedPart::Event(event) => lines.sent(event),
        FollowedPart::Lost(Lost { count, to }) => lines.lost(*count, *to),
    };
    go_through(client, follow, out, |_| true, said).await
}

/// Shows the newest lines of a child and of what is below it.
pub(super) async fn logs(
    client: &Client,
    path: &str,
    follow: bool,
    out: &Out,
) -> Result<ExitCode, CommandError> {
    let is_meant = |event: &Event| {
        matches!(event.what, What::Output { .. }) && (event.path == path || below(path, event).is_some())
    };
    let written = |told: FollowedPart<'_>| match told {
        FollowedPart::Event(event) => written(path, event),
        FollowedPart::Lost(lost) => format!("{} events did not come through\n", lost.count),
    };
    // A child that is not there is told from one that has written nothing.
    client.why(path).await?;
    go_through(client, follow, out, is_meant, written).await
}

/// Where below this path an event has happened, if it has.
fn below<'a>(path: &str, event: &'a Event) -> Option<&'a str> {
    event.path.strip_prefix(path)?.strip_prefix('/')
}

/// A line that a child at this path has written, or one below it.
fn written(path: &str, event: &Event) -> String {
    let What::Output { line, .. } = &event.what else { return String::new() };
    let line = safe(&visible_text(line));
    match below(path, event) {
        Some(id) => format!("{} │ {line}\n", safe(id)),
        None => format!("{line}\n"),
    }
}

/// What is put into words, all of which have to be harmless.
enum FollowedPart<'a> {
    Event(&'a Event),
    /// Events that will not come.
    Lost(&'a Lost),
}

async fn go_through(
    client: &Client,
    follow: bool,
    out: &Out,
    is_meant: impl Fn(&Event) -> bool,
    mut text: impl FnMut(FollowedPart<'_>) -> String,
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
                    // Before it is moved into a document.
                    let text = if out.json { String::new() } else { text(FollowedPart::Event(&event)) };
                    out.say_safe(&EventMessage { schema: Version, event }, || text)?;
                }
            }
            Some(Message::Lost(lost)) => {
                seq = lost.to;
                if has_begun {
                    let text = text(FollowedPart::Lost(&lost));
                    out.say_safe(&LostMessage { schema: Version, lost }, || text)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{OneText, is_harmless, with_each_text};

    #[test]
    fn no_text_of_a_line_drives_the_terminal_or_forges_a_line() {
        for OneText { place, bad, .. } in with_each_text::<Event>(|document| document["event"] == "output") {
            let mut below = bad.clone();
            below.path.insert_str(0, "root/");
            for shown in [written("root", &bad), written("root", &below)] {
                assert!(is_harmless(&shown) && shown.lines().count() <= 1, "{place}: {shown:?}");
            }
        }
    }
}
