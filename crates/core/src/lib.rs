//! The tree of rootward: child specs, policy, supervisors, tasks, events and reports.
//!
//! Programs depend on the crate `rootward`, which has all of this under its own name, and processes and signals beside
//! it.
//!
//! # The model
//!
//! A [`ChildSpec`] describes a child: how it is started, which ends lead to a [`Restart`], and how it is stopped
//! ([`Shutdown`]). A [`Supervisor`] describes a list of children and the rules by which they live ([`Strategy`],
//! [`Intensity`], [`AutoShutdown`]); it becomes a child of another one, or the root of a [`Tree`].
//!
//! Starting goes down the tree and forwards: each child starts when the one before it is ready. Stopping goes down the
//! tree and backwards: each child is asked when the one after it is gone. An end comes up the tree: a supervisor is
//! gone when its last child is. A [`StopReport`] says how each of them went.
//!
//! What happens is an [`Event`], what is the case is a [`TreeSnapshot`]. A [`SupervisorHandle`] changes a tree while it
//! runs.
//!
//! # Kinds of children
//!
//! Tasks ([`ChildSpec::task`]), actors ([`ChildSpec::actor`]) and supervisors ([`Supervisor::into_child`]) are made
//! here. Every other kind implements the same traits: [`StartChild`], and [`RunningChild`] for what it has started,
//! which says how it fares through a [`Reporter`]. Nothing in this crate sends or receives a signal, or knows of
//! processes; it has the names of signals.
//!
//! # Where the rules come from
//!
//! Restarts, strategies, intensity, significant children and the live API are those of Erlang/OTP's `supervisor`. What
//! goes beyond it (a deadline for the whole stop, [`Backoff`], limits of single children, start timeouts,
//! [`StopOrder`]) adds information or has to be asked for.
//!
//! Absent on purpose: anything that ends the program, builds or shuts down a runtime, catches a signal, or waits for a
//! process.

#[cfg(feature = "actors")]
mod actor;
mod awake;
mod blame;
mod child;
mod child_kind;
mod clock;
mod context;
mod detector;
mod early_signals;
mod event;
mod failure;
mod foreign_wakers;
mod iterative_drop;
mod outlook;
#[doc(hidden)]
pub mod pace;
mod panics;
mod policy;
mod printable;
mod report;
#[cfg(feature = "seeded")]
#[doc(hidden)]
pub mod seeded;
#[doc(hidden)]
pub mod sibling;
mod sighting;
#[cfg(unix)]
mod signal;
mod snapshot;
mod spawn;
mod spec;
mod stuck;
#[doc(hidden)]
pub mod subscriber;
mod supervisor;
mod sync;
mod task;
mod tree;
mod tree_clock;
mod tree_ref;
mod usage;

#[cfg(feature = "actors")]
pub use actor::{Abandoned, Address, Undelivered};
pub use blame::Blame;
pub use child::{
    ChildId, ChildKind, ChildPath, Exit, ExitClass, InvalidId, Outcome, Panic, Restart, Shutdown, SpecError,
    SpecProblem, StartError, StopCause, Straggler,
};
pub use child_kind::{
    Ended, Launch, OutputLine, ProcessEvents, Reporter, Retries, RunningChild, StartChild, StartContext,
    StopRequest,
};
pub use context::{KillHandle, StopReach};
pub use event::{Event, EventKind, Events, Lagged, Notice, OutputStream, SignalAction};
pub use outlook::{Awaited, ChildOutlook, InHand};
pub use panics::capture_panics;
pub use policy::{
    AutoShutdown, Backoff, Consequence, Intensity, NextStep, PatienceLimit, StopOrder, Strategy,
};
/// The actors of which [`ChildSpec::actor`] makes children, in the version that it understands.
#[cfg(feature = "actors")]
#[doc(no_inline)]
pub use ractor;
pub use report::{Ending, NodeReport, StopReport, StopStep};
#[cfg(unix)]
pub use signal::{Signal, UnknownSignal};
pub use snapshot::{
    ChildState, HealthFindings, NodeSnapshot, ProcessDetails, ReadinessWait, TakenStep, TreeSnapshot,
};
pub use spec::ChildSpec;
pub use stuck::{Stuck, StuckIn};
pub use supervisor::{
    ChildCount, DeleteChildError, DynamicSupervisor, PartitionSupervisor, ReserveError, ResizeError,
    RestartChildError, SignalChildError, StartChildError, StartedChild, Supervisor, SupervisorAddress,
    SupervisorHandle, TerminateChildError,
};
pub use task::{
    BlockingContext, Guest, IntoExit, Permit, SpawnError, SpawnErrorKind, TaskContext, TaskError, TaskResult,
    TaskResults, TaskSupervisor, UntilStopping,
};
pub use tree::{OnDeadline, Tree, TreeBuilder, TreeStartError};
pub use tree_ref::TreeRef;
pub use usage::Usage;
