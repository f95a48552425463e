//! Starts a tree, operates on it, stops it, and keeps what there is to judge.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rootward::event::Events;
use rootward::sibling::{Sighting, watch};
use rootward::snapshot::{ChildKind, ChildOutlook, NodeSnapshot};
use rootward::{Event, Signal, StopReport, SupervisorHandle, Tree};
use rootward_core::seeded;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::clock::{Timing, beside, give_way, now, pass, pass_exactly, within};
use crate::describe::{Member, Plan};
use crate::operate::{Operation, Pick};
use crate::registry::Registry;
use crate::signal_input::{Hearing, SentSignals, SignalInput};
use crate::story::Story;

/// Plays one story from beginning to end.
///
/// # Errors
///
/// What has never come to an end.
pub(crate) fn play(plan: &Plan, operations: &[Operation]) -> Result<Story, String> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.map_err(|error| error.to_string())?.block_on(tell(plan, operations, Timing::Virtual))
}

/// Plays one story as a seed wants it: what runs next, and when it is preempted.
///
/// # Errors
///
/// What has never come to an end.
pub(crate) fn play_seeded(
    seed: u64,
    plan: &Plan,
    operations: &[Operation],
    timing: Timing,
) -> Result<Story, String> {
    let (plan, operations) = (plan.clone(), operations.to_vec());
    let description = format!("{plan:?}\n{operations:#?}");
    let time = match timing {
        Timing::SeededLoosely => seeded::Time::AtAnyPoint,
        Timing::Virtual | Timing::Real | Timing::Seeded => seeded::Time::AtRest,
    };
    let told = seeded::run(seed, time, move || async move { tell(&plan, &operations, timing).await });
    told.unwrap_or_else(|failure| Err(format!("{failure}\n{description}")))
}

/// Plays one story in real time, on two threads beside the caller's.
///
/// # Errors
///
/// What has not come to an end.
pub(crate) fn play_in_real_time(plan: &Plan, operations: &[Operation]) -> Result<Story, String> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
    runtime.map_err(|error| error.to_string())?.block_on(tell(plan, operations, Timing::Real))
}

async fn tell(plan: &Plan, operations: &[Operation], timing: Timing) -> Result<Story, String> {
    let registry = Registry::default();
    let runaway = Arc::new(Notify::new());
    let story = async {
        let mut player = Player::begin(plan, timing, registry.clone(), Arc::clone(&runaway))?;
        for operation in operations {
            player.perform(operation).await;
        }
        player.end().await
    };
    let story = tokio::select! {
        biased;
        () = runaway.notified() => Err(format!("{TOO_MUCH} events are enough for everything:\n{plan:?}")),
        story = story => story,
    };
    // The registry holds the tree, and the tree's specs hold the registry.
    registry.note_root(None);
    story
}

/// A tree that writes so much goes round in circles.
const TOO_MUCH: usize = 300_000;

/// A moment in which nothing else happens.
const ASIDE: Duration = Duration::from_millis(1);

/// By then every signal has been heard, and the last kill has been done or has taken too long.
const A_WHILE: Duration = Duration::from_secs(2);

struct Player {
    plan: Plan,
    timing: Timing,
    registry: Registry,
    tree: Option<Tree>,
    signal_input: Option<SignalInput>,
    signals: Option<SentSignals>,
    reader: tokio::task::JoinHandle<Vec<Arc<Event>>>,
    began: Instant,
    added: Vec<Member>,
    looks: Vec<(Duration, rootward::TreeSnapshot)>,
    sightings: Vec<Vec<Sighting>>,
    outlooks: Vec<ChildOutlook>,
    given_up: Option<Duration>,
    deeds: Vec<String>,
    /// When something was asked of the tree.
    calls: Vec<Duration>,
}

