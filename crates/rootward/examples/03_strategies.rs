//! Lesson 3: which siblings are restarted together with a child.
//!
//! - `one_for_one` restarts the child that failed, and no other. It is the default.
//! - `one_for_all` restarts all, because none of them is worth anything without the others.
//! - `rest_for_one` restarts the child that failed and those that were started after it, because they build
//!   upon it.
//!
//! Here a connection fails once under each of them. The program prints what the supervisor did about it.

#![expect(clippy::print_stdout, reason = "a lesson speaks to its reader")]

use std::error::Error;

use rootward::{
    Application, AutoShutdown, ChildSpec, Event, EventKind, Restart, Strategy, Supervisor, TaskContext,
};
use tokio::sync::watch;

fn main() -> Result<(), Box<dyn Error>> {
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        println!("{strategy:?}");
        let mut program = Application::new(three_children(strategy)).prepare()?;
        let mut events = program.subscribe();

        let finished = program.run()?;

        // What happened has been kept for us, up to the root's last event.
        while let Some(event) = events.blocking_next()? {
            tell(&event);
        }
        assert_eq!(finished.status(), 0, "a failure that was restarted is no failure of the tree");
    }
    Ok(())
}

fn tell(event: &Event) {
    let path = &event.path;
    if let EventKind::Started { .. } = &event.what {
        println!("  {path} started, incarnation {}", event.incarnation);
    } else if let EventKind::Exited { status: Some(status), .. } = &event.what {
        println!("  {path} {status}");
    } else if let EventKind::Stopping { cause, .. } = &event.what {
        println!("  {path} has to stop: {cause}");
    }
}

fn three_children(strategy: Strategy) -> Supervisor {
    let (in_use, _) = watch::channel(false);
    let used = in_use.clone();
    Supervisor::new("root")
        .strategy(strategy)
        .auto_shutdown(AutoShutdown::AnySignificant)
        .child(ChildSpec::task("config", |cx| async move { cx.stopping().await }))
        .child(
            ChildSpec::task("connection", move |cx| connection(cx, used.subscribe()))
                .restart(Restart::Transient)
                .significant(true),
        )
        .child(ChildSpec::task("session", move |cx| session(cx, in_use.clone())))
}

/// Fails the first time it is used. The second time it comes to a good end, and so does the program.
async fn connection(
    cx: TaskContext,
    mut used: watch::Receiver<bool>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    used.wait_for(|used| *used).await?;
    if cx.incarnation() == 1 { Err("connection refused".into()) } else { Ok(()) }
}

/// Uses the connection for as long as it runs.
async fn session(cx: TaskContext, in_use: watch::Sender<bool>) {
    in_use.send_replace(true);
    cx.stopping().await;
    in_use.send_replace(false);
}
