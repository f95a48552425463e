//! `restart`, `stop` and `signal`: what changes the tree, where the program allows it.

use std::process::ExitCode;

use rootward_observer::client::{Client, Control, Message};
use rootward_observer::wire::Done;

use super::command_error::CommandError;
use super::out::Out;

/// Restarts a child, and waits until it runs.
pub(super) async fn restart(client: &Client, path: &str, out: &Out) -> Result<ExitCode, CommandError> {
    let done = client.control(Control::Restart(path)).await?;
    answer(&done, out, || format!("{path} has been restarted\n"))
}

/// Stops a child, and waits until it is gone.
pub(super) async fn terminate(client: &Client, path: &str, out: &Out) -> Result<ExitCode, CommandError> {
    let done = client.control(Control::Terminate(path)).await?;
    answer(&done, out, || format!("{path} is gone\n"))
}

/// Sends a signal to a process.
pub(super) async fn signal(
    client: &Client,
    path: &str,
    signal: &str,
    out: &Out,
) -> Result<ExitCode, CommandError> {
    let done = client.control(Control::Signal { signal, path }).await?;
    answer(&done, out, || format!("{signal} has been sent to {path}\n"))
}

/// Stops the tree, and waits until it is gone.
pub(super) async fn stop(client: &Client, out: &Out) -> Result<ExitCode, CommandError> {
    // First, so that its end is not missed.
    let mut events = client.events(None).await?;
    let done = client.control(Control::Stop).await?;
    loop {
        match events.next().await? {
            Some(Message::End(_)) => return answer(&done, out, || "the tree is gone\n".to_owned()),
            Some(_) => {}
            None => return Err(CommandError::Closed),
        }
    }
}

fn answer(done: &Done, out: &Out, text: impl FnOnce() -> String) -> Result<ExitCode, CommandError> {
    out.say(done, text)?;
    Ok(ExitCode::SUCCESS)
}
