//! The view of another program's tree, through its door.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rootward_observer::client::{Client, ClientError, Control, Message};
use rootward_observer::model::Model;
use rootward_observer::wire::Snapshot;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::inbox::Inbox;
use super::keys::{hear_keys, hear_signals};
use super::restorer::Restorer;
use super::screen::Screen;
use super::view_loop::{Hands, ViewLoop};
use crate::room::{self, Needs};
use crate::terminal::fit::Fit;
use crate::terminal::plain::farewell;
use crate::terminal::state::{Effect, Explained, KnownReasons, Rights, ViewInput, ViewState};
use crate::view::{EventLines, Style};

/// How long a request that the user has made may take to get to the door when the view is left right after it. A door
/// that has it does it to its end, also if the answer does not come meanwhile.
const SENDING: Duration = Duration::from_millis(300);

/// What lines need beside their runtime: two connections; and the thread of the runtime, with one that asks the system
/// for names.
const LINES: Needs = Needs { descriptors: 2, threads: 2 };

/// The same of a picture: the terminal as it is written to and as it is read, what wakes the reader, and the pipe of
/// the process that gives the terminal back; threads that hear keys and signals.
const PICTURE: Needs = Needs { descriptors: 16, threads: 5 };

/// Says why another program's tree is not shown, or not any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttachError {
    #[error("the door of the program: {0}")]
    Door(#[from] ClientError),
    #[error("the tree cannot be shown: {0}")]
    System(#[source] io::Error),
    #[error("the terminal: {0}")]
    Io(#[from] io::Error),
    #[error("the program closed its door before its tree was gone")]
    Closed,
    /// Why the tree went out of sight.
    #[error("{0}")]
    Lost(String),
}

/// Shows the tree behind a door until it is gone or the user leaves, and says what it was like then. Without a fit
/// terminal it writes lines through `write`.
pub(crate) fn attach(
    client: &Client,
    title: String,
    fit: Option<Fit>,
    write: impl FnMut(&str) -> io::Result<()>,
) -> Result<String, AttachError> {
    let needs = if fit.is_some() { PICTURE } else { LINES };
    let runtime =
        room::build(Builder::new_multi_thread().worker_threads(1), needs).map_err(AttachError::System)?;
    let snapshot = runtime.block_on(client.snapshot())?;
    let said = match fit {
        Some(fit) => show(&runtime, client, title, fit, snapshot),
        None => runtime.block_on(lines(client, &snapshot, write)).map(|()| String::new()),
    };
    // The door does what it has been asked for. What is given up is the answer.
    runtime.shutdown_background();
    said
}

fn show(
    runtime: &Runtime,
    client: &Client,
    title: String,
    fit: Fit,
    snapshot: Snapshot,
) -> Result<String, AttachError> {
    let control = runtime.block_on(client.allows_control())?;
    let inbox = Arc::new(Inbox::default());
    let rights = Rights { title, control, is_own: false };
    let as_of = snapshot.as_of;
    inbox.input(ViewInput::Snapshot(Box::new(snapshot)));
    // A look that is wanted while another one waits is that one.
    let (looks, wanted) = channel(1);
    runtime.spawn(follow(client.clone(), as_of, Arc::clone(&inbox), wanted));
    let (asking, mut asked) = channel(1);
    let hands = DoorHands {
        client: client.clone(),
        inbox: Arc::clone(&inbox),
        runtime: runtime.handle().clone(),
        looks,
        asking,
    };
    hear_signals(&inbox, true)?;
    let restorer = Restorer::start(io::stderr()).ok();
    let (screen, _) = Screen::take(io::stderr(), restorer)?;
    hear_keys(&inbox)?;
    let state = ViewLoop { screen, state: ViewState::new(rights), inbox, fit, hands }.run()?;
    // Each request holds a sender until it has its answer. Either outcome means that they have had their time.
    let _ = runtime.block_on(async { timeout(SENDING, asked.recv()).await });
    match state.over() {
        Some(Some(why)) => Err(AttachError::Lost(why.clone())),
        Some(None) => Ok(farewell(&state.model, "The tree is gone.")),
        None => Ok(farewell(&state.model, "The program goes on.")),
    }
}

/// Follows the tree to its end, and looks again when events are missing or the view wants it.
async fn follow(client: Client, as_of: u64, inbox: Arc<Inbox>, mut looks: Receiver<()>) {
    let over = follow_events(&client, as_of, &inbox, &mut looks).await;
    inbox.input(ViewInput::Over(over.err().map(|error| error.to_string())));
}

async fn follow_events(
    client: &Client,
    as_of: u64,
    inbox: &Inbox,
    looks: &mut Receiver<()>,
) -> Result<(), AttachError> {
    let mut events = client.events(Some(as_of)).await?;
    loop {
        tokio::select! {
            message = events.next() => match message? {
                Some(Message::Event(event)) => inbox.event(Arc::new(event)),
                Some(Message::Lost(lost)) => inbox.input(ViewInput::Lost(lost.count)),
                Some(Message::End(_)) => return Ok(()),
                Some(_) => {}
                None => return Err(AttachError::Closed),
            },
            // The view goes when the channel does.
            look = looks.recv() => match look {
                Some(()) => inbox.input(ViewInput::Snapshot(Box::new(client.snapshot().await?))),
                None => return Ok(()),
            },
        }
    }
}

/// What the user wants of another program's tree.
struct DoorHands {
    client: Client,
    inbox: Arc<Inbox>,
    runtime: Handle,
    looks: Sender<()>,
    /// Held by every request that changes the tree, until it is answered.
    asking: Sender<()>,
}

impl Hands for DoorHands {
    fn perform(&mut self, effect: Effect) {
        if effect == Effect::Look {
            // If nothing follows the tree any more, the view is over soon.
            let _ = self.looks.try_send(());
            return;
        }
        let (client, inbox) = (self.client.clone(), Arc::clone(&self.inbox));
        if let Effect::Explain(path) = effect {
            self.runtime.spawn(async move {
                let (why, usage) = tokio::join!(client.why(&path), client.usage(&path));
                // What has gone meanwhile, or has no processes, has nothing to say.
                let Ok(why) = why else { return };
                let usage = usage.ok().map(|answer| answer.usage);
                let (decided, child) = (why.decided, Some(why.child));
                let because = Some(KnownReasons { as_of: why.as_of, reasons: why.because });
                let explained = Explained { decided, child, because, path, usage };
                inbox.input(ViewInput::Explained(Box::new(explained)));
            });
            return;
        }
        let asking = self.asking.clone();
        self.runtime.spawn(async move {
            let _asking = asking;
            let Some(control) = control(&effect) else { return };
            let answer = match client.control(control).await {
                Ok(done) => format!("{}: done", done.done),
                Err(error) => error.to_string(),
            };
            inbox.input(ViewInput::Answer(answer));
        });
    }
}

fn control(effect: &Effect) -> Option<Control<'_>> {
    Some(match effect {
        Effect::Stop => Control::Stop,
        Effect::Force => Control::Force,
        Effect::Terminate(path) => Control::Terminate(path),
        Effect::Start(path) => Control::Start(path),
        Effect::Restart(path) => Control::Restart(path),
        Effect::Signal { path, signal } => Control::Signal { signal, path },
        Effect::Chaos(_)
        | Effect::Copy(_)
        | Effect::Explain(_)
        | Effect::Look
        | Effect::Redraw
        | Effect::Leave => {
            return None;
        }
    })
}

/// The same as lines: the tree as it is, and then everything that happens.
async fn lines(
    client: &Client,
    snapshot: &Snapshot,
    mut write: impl FnMut(&str) -> io::Result<()>,
) -> Result<(), AttachError> {
    write(&farewell(&Model::from_snapshot(snapshot), "The tree as it is:"))?;
    let paths: Vec<String> = snapshot.children.iter().map(|child| child.path.clone()).collect();
    let mut lines = EventLines::of_another(Style::of_stdout()).expecting(&paths);
    let mut events = client.events(Some(snapshot.as_of)).await?;
    loop {
        match events.next().await? {
            Some(Message::Event(event)) => write(&lines.sent(&event))?,
            Some(Message::Lost(lost)) => write(&lines.lost(lost.count, lost.to))?,
            Some(Message::End(_)) => return Ok(()),
            Some(_) => {}
            None => return Err(AttachError::Closed),
        }
    }
}
