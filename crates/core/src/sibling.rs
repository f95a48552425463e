//! What the crates beside this one do with a tree, and programs do not: functions instead of methods, so that the types
//! that programs hold do not offer them.
//!
//! No promise of stability covers what is in here.

use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;

#[cfg(feature = "testing")]
use crate::child::ChildKind;
use crate::child::StopCause;
use crate::child_kind::StartContext;
use crate::event::{Events, SignalAction};
use crate::pace::Pacer;
use crate::report::StopReport;
#[cfg(feature = "testing")]
use crate::supervisor::SupervisorHandle;
use crate::tree::{Tree, TreeBuilder};
use crate::tree_ref::TreeRef;

pub use crate::awake::{AwakeTime, Glance, STEP as AWAKE_STEP, glance};
pub use crate::child_kind::{ContainmentNotes, Inspect};
pub use crate::context::{HearsSignals, KeepsActive};
pub use crate::early_signals::{EarlySignals, early_signals, note_early_signals};
pub use crate::event::{RecordPosition, background_hint};
pub use crate::printable::{is_printable, on_lines, on_one_line, with_margin};
pub use crate::sighting::{PendingStop, Sighting};
pub use crate::task::part_of_guest;
pub use crate::tree_ref::TreeWatch;

/// Notes how far process children are followed, for snapshots and reports. It changes nothing: the part of the program
/// that starts processes does this.
pub fn note_containment(tree: TreeBuilder, level: &'static str) -> TreeBuilder {
    tree.note_containment(level)
}

/// Notes that something weaker than what was asked for or usual is in force, and why; or that nothing of that kind is.
/// An event says so at the start.
pub fn note_degraded(tree: TreeBuilder, what: &'static str, reason: Option<String>) -> TreeBuilder {
    tree.note_degraded(what, reason)
}

/// Has the launch of this tree give no early signals back: it is one of which the program knows nothing, and what hears
/// signals may still be to come.
pub fn keep_early_signals(tree: TreeBuilder) -> TreeBuilder {
    tree.keep_early_signals()
}

/// Asks the tree to stop, with a cause for events and report, and returns at once.
pub fn request_stop_for(tree: &Tree, cause: StopCause) {
    tree.request_stop_for(cause);
}

/// The report of the stop once there is one, for what follows a tree and does not keep it. `None` if there is none any
/// more.
pub fn report_of(tree: &Tree) -> impl Future<Output = Option<Arc<StopReport>>> + Send + use<> {
    tree.report()
}

/// Says that signals stop the tree, as long as what this returns is held. A process that dies of a stop signal may
/// then be part of a stop whose signal has not reached the root yet, and is restarted a little later.
pub fn hear_signals(tree: &Tree) -> HearsSignals {
    tree.hear_signals()
}

/// Says that a signal has reached the root, and what it means, before it is acted upon. [`note_signals`] writes it
/// down; if the tree is quicker, it stands in the record all the same.
pub fn announce_signal(tree: &Tree, signal: &str, action: SignalAction) {
    tree.announce_signal(signal, action);
}

/// Writes down the signals that have been announced.
pub fn note_signals(tree: &Tree) {
    tree.note_signals();
}

/// Writes down that a signal handler of the program's failed.
pub fn note_handler_failure(tree: &Tree, handler: &str, error: String) {
    tree.note_handler_failure(handler, error);
}

/// The time on the clock of trees: tokio's, or that of a story of the seeded scheduler.
pub fn now() -> Instant {
    crate::clock::now()
}

/// Waits for a moment on this clock.
pub async fn sleep_until(at: Instant) {
    crate::clock::sleep_until(at).await;
}

/// The same time without that in which this program was suspended: the times that a child has are measured by it.
pub fn awake_now() -> Instant {
    crate::clock::awake_now()
}

/// Waits for a moment of awake time, and looks at what has happened meanwhile first if the timer comes late.
pub async fn sleep_awake_until(at: Instant) {
    crate::clock::sleep_awake_until(at).await;
}

/// Where the next task is spawned that is meant for this runtime: there, unless the seeded scheduler is to choose when
/// it is polled.
pub fn place(runtime: &Handle) -> Handle {
    crate::spawn::place(runtime).clone()
}

/// Whether the seeded scheduler runs this thread. There is no other thread then: what has threads elsewhere has tasks.
pub fn is_seeded() -> bool {
    crate::sync::is_seeded()
}

/// Waits, and is woken on a thread that nothing else needs, unless a task of tokio's waits: a waker of the program that
/// blocks takes none of the supervisors' threads.
pub async fn woken_elsewhere<F: Future>(future: F) -> F::Output {
    crate::foreign_wakers::WakeElsewhere::new(future).await
}

/// Sees the tree to its end. `None` if its last handle is gone.
pub fn watch(tree: &TreeRef) -> Option<TreeWatch> {
    tree.watch()
}

/// Has this reader take everything but the lines of processes.
pub fn leave_out_output(events: &Events) {
    events.take_output(false);
}

/// Paces the clock of the supervisors' runtime, if a test has paused it, while a child is waited for that runs outside
/// of it.
pub fn pacer(cx: &StartContext) -> &Pacer {
    cx.pacer()
}

/// What is kept for the tree until nothing holds the tree any more: one value of each type, made when it is wanted
/// first. `T::default` must do nothing that waits.
pub fn kept_by_tree<T: Default + Send + Sync + 'static>(cx: &StartContext) -> Arc<T> {
    cx.kept()
}

/// Where it is noted how far the processes of this child's tree are followed, if that is known only when the first of
/// them starts.
pub fn containment_notes(cx: &StartContext) -> ContainmentNotes {
    ContainmentNotes::of(cx)
}

/// Has a child crash that runs, and says which incarnation. An error says what kind of child cannot. If there is a name
/// of what does it, an event has it.
#[cfg(feature = "testing")]
pub fn crash_child(
    supervisor: &SupervisorHandle,
    id: &str,
    by: Option<String>,
) -> Option<Result<u32, ChildKind>> {
    supervisor.crash_child(id, by)
}