impl Player {
    fn begin(plan: &Plan, timing: Timing, registry: Registry, runaway: Arc<Notify>) -> Result<Self, String> {
        let root = plan.root.group().ok_or("the root is a supervisor")?.supervisor("root", &registry);
        let builder = root.into_tree().map_err(|error| format!("the description makes sense: {error}"))?;
        let builder = builder.deadline(plan.deadline).stop_when_idle(plan.stop_when_idle);
        let mut builder = builder.stop_reach(plan.stop_reach);
        let reader = beside(read(builder.subscribe(), runaway));
        // Not after the first event, from which on the record counts its time.
        let began = now();
        let tree = Some(builder.launch());
        registry.note_root(tree.as_ref().and_then(Tree::root));
        let (added, looks, given_up, deeds) = (Vec::new(), Vec::new(), None, Vec::new());
        let (sightings, outlooks, calls) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self {
            plan: plan.clone(),
            timing,
            registry,
            tree,
            signal_input: None,
            signals: None,
            reader,
            began,
            added,
            looks,
            sightings,
            outlooks,
            given_up,
            deeds,
            calls,
        })
    }

    async fn perform(&mut self, operation: &Operation) {
        // At any moment, also while something happens.
        self.sight();
        match operation {
            Operation::Pass(time) => self.pass(*time).await,
            Operation::Make(pick, deed) => {
                if let Some(path) = self.registry.order(usize::from(*pick), *deed) {
                    self.write_down(format!("{path} is made to {deed:?}"));
                }
            }
            Operation::Add { group, child } => self.add(*group, child),
            Operation::AddAgain { group, child } => self.add_again(*group, *child),
            Operation::Terminate { group, child } => self.ask(*group, *child, "terminate"),
            Operation::Restart { group, child } => self.ask(*group, *child, "restart"),
            Operation::Delete { group, child } => self.ask(*group, *child, "delete"),
            Operation::Stop => self.with_tree("stop", |tree| tree.request_stop()),
            Operation::Force => self.with_tree("force", Tree::force),
            Operation::GiveUp => {
                // Before: on threads the report may be there before the caller goes on.
                let at = self.tree.as_ref().map(|_| self.elapsed());
                self.given_up = self.given_up.or(at);
                self.with_tree("give up", Tree::report_now);
            }
            // Without a handle and without a deadline no force could bring down what takes for ever.
            Operation::Drop if self.plan.deadline.is_some() => {
                self.note("the last handle is dropped".to_owned());
                self.tree = None;
                // The guard has another one.
                self.close().await;
            }
            Operation::Drop => {}
            Operation::Listen(hearing) => self.listen(*hearing),
            Operation::Send(after, signal) => {
                self.pass(*after).await;
                self.send(*signal);
            }
        }
    }

    fn listen(&mut self, hearing: Hearing) {
        if let (Some(tree), None) = (&self.tree, &self.signal_input) {
            let input = SignalInput::connect(tree, hearing, self.began);
            self.signal_input = Some(input.expect("signals of a channel ask nothing of the system"));
        }
    }

    fn send(&mut self, signal: Signal) {
        if let Some(input) = &mut self.signal_input {
            input.send(signal);
            self.note(format!("{signal}"));
        }
    }

    async fn close(&mut self) {
        if let Some(input) = self.signal_input.take() {
            self.signals = Some(input.close().await);
        }
    }

    /// Looks at the tree as an observer does.
    fn sight(&mut self) {
        self.sightings.extend(self.tree.as_ref().and_then(|tree| Some(watch(&tree.downgrade())?.sighting())));
    }

    /// Lets time pass. In virtual time it looks at the tree between two moments in which something can happen.
    async fn pass(&mut self, time: Duration) {
        if time.is_zero() {
            give_way().await;
            return self.sight();
        }
        match self.timing {
            Timing::Virtual | Timing::Seeded => {}
            Timing::Real => return pass_exactly(time).await,
            Timing::SeededLoosely => return pass(time).await,
        }
        pass(ASIDE).await;
        self.sight();
        if let Some(tree) = &self.tree {
            let look = tree.snapshot();
            let paths: Vec<String> = look.root.walk().iter().map(|node| node.path.to_string()).collect();
            let tree = tree.downgrade();
            self.looks.push((self.elapsed(), look));
            // In a task: an answer that wakes anything else takes a way on which virtual time goes on.
            let asked = beside(async move {
                let mut outlooks = Vec::new();
                for path in paths {
                    outlooks.extend(tree.outlook(&path).await);
                }
                outlooks
            });
            self.outlooks.extend(asked.await.unwrap_or_default());
        }
        pass(time - ASIDE).await;
        self.sight();
    }

    fn add(&mut self, group: Pick, child: &Member) {
        let id = format!("x{}", self.added.len());
        self.added.push(child.clone());
        if let Some(path) = self.group(group) {
            self.start(&path, child, &id);
        }
    }

    fn add_again(&mut self, group: Pick, child: Pick) {
        let Some(path) = self.group(group) else { return };
        let described = self.plan.find(&self.added, &path).and_then(Member::group);
        let children = described.map(|described| described.children()).unwrap_or_default();
        if children.is_empty() {
            return;
        }
        let place = usize::from(child) % children.len();
        let child = children[place].clone();
        self.start(&path, &child, &child.id(place));
    }

    fn start(&mut self, path: &str, child: &Member, id: &str) {
        let spec = child.spec(id, &self.registry);
        self.note(format!("start {id} under {path}"));
        self.registry.start(path, id, spec);
    }

    fn ask(&mut self, group: Pick, child: Pick, what: &'static str) {
        let Some(path) = self.group(group) else { return };
        let Some(supervisor) = self.registry.supervisor(&path) else { return };
        let children = supervisor.which_children();
        let place = usize::from(child) % children.len().max(1);
        // Sometimes there is no such child.
        let id = children.get(place).map_or("missing", |child| child.path.id()).to_owned();
        self.note(format!("{what} {id} under {path}"));
        self.registry.call(&path, |supervisor| async move {
            match what {
                "terminate" => drop(supervisor.terminate_child(&id).await),
                "restart" => drop(supervisor.restart_child(&id).await),
                _ => drop(supervisor.delete_child(&id).await),
            }
        });
    }

    /// The path of one of the supervisors that are there.
    fn group(&self, pick: Pick) -> Option<String> {
        let root = self.registry.supervisor("root")?;
        let children = root.which_children();
        let below = children.iter().flat_map(NodeSnapshot::walk);
        let groups = below.filter(|node| node.kind == ChildKind::Supervisor && node.since.is_some());
        let mut paths: Vec<_> = groups.map(|node| node.path.to_string()).collect();
        paths.insert(0, "root".to_owned());
        Some(paths.swap_remove(usize::from(pick) % paths.len()))
    }

    fn with_tree(&mut self, what: &str, act: impl FnOnce(&Tree)) {
        if let Some(tree) = &self.tree {
            act(tree);
            self.note(what.to_owned());
        }
    }

    /// Notes what was asked of the tree.
    fn note(&mut self, deed: String) {
        self.calls.push(self.elapsed());
        self.write_down(deed);
    }

    fn write_down(&mut self, deed: String) {
        self.deeds.push(format!("{:>12} ms  {deed}", self.elapsed().as_millis()));
    }

    fn elapsed(&self) -> Duration {
        now().saturating_duration_since(self.began)
    }

    async fn end(mut self) -> Result<Story, String> {
        let report = match self.tree.take() {
            Some(tree) => Some(self.stop(tree).await?),
            None => None,
        };
        if self.signal_input.is_some() {
            // All of them have been heard, and the last kill is over.
            pass(A_WHILE).await;
            self.close().await;
        }
        let Self {
            plan,
            timing,
            registry,
            signals,
            reader,
            began,
            added,
            looks,
            sightings,
            outlooks,
            given_up,
            deeds,
            calls,
            ..
        } = self;
        let told = within(timing.never(), reader).await;
        let events = told.ok_or("the record has an end")?.map_err(|_| "the reader keeps up")?;
        // What lingers beyond the end of the record is gone in the end as well.
        if report.is_none() {
            let _ = within(timing.never(), gone(registry.supervisor("root"))).await;
        }
        within(timing.never(), registry.answered()).await.ok_or("every call is answered")?;
        let (called, refusals) = (registry.called(), registry.refusals());
        let refusals = refusals
            .into_iter()
            .map(|refusal| (refusal.at.saturating_duration_since(began), refusal))
            .collect();
        let story = Story {
            plan,
            timing,
            added,
            called,
            refusals,
            events,
            signals,
            report,
            looks,
            sightings,
            outlooks,
            given_up,
            deeds,
            calls,
        };
        match (registry.present(), registry.twice().first()) {
            (0, None) => Ok(story),
            (0, Some(path)) => Err(format!("{path} never runs twice at the same time\n{story}")),
            (left, _) => Err(format!("when everything is gone {left} futures are still there\n{story}")),
        }
    }

    async fn stop(&mut self, tree: Tree) -> Result<Arc<StopReport>, String> {
        self.note("stop, and wait".to_owned());
        tree.request_stop();
        if within(self.timing.patience(), tree.wait()).await.is_none() {
            self.note("force".to_owned());
            tree.force();
        }
        let never = self.timing.never();
        let report = within(never, tree.wait()).await.ok_or("every stop comes to an end")?;
        if within(self.timing.patience(), tree.wait_gone()).await.is_none() {
            // The report was asked for before the stop was over.
            tree.force();
        }
        within(never, tree.wait_gone()).await.ok_or("everything is gone in the end")?;
        Ok(report)
    }
}

/// Waits until a supervisor is gone, and with it all that was still being started below it.
async fn gone(supervisor: Option<SupervisorHandle>) {
    while supervisor.as_ref().is_some_and(SupervisorHandle::is_running) {
        pass(ASIDE).await;
    }
}

/// Reads the record to its end.
async fn read(mut events: Events, runaway: Arc<Notify>) -> Vec<Arc<Event>> {
    let mut record = Vec::new();
    while let Some(event) = events.next().await.expect("the reader keeps up") {
        record.push(event);
        if record.len() == TOO_MUCH {
            runaway.notify_one();
        }
    }
    record
}
