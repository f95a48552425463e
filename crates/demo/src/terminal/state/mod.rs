//! Pure: what the view shows and where its user is. A change of the tree, a key or the clock goes in; what is to be
//! done comes out.

mod keys;
mod menu;
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use rootward_observer::model::{Model, Seen};
use rootward_observer::wire::{
    Child, Decided, Event, Kind, Reason, Snapshot, State as ChildState, Usage, What, Why,
};

use super::log::Log;
use super::rows::{TreeRow, awaited, rows};
use crate::chaos::ChaosTurn;

pub(crate) use self::menu::{Menu, SIGNALS};

/// What happens to the view.
#[derive(Debug)]
pub(crate) enum ViewInput {
    /// The tree as a document tells it.
    Snapshot(Box<Snapshot>),
    /// The tree as it was seen.
    Seen(Vec<Seen>, Option<String>),
    /// Something happened in the tree.
    Event(Arc<Event>),
    /// So many events did not come through.
    Lost(u64),
    Key(KeyEvent),
    /// The terminal has another size.
    Resize,
    /// How something went that was asked for.
    Answer(String),
    /// Why a child is in its state, and what it uses, as it was asked for.
    Explained(Box<Explained>),
    /// At which rate and by which seed chaos is on, if it is.
    Chaos(Option<String>),
    /// Nothing more will come, and perhaps why.
    Over(Option<String>),
    /// The program has been told to leave the view.
    Leave,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Asks the tree to stop, or for the next step if it stops already.
    Stop,
    Force,
    Terminate(String),
    Start(String),
    Restart(String),
    Signal {
        path: String,
        signal: &'static str,
    },
    Copy(String),
    /// Chaos is turned on, off, up or down.
    Chaos(ChaosTurn),
    /// It is to be asked why this child is in its state, and what it uses.
    Explain(String),
    /// The tree is to be looked at again.
    Look,
    Redraw,
    Leave,
}

/// What was asked of one child.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explained {
    /// What the machine of its supervisor said, if it answered.
    pub(crate) decided: Option<Decided>,
    /// What it tells of itself, if it is a process that does.
    pub(crate) child: Option<Child>,
    /// What has led to its state, if a door has said so: it may know events from before the view began.
    pub(crate) because: Option<KnownReasons>,
    pub(crate) path: String,
    /// What it uses, if it is a process that runs.
    pub(crate) usage: Option<Usage>,
}

/// What has led to the state of a child, as of one event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KnownReasons {
    pub(crate) as_of: u64,
    pub(crate) reasons: Vec<Reason>,
}

/// What the view may do, and of what it is a view.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    /// What stands at the top.
    pub(crate) title: String,
    /// Whether it may change the tree.
    pub(crate) control: bool,
    /// Whether the tree is this program's own. Then leaving stops it; otherwise what changes the tree is asked twice.
    pub(crate) is_own: bool,
}

/// Which part of the view has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    Tree,
    Events,
}

/// What lies over the view, or takes the keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mode {
    Usual,
    Help,
    /// A text is being typed.
    Search(String),
    /// A signal is being chosen.
    Signals(Menu),
    /// Whether something is meant.
    Sure(String, Effect),
    /// Why a child is in its state, from this line on.
    Why(String, usize),
}

/// What the view shows.
#[derive(Debug)]
pub(crate) struct ViewState {
    pub(crate) rights: Rights,
    pub(crate) model: Model,
    pub(crate) log: Log,
    pub(crate) pane: Pane,
    pub(crate) mode: Mode,
    /// Something that is said once.
    pub(crate) notice: String,
    pub(crate) folded: BTreeSet<String>,
    /// The path of the child on which the user stands.
    selected: String,
    /// Which line of the tree is the first on the screen.
    pub(crate) first_row: usize,
    /// How many lines of the tree and of the events are on the screen: draw says so.
    pub(crate) heights: (usize, usize),
    /// How many lines of an explanation are out of sight, and how many in sight: draw says so.
    pub(crate) explanation: (usize, usize),
    /// What the children on the screen do, and since when, unless something has happened since it was drawn.
    pub(crate) visible: Option<Vec<(ChildState, Option<f64>)>>,
    /// What the clock shows, in seconds after the root began.
    pub(crate) now: f64,
    /// What the clock of the tree is ahead of that of the view.
    ahead: f64,
    over: Option<Option<String>>,
    explained: Option<Explained>,
    /// At which rate and by which seed chaos is on.
    pub(crate) chaos: Option<String>,
    /// How many children have been made to crash.
    pub(crate) crashes: u64,
    explained_at: f64,
    /// What was seen, and is newer than the events that have come.
    look: Option<(Vec<Seen>, Option<String>)>,
    /// Whether events have been lost since the last look, so that those that are in the next one may never come.
    has_lost: bool,
    /// How many children were down after the last look.
    kept_down: usize,
    looked_at: f64,
}

