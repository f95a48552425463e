//! A server that keeps keys and passes messages on, in the protocol of Redis.
//!
//! Every connection is a task of its own. There are as many as there are places: the listener reserves one before it
//! accepts a client, so that a client waits in the system's queue and is not turned away.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rootward::{ChildSpec, DynamicSupervisor, Supervisor, SupervisorAddress, TaskContext, TaskSupervisor};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, broadcast, watch};

use super::resp::{read_command, write_bulk, write_bulks};

type Fails = Box<dyn std::error::Error + Send + Sync>;
type Message = Arc<[u8]>;

const CLOSING: &[u8] = b"-SHUTDOWN the server is closing\r\n";

/// The tree: connections are there before the listener, and after it.
pub(super) fn redis(places: usize, store: Store) -> Supervisor {
    let connections = SupervisorAddress::new();
    Supervisor::new("redis")
        .child(DynamicSupervisor::new("connections").at(&connections).max_children(places))
        .child(ChildSpec::service_with("listener", (TaskSupervisor::at(&connections), store), listen))
}

async fn listen(cx: TaskContext, (connections, store): (TaskSupervisor, Store)) -> Result<(), Fails> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    store.at.send_replace(Some(listener.local_addr()?));
    cx.ready();
    while let Some(place) = cx.unless_stopping(connections.reserve()).await {
        let place = place?;
        let Some(accepted) = cx.unless_stopping(listener.accept()).await else { break };
        let (socket, _) = accepted?;
        let store = store.clone();
        place.spawn(move |cx| converse(cx, socket, store)).await?;
    }
    Ok(())
}

/// One connection. A stop comes between two commands and never within one.
async fn converse(cx: TaskContext, socket: TcpStream, store: Store) -> io::Result<()> {
    let _alive = Alive::new(&store);
    let (reader, mut writer) = socket.into_split();
    let mut reader = BufReader::new(reader);
    while let Some(command) = cx.unless_stopping(read_command(&mut reader)).await {
        let Some(command) = command? else { return Ok(()) };
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        match words[..] {
            ["PING"] => writer.write_all(b"+PONG\r\n").await?,
            ["SET", key, value] => {
                store.set(key, value.into());
                writer.write_all(b"+OK\r\n").await?;
            }
            ["GET", key] => write_bulk(&mut writer, store.get(key).as_deref()).await?,
            ["WAIT", key] => write_bulk(&mut writer, Some(&store.wait(key).await)).await?,
            ["PUBLISH", channel, text] => {
                let heard = store.channel(channel).send(text.as_bytes().into()).unwrap_or(0);
                writer.write_all(format!(":{heard}\r\n").as_bytes()).await?;
            }
            ["SUBSCRIBE", channel] => return pass_on(&cx, reader, writer, &store, channel).await,
            ["PANIC"] => panic!("a client asked for it"),
            _ => writer.write_all(b"-ERR unknown command\r\n").await?,
        }
        store.served.fetch_add(1, Ordering::SeqCst);
    }
    say_goodbye(&mut writer).await;
    Ok(())
}

/// A client that leaves as the stop comes is no failure.
async fn say_goodbye(writer: &mut OwnedWriteHalf) {
    let _ = writer.write_all(CLOSING).await;
}

/// A subscriber hears messages until it leaves, or the server is asked to stop.
async fn pass_on(
    cx: &TaskContext,
    mut reader: BufReader<OwnedReadHalf>,
    mut writer: OwnedWriteHalf,
    store: &Store,
    channel: &str,
) -> io::Result<()> {
    let mut messages = store.channel(channel).subscribe();
    write_bulks(&mut writer, &[b"subscribe", channel.as_bytes()]).await?;
    loop {
        let message = tokio::select! {
            biased;
            () = cx.stopping() => {
                say_goodbye(&mut writer).await;
                return Ok(());
            }
            message = messages.recv() => message,
            _ = read_command(&mut reader) => return Ok(()),
        };
        match message {
            Ok(text) => write_bulks(&mut writer, &[b"message", channel.as_bytes(), &text]).await?,
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return Ok(()),
        }
    }
}

/// What the connections share, and what a test looks at.
#[derive(Clone)]
pub(super) struct Store {
    keys: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    channels: Arc<Mutex<HashMap<String, broadcast::Sender<Message>>>>,
    changed: watch::Sender<()>,
    pub(super) at: watch::Sender<Option<SocketAddr>>,
    pub(super) waiting: Arc<Notify>,
    pub(super) served: Arc<AtomicUsize>,
    pub(super) alive: Arc<AtomicUsize>,
    pub(super) most: Arc<AtomicUsize>,
}

impl Store {
    pub(super) fn set(&self, key: &str, value: Vec<u8>) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), value);
        self.changed.send_replace(());
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Waits until a key has a value.
    async fn wait(&self, key: &str) -> Vec<u8> {
        let mut changed = self.changed.subscribe();
        self.waiting.notify_one();
        loop {
            if let Some(value) = self.get(key) {
                return value;
            }
            changed.changed().await.expect("this store sends");
        }
    }

    fn channel(&self, name: &str) -> broadcast::Sender<Message> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(name.to_owned()).or_insert_with(|| broadcast::channel(64).0).clone()
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            keys: Arc::default(),
            channels: Arc::default(),
            changed: watch::channel(()).0,
            at: watch::channel(None).0,
            waiting: Arc::default(),
            served: Arc::default(),
            alive: Arc::default(),
            most: Arc::default(),
        }
    }
}

/// Counts a connection as long as its future is there.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(store: &Store) -> Self {
        let now = store.alive.fetch_add(1, Ordering::SeqCst) + 1;
        store.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(&store.alive))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
