//! `status` and `why`: what is there, and how it came about.

use std::process::ExitCode;

use rootward_observer::client::Client;
use rootward_observer::model::Model;

use super::failed::Failed;
use super::out::Out;
use super::words;
use crate::terminal::farewell;

/// Shows the tree.
pub(super) async fn status(client: &Client, out: &Out) -> Result<ExitCode, Failed> {
    let snapshot = client.snapshot().await?;
    out.say(&snapshot, || farewell(&Model::from_snapshot(&snapshot), &words::heading(&snapshot)))?;
    Ok(ExitCode::SUCCESS)
}

/// Says why a child is in its state.
pub(super) async fn why(client: &Client, path: &str, out: &Out) -> Result<ExitCode, Failed> {
    let why = client.why(path).await?;
    out.say(&why, || words::why(&why))?;
    Ok(ExitCode::SUCCESS)
}
