//! A tree with a door. Look in with `curl --unix-socket DIRECTORY/door.sock http://door/snapshot`, or follow it with
//! `curl -N --unix-socket DIRECTORY/door.sock http://door/events`, or stop it with `-X POST http://door/stop`.

use rootward::{ChildSpec, Supervisor, TaskContext};
use rootward_observer::Door;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(directory) = std::env::args_os().nth(1) else { return Ok(()) };
    let worker = ChildSpec::task("worker", |cx: TaskContext| async move { cx.stopping().await });
    let tree = Supervisor::new("root").child(worker).start().await?;
    let door = Door::unix(std::path::Path::new(&directory).join("door.sock")).allow_control().open(&tree)?;
    let _ = tree.wait().await;
    door.closed().await;
    Ok(())
}