impl ViewState {
    /// A view of a tree of which nothing is known yet.
    pub(crate) fn new(rights: Rights) -> Self {
        Self {
            rights,
            model: Model::new().keep(0),
            log: Log::new(),
            pane: Pane::Tree,
            mode: Mode::Usual,
            notice: String::new(),
            folded: BTreeSet::new(),
            selected: String::new(),
            first_row: 0,
            heights: (10, 10),
            explanation: (0, 0),
            visible: None,
            now: 0.0,
            ahead: f64::NEG_INFINITY,
            over: None,
            explained: None,
            chaos: None,
            crashes: 0,
            explained_at: 0.0,
            look: None,
            has_lost: false,
            kept_down: 0,
            looked_at: 0.0,
        }
    }

    /// Sets the clock: `seconds` of a clock that the view reads.
    pub(crate) fn tick(&mut self, seconds: f64) {
        self.now = (seconds + self.ahead).max(self.model.at());
    }

    /// Something has happened, at so many seconds of the clock that the view reads.
    pub(crate) fn update(&mut self, input: ViewInput, seconds: f64) -> Vec<Effect> {
        self.tick(seconds);
        let effects = match input {
            ViewInput::Snapshot(snapshot) => {
                self.model = Model::from_snapshot(&snapshot).keep(0);
                snapshot.newest.into_iter().for_each(|event| self.log.add(&Arc::new(event)));
                self.looked();
                vec![]
            }
            ViewInput::Seen(seen, containment) => {
                self.look = Some((seen, containment));
                self.take_look();
                vec![]
            }
            ViewInput::Event(event) => {
                self.crashes += u64::from(matches!(event.what, What::MadeToCrash { .. }));
                self.model.apply_shared(&event);
                self.log.add(&event);
                self.take_look();
                vec![]
            }
            ViewInput::Lost(count) => {
                self.notice = format!("{count} events did not come through");
                self.has_lost = true;
                vec![Effect::Look]
            }
            ViewInput::Key(key) => self.press(key),
            ViewInput::Resize => vec![],
            ViewInput::Answer(answer) => {
                self.notice = super::text::safe(&answer);
                // No event tells that a child which was going to be restarted is down.
                let restarts = self.model.children().any(|child| child.state == ChildState::Restarting);
                if restarts { vec![Effect::Look] } else { vec![] }
            }
            ViewInput::Explained(explained) => {
                self.explained = Some(*explained);
                vec![]
            }
            ViewInput::Chaos(chaos) => {
                self.chaos = chaos;
                vec![]
            }
            ViewInput::Over(why) => {
                self.over = Some(why);
                vec![Effect::Leave]
            }
            ViewInput::Leave => vec![Effect::Leave],
        };
        self.visible = None;
        self.ahead = self.ahead.max(self.model.at() - seconds);
        self.tick(seconds);
        self.stand_somewhere();
        effects
    }

    /// Whether the tree is gone or out of sight, and why if that is not as it should be.
    pub(crate) fn over(&self) -> Option<&Option<String>> {
        self.over.as_ref()
    }

