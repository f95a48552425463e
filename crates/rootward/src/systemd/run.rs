//! The thread between a tree and the service manager.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rootward_core::{Events, StopReport, Tree, TreeRef, sibling};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::ReloadNotifier;
use super::policy::Notifier;
use super::reloads::{Reload, Reloads};
use super::socket::NotifySocket;

/// The thread, which waits for its tree.
#[derive(Debug)]
pub(super) struct TreeFollower {
    socket: Arc<NotifySocket>,
    tree: oneshot::Sender<Followed>,
    reloads: Reloads,
    all_told: AllTold,
}

/// A tree, and what is to be told of it.
struct Followed {
    notifier: Notifier,
    events: Events,
    tree: TreeRef,
    report: ReportFuture,
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("notifier", &self.notifier).finish_non_exhaustive()
    }
}

/// The report of the tree, once there is one.
type ReportFuture = Pin<Box<dyn Future<Output = Option<Arc<StopReport>>> + Send>>;

/// Over when the service manager has been told all there is.
pub(crate) type AllTold = oneshot::Receiver<Infallible>;

impl TreeFollower {
    pub(super) fn spawn(socket: NotifySocket) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let socket = Arc::new(socket);
        let told = Arc::clone(&socket);
        let (tree, arrived) = oneshot::channel();
        let reloads = Reloads::default();
        let begun_and_done = reloads.clone();
        let (goes_on, all_told) = oneshot::channel();
        let follow = move || {
            let _goes_on = goes_on;
            runtime.block_on(async {
                // An error says that there is to be no tree.
                if let Ok(followed) = arrived.await {
                    follow(&told, followed, begun_and_done).await;
                }
            });
        };
        thread::Builder::new().name("rootward-systemd".to_owned()).spawn(follow)?;
        Ok(Self { socket, tree, reloads, all_told })
    }

    /// Where the thread tells what it tells.
    pub(super) fn socket(&self) -> Arc<NotifySocket> {
        Arc::clone(&self.socket)
    }

    pub(super) fn follow(self, notifier: Notifier, tree: &Tree) -> (ReloadNotifier, AllTold) {
        let report = Box::pin(sibling::report_of(tree));
        // What has happened before this it sees in its first look.
        let followed = Followed { notifier, events: tree.events(), tree: tree.downgrade(), report };
        let _ = self.tree.send(followed);
        (ReloadNotifier(self.reloads), self.all_told)
    }
}

/// By tokio's clock, so that virtual time reaches this, too.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

/// How long the report may take after the tree's last event.
const PATIENCE: Duration = Duration::from_secs(1);

async fn follow(socket: &NotifySocket, followed: Followed, reloads: Reloads) {
    let Followed { mut notifier, mut events, tree, report } = followed;
    let look = |notifier: &mut Notifier| {
        let snapshot = tree.snapshot();
        snapshot.map(|snapshot| notifier.look(&snapshot, now())).unwrap_or_default()
    };
    socket.tell(&look(&mut notifier));
    socket.tell(&notifier.news(now()));
    let mut ticks = interval(notifier.period());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut has_asked = false;
    let mut answer = pin!(None);
    loop {
        let news = notifier.wakes_at();
        let notices = tokio::select! {
            event = events.next() => match event {
                Ok(Some(event)) => notifier.hear(&event, now()),
                Ok(None) => break,
                Err(_) => look(&mut notifier),
            },
            reload = reloads.next() => match reload {
                Reload::Begun => notifier.reload_begun(),
                Reload::Done => notifier.reload_done(),
            },
            _ = ticks.tick(), if !has_asked => {
                has_asked = true;
                let root = tree.root();
                answer.set(Some(async move {
                    match root {
                        Some(root) => root.responds().await,
                        None => false,
                    }
                }));
                Vec::new()
            }
            responds = async { answer.as_mut().as_pin_mut().expect("it was asked").await }, if has_asked => {
                has_asked = false;
                answer.set(None);
                if responds { notifier.responded(now()) } else { Vec::new() }
            }
            () = async { sleep_until(news.expect("there is news").into()).await }, if news.is_some() => {
                notifier.news(now())
            }
        };
        socket.tell(&notices);
    }
    // It is written together with the root's last event.
    let report = timeout(PATIENCE, report).await.ok().flatten();
    socket.tell(&notifier.end(report.as_deref()));
}
