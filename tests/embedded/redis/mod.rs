//! A server for many clients: under load, with clients that misbehave, and more of them than there are places.

mod client;
mod program;
mod resp;

use std::sync::atomic::Ordering;

use rootward::report::Ending;
use rootward::snapshot::ChildState;
use rootward::{EventKind, Exit, Tree};

use self::client::{Client, Reply};
use self::program::{Store, redis};
use crate::{LONG, beside, started, within};

const CLIENTS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_tells_every_client_and_cuts_off_no_answer() {
    let server = Server::start(CLIENTS + 20).await;
    let mut idle = Vec::new();
    for _ in 0..10 {
        let mut client = server.client().await;
        assert_eq!(client.ask(&["PING"]).await, Reply::Simple("PONG".into()));
        idle.push(client);
    }
    let mut subscriber = server.client().await;
    subscriber.send(&["SUBSCRIBE", "news"]).await;
    assert!(matches!(subscriber.reply().await, Reply::Array(_)));
    let busy: Vec<_> = (0..CLIENTS).map(|n| beside(sets_and_gets(server.client(), n))).collect();
    server.serves(20 * CLIENTS).await;

    let report = within("the stop", server.tree.stop()).await;

    assert_eq!(server.store.alive.load(Ordering::SeqCst), 0, "gone means gone");
    assert_eq!((report.ending, report.clean), (Ending::Clean, true), "{report}");
    for client in busy {
        let (answers, last) = within("a client's end", client).await.expect("each answer is right and whole");
        assert!(answers > 0);
        assert_eq!(last, Reply::Error("SHUTDOWN the server is closing".into()));
    }
    for mut client in idle.into_iter().chain([subscriber]) {
        while client.reply().await != Reply::Error("SHUTDOWN the server is closing".into()) {}
        assert_eq!(client.reply().await, Reply::Closed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_is_being_worked_on_is_answered_within_the_grace() {
    let server = Server::start(10).await;
    let mut waits = server.client().await;
    waits.send(&["WAIT", "key"]).await;
    within("the command", server.store.waiting.notified()).await;

    let (report, ()) = tokio::join!(server.tree.stop(), async {
        server.tree.stopping().await;
        server.store.set("key", b"late, and not too late".to_vec());
    });

    assert_eq!(waits.reply().await, Reply::Bulk(Some(b"late, and not too late".to_vec())));
    assert_eq!(waits.reply().await, Reply::Error("SHUTDOWN the server is closing".into()));
    assert_eq!(report.ending, Ending::Clean, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_panics_harms_no_other() {
    let server = Server::start(CLIENTS + 20).await;
    let mut log = server.tree.events();
    let busy: Vec<_> = (0..20).map(|n| beside(sets_and_gets(server.client(), n))).collect();

    for _ in 0..20 {
        let mut client = server.client().await;
        client.send(&["PANIC"]).await;
        assert_eq!(client.reply().await, Reply::Closed);
    }

    let before = server.store.served.load(Ordering::SeqCst);
    server.serves(before + 1000).await;
    let snapshot = server.tree.snapshot();
    for child in ["redis/connections", "redis/listener"] {
        let child = snapshot.find(child).expect("it is there");
        assert_eq!((child.incarnation, child.state), (1, ChildState::Running));
    }
    let report = within("the stop", server.tree.stop()).await;
    assert_eq!(report.ending, Ending::Clean, "{report}");
    for client in busy {
        within("a client's end", client).await.expect("each answer is right and whole");
    }
    let mut panics = 0;
    while let Ok(Some(event)) = log.next().await {
        if matches!(&event.what, EventKind::Exited { status: Some(Exit::Panicked(_)), .. }) {
            panics += 1;
        }
    }
    assert_eq!(panics, 20, "each of them is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_for_whom_there_is_no_place_wait_and_are_all_served() {
    let server = Server::start(4).await;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let client = server.client();
            beside(async move {
                let mut client = client.await;
                let (key, value) = (format!("key {n}"), format!("value {n}"));
                assert_eq!(client.ask(&["SET", &key, &value]).await, Reply::Simple("OK".into()));
                assert_eq!(client.ask(&["GET", &key]).await, Reply::Bulk(Some(value.into_bytes())));
            })
        })
        .collect();

    for client in clients {
        within("a client's turn", client).await.expect("it was served");
    }

    assert_eq!(server.store.most.load(Ordering::SeqCst), 4, "all places were taken, and no more than those");
    assert!(server.tree.stop().await.clean);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_reaches_every_subscriber_and_the_places_of_those_that_leave_are_free() {
    let server = Server::start(3).await;
    for _ in 0..3 {
        let (mut a, mut b, mut publisher) =
            (server.client().await, server.client().await, server.client().await);
        for subscriber in [&mut a, &mut b] {
            subscriber.send(&["SUBSCRIBE", "news"]).await;
            assert!(matches!(subscriber.reply().await, Reply::Array(_)));
        }

        assert_eq!(publisher.ask(&["PUBLISH", "news", "hello"]).await, Reply::Integer(2));

        for subscriber in [&mut a, &mut b] {
            let [kind, channel, text] = ["message", "news", "hello"].map(|it| Reply::Bulk(Some(it.into())));
            assert_eq!(subscriber.reply().await, Reply::Array(vec![kind, channel, text]));
        }
    }
    let report = server.tree.stop().await;
    assert!(report.clean, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_forced_with_the_stop_and_named() {
    let server = Server::start(10).await;
    let (mut deaf, mut publisher) = (server.client().await, server.client().await);
    deaf.send(&["SUBSCRIBE", "news"]).await;
    assert!(matches!(deaf.reply().await, Reply::Array(_)));
    let more_than_the_buffers_take = "x".repeat(64 << 20);
    let published = publisher.ask(&["PUBLISH", "news", &more_than_the_buffers_take]).await;
    assert_eq!(published, Reply::Integer(1));
    deaf.sees_the_beginning_of_a_message().await;
    drop(publisher);
    within("the publisher's end", async {
        while server.store.alive.load(Ordering::SeqCst) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let mut log = server.tree.events();
    server.tree.request_stop();
    within("the listener's end", async {
        while let Some(event) = log.next().await.expect("so few are kept") {
            if event.path == "redis/listener" && matches!(event.what, EventKind::Stopped { .. }) {
                break;
            }
        }
    })
    .await;
    server.tree.force();
    let report = within("the stop", server.tree.wait()).await;

    assert_eq!((report.ending, report.unreapable().len()), (Ending::Forced, 0), "{report}");
    let killed: Vec<_> =
        report.root.walk().into_iter().filter(|node| node.status == Some(Exit::Aborted)).collect();
    assert!(matches!(&killed[..], [node] if node.path.to_string().starts_with("redis/connections/task-")));
    assert_eq!(server.store.alive.load(Ordering::SeqCst), 0);
}

// --- the server and its clients ---

struct Server {
    tree: Tree,
    store: Store,
}

impl Server {
    async fn start(places: usize) -> Self {
        let store = Store::default();
        let tree = started(redis(places, store.clone()), LONG).await;
        Self { tree, store }
    }

    fn client(&self) -> impl Future<Output = Client> + Send + use<> {
        let at = *self.store.at.borrow();
        async move { Client::connect(at.expect("it is ready")).await }
    }

    /// Waits until this many commands have been answered.
    async fn serves(&self, commands: usize) {
        within("that many answers", async {
            while self.store.served.load(Ordering::SeqCst) < commands {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// A client that does not stop by itself: how many answers it got, and what it was told last.
async fn sets_and_gets(client: impl Future<Output = Client>, n: usize) -> (usize, Reply) {
    let mut client = client.await;
    let key = format!("key {n}");
    for round in 0.. {
        let value = format!("value {round}");
        let set = client.ask(&["SET", &key, &value]).await;
        if set != Reply::Simple("OK".into()) {
            return (2 * round, set);
        }
        let found = client.ask(&["GET", &key]).await;
        if found != Reply::Bulk(Some(value.into_bytes())) {
            return (2 * round + 1, found);
        }
    }
    unreachable!("it goes on until it is told")
}