    /// The lines of the tree.
    pub(crate) fn rows(&self) -> Vec<TreeRow<'_>> {
        rows(&self.model, &self.folded)
    }

    pub(crate) fn selected(&self) -> &str {
        &self.selected
    }

    /// What is being waited for: of a stop, or else of a start.
    pub(crate) fn awaited(&self) -> Vec<&rootward_observer::wire::Child> {
        awaited(&self.model)
    }

    /// Whether the tree as a whole stops, or is to stop when it has drained: the next request forces it then.
    pub(crate) fn is_stopping(&self) -> bool {
        self.draining().is_some()
            || self.model.children().next().is_some_and(|root| root.state == ChildState::Stopping)
    }

    /// The stop of the tree that is put off.
    pub(crate) fn draining(&self) -> Option<&rootward_observer::wire::Draining> {
        self.model.children().next()?.draining.as_deref()
    }

    fn is_running(&self) -> bool {
        self.model.children().next().is_some_and(|root| root.state == ChildState::Running)
    }

    /// After how long what is shown changes by itself, if nothing happens.
    pub(crate) fn next_change(&self) -> Option<Duration> {
        let is_asking = self.is_outdated() || matches!(self.mode, Mode::Why(..));
        let mut next = is_asking.then_some(Duration::from_secs(1));
        if self.draining().is_some() {
            // What is left of the drain is in tenths of a second.
            next = Some(Duration::from_millis(200));
        }
        let visible = self.visible.clone().unwrap_or_else(|| {
            let rows = self.rows();
            let visible = rows.iter().skip(self.first_row).take(self.heights.0);
            visible.map(|row| (row.child.state, row.child.since)).collect()
        });
        for (state, since) in visible {
            let age = self.now - since.unwrap_or(self.now);
            let changes = match state {
                ChildState::Starting | ChildState::Stopping | ChildState::Restarting => {
                    Duration::from_millis(200)
                }
                // As the column shows it.
                ChildState::Running if age < 100.0 => Duration::from_secs(1),
                ChildState::Running => Duration::from_secs(30),
                ChildState::Down | ChildState::Unknown | _ => continue,
            };
            next = Some(next.map_or(changes, |next| next.min(changes)));
        }
        next
    }

    /// Whether the tree is to be looked at again, because children are down since the last look: events do not tell
    /// whether a supervisor has forgotten them. Once a second is enough, and another program is asked less often. Of
    /// its own tree a program knows nothing but events at first, which do not tell of the containment.
    pub(crate) fn wants_look(&mut self) -> bool {
        let rest = if self.rights.is_own { 1.0 } else { 10.0 };
        let is_first = self.rights.is_own && self.looked_at == 0.0 && self.is_running();
        let wants = is_first || self.is_outdated() && self.now - self.looked_at >= rest;
        if wants {
            // Until the answer is there.
            (self.kept_down, self.looked_at) = (self.model.count().1, self.now);
        }
        wants
    }

    /// The child that is to be asked again why it is in its state, because that is shown: once a second.
    pub(crate) fn wants_explanation(&mut self) -> Option<String> {
        let Mode::Why(path, _) = &self.mode else { return None };
        let wants = self.now - self.explained_at >= 1.0;
        wants.then(|| {
            self.explained_at = self.now;
            path.clone()
        })
    }

    /// Why a child is in its state, as far as that is known, and what it uses.
    pub(crate) fn why(&self, path: &str) -> Option<(Why, Option<Usage>)> {
        let mut why = self.model.why(path)?;
        let explained = self.explained.as_ref().filter(|explained| explained.path == path);
        let Some(Explained { decided, child, because, usage, .. }) = explained.cloned() else {
            return Some((why, None));
        };
        if let Some(child) = child.filter(|child| child.incarnation == why.child.incarnation) {
            why.child.take_details(&child);
        }
        // What was said before something happened to the child counts no more.
        let changed = self.model.changed_as_of(path);
        let because = because.filter(|because| because.as_of >= changed && !because.reasons.is_empty());
        if let Some(KnownReasons { reasons, .. }) = because {
            why.because = reasons;
        }
        Some(match decided.filter(|decided| decided.as_of >= changed) {
            Some(decided) => (why.with_decided(decided), usage),
            None => (why, usage),
        })
    }

    fn is_outdated(&self) -> bool {
        self.model.count().1 > self.kept_down
    }

    /// Takes what was seen of the tree, as soon as the events have come that are in it: they tell more.
    fn take_look(&mut self) {
        let Some((seen, _)) = &self.look else { return };
        let newest = seen.iter().map(|seen| seen.as_of.max(seen.children_as_of)).max();
        if newest.is_some_and(|newest| newest > self.model.as_of()) && !self.has_lost {
            return;
        }
        if let Some((seen, containment)) = self.look.take() {
            self.model.see(seen, containment);
            self.has_lost = false;
            self.looked();
        }
    }

    fn looked(&mut self) {
        self.kept_down = self.model.count().1;
        let model = &self.model;
        self.folded.retain(|path| model.find(path).is_some());
    }

    /// The user stands on a child that is there.
    fn stand_somewhere(&mut self) {
        if self.model.find(&self.selected).is_some() {
            return;
        }
        let mut path = self.selected.as_str();
        while let Some((above, _)) = path.rsplit_once('/') {
            if self.model.find(above).is_some() {
                self.selected = above.to_owned();
                return;
            }
            path = above;
        }
        if let Some(root) = self.model.children().next() {
            self.selected = root.path.clone();
        }
    }

    /// Whether the child on which the user stands is a process that runs, and its id.
    fn selected_pid(&self) -> Option<u32> {
        self.model
            .find(&self.selected)
            .filter(|child| child.kind == Kind::Process)
            .and_then(|child| child.pid)
    }
}
