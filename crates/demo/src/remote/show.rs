//! `status` and `why`: what is there, and how it came about.

use std::process::ExitCode;

use rootward_observer::client::Client;
use rootward_observer::wire::Kind;

use super::command_error::CommandError;
use super::out::Out;
use super::words;

/// Shows the tree, and what its processes use if that is asked for.
pub(super) async fn status(client: &Client, usage: bool, out: &Out) -> Result<ExitCode, CommandError> {
    let snapshot = if usage { client.snapshot_with_usage().await? } else { client.snapshot().await? };
    out.say(&snapshot, || words::status(&snapshot))?;
    Ok(ExitCode::SUCCESS)
}

/// Says why a child is in its state.
pub(super) async fn why(client: &Client, path: &str, out: &Out) -> Result<ExitCode, CommandError> {
    let why = client.why(path).await?;
    // Asked for what is shown, and not for what a script takes.
    let is_process = why.child.kind == Kind::Process && why.child.pid.is_some() && !out.json;
    let used = if is_process { client.usage(path).await.ok() } else { None };
    out.say(&why, || words::why(&why, used.as_ref().map(|used| &used.usage)))?;
    Ok(ExitCode::SUCCESS)
}
