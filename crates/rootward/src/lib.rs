//! A supervision tree for async Rust in which tasks, actors and operating-system processes stand side by side
//! under one set of rules.
//!
//! *Shutdown runs leafward; acknowledgements run rootward.*
//!
//! ```
//! use std::time::Duration;
//! use rootward::{ChildSpec, Restart, Strategy, Supervisor};
//!
//! fn main() -> std::process::ExitCode {
//!     let workers = Supervisor::new("workers")
//!         .strategy(Strategy::OneForAll)
//!         .child(ChildSpec::task("ticker", |cx| async move {
//!             loop {
//!                 tokio::select! {
//!                     () = cx.stopping() => return,
//!                     () = tokio::time::sleep(Duration::from_secs(1)) => println!("tick"),
//!                 }
//!             }
//!         }));
//!     let root = Supervisor::new("root").child(workers);
//! #   let quit = ChildSpec::task("quit", |_| async {}).restart(Restart::Transient).significant(true);
//! #   let root = root.auto_shutdown(rootward::AutoShutdown::AnySignificant).child(quit);
//!     rootward::run(root) // until Ctrl-C
//! }
//! ```
//!
//! # The model
//!
//! A **child** is something that runs: a task, an actor, a process, or a supervisor with children of its own. Its
//! [`ChildSpec`] says how it is started, when it is [started again](Restart), and how much time it gets to
//! [stop](Shutdown).
//!
//! A **supervisor** starts its children in order, each when the one before is ready. When one of them ends it
//! is started again if its spec says so, alone or with its siblings ([`Strategy`]). Too many restarts in too
//! short a time ([`intensity`](Supervisor::intensity)) and the supervisor gives up: it stops what it has and ends, and
//! its own supervisor decides what next. The rules are those of Erlang/OTP.
//!
//! A **stop** goes down the tree: children stop in reverse order, each when the one after it has acknowledged, and a
//! supervisor acknowledges when its last child has. A child is first asked. When its grace is over it is forced: a task
//! is aborted, an actor or a process killed. Above all of it stands one deadline, and a grace never reaches beyond it.
//! When [`Tree::stop`] returns, its [`StopReport`] says of every child how it ended.
//!
//! Everything that happens is an [`Event`], in order. What the tree looks like now is a [`TreeSnapshot`].
//!
//! # Two ways to use it
//!
//! - **The program is the tree.** [`run`], or [`Application`] for one that is configured, is all that `main`
//!   calls: runtimes, signals, tree, exit status.
//! - **The tree is a part.** [`Supervisor::start`] starts a tree on the runtime of the caller and returns a
//!   [`Tree`] to stop and to wait for. Signals stay as they are, unless [`Signals::attach`] is called.
//!   [`TreeBuilder::stop_on`] and [`Tree::token`] tie it to the rest of the program. Nothing is built, exited or
//!   shut down that is not the tree's own.
//!
//! # Promises
//!
//! | promise | what it means |
//! | --- | --- |
//! | Gone means gone | A stop returns when the future of every task has been dropped, every actor has been joined and its state dropped, and every process has been waited for. |
//! | It never claims more than it saw | What cannot be brought down by the deadline is named: [`StopReport::unreapable`]. That is no success, and can still be [awaited](Tree::wait_gone). |
//! | Order | Children start in order and stop in reverse; nothing starts once stopping has begun, but [clean-up work](TaskContext::clean_up) of tasks that stop. |
//! | A failing supervisor loses nothing | A panic in a task, in a start, even in a supervisor's own actor still ends in everything being stopped and awaited. A dropped handle stops the tree. |
//! | A good guest | No `exit`, no runtime but its own, no `wait` for processes it did not start, no signal caught before it is asked to. |
//! | Everything is bounded | Waits, restarts, captured output, events for a slow reader; or it says `Infinity`. |
//!
//! # The names that programs need
//!
//! | to | use |
//! | --- | --- |
//! | describe children | [`ChildSpec`] (tasks, services, blocking work, actors), [`Process`], [`Supervisor`], [`DynamicSupervisor`], [`PartitionSupervisor`] |
//! | say how they live and stop | [`Restart`], [`Shutdown`], [`Strategy`], [`Backoff`], [`AutoShutdown`], [`StopOrder`] |
//! | write a task or an actor | [`TaskContext`], [`TaskSupervisor`], [`Address`] |
//! | be a program | [`run()`], [`Application`], [`Finished`], [`Signals`], [`Signal`] |
//! | be a part of a program | [`TreeBuilder`], [`Tree`], [`TreeRef`], [`SupervisorHandle`], [`SupervisorAddress`] |
//! | see what happens | [`Event`], [`EventKind`], [`TreeSnapshot`], [`StopReport`], [`Exit`], [`ChildPath`] |
//!
//! The rest is in the module that it belongs to:
//!
//! | module | has |
//! | --- | --- |
//! | [`spec`] | what a description says beside that: limits, deadlines, ids |
//! | [`task`] | what tasks are, start and are given: blocking work, guests, permits, results |
//! | [`mod@process`] | readiness, health, stop ladders, containment, and one program without a tree |
//! | [`application`] | a program that does more than [`Application::run`] does |
//! | [`event`], [`report`], [`snapshot`] | what is said in these three, and how a report has the place of a panic |
//! | [`error`] | an error for each operation |
//! | [`signal`] | sources of signals, and what they mean |
//! | [`child_kind`] | what another kind of child is made of |
//! | `http`, `probes`, `systemd`, `testing` | what a [feature](#features) of that name adds |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `actors` | yes | a program's own ractor actors as children: [`ChildSpec::actor`], [`Address`]. Without it no name of ractor is public |
//! | `procs` | yes | processes as children: `process`. Nothing where there is no Linux |
//! | `signals` | yes | signals that act upon a tree, and `run`. On Unix |
//! | `regex` | no | `process::Ready::line`: a process is ready when it writes a line that a regular expression matches |
//! | `http` | no | a server for HTTP whose connections belong to their task: `http`. For axum, tonic, and any other tower service |
//! | `probes` | no | what Kubernetes asks of the program: `/livez`, `/readyz`, `/startupz`: `probes`. On Unix |
//! | `observer` | no | a door at which the running tree is watched, in a terminal or a browser: `observer`. On Linux |
//! | `systemd` | no | what a service manager is told: readiness, status, watchdog, how long a stop still takes: `systemd` |
//! | `testing` | no | what the tests of an application need: `testing`. For `dev-dependencies`; the book has a chapter |
//! | `async-trait` | no | nothing but the other shape of ractor's `Actor`: for programs in which anything enables ractor's feature `async-trait` |
//! | `console` | no | with `--cfg tokio_unstable`, tasks are named after their paths in tokio-console |
//!
//! The numbered files in `examples/` are lessons, each on one thing.

/// The programs in the README, which have to compile.
#[cfg(all(doctest, feature = "observer", feature = "procs", feature = "signals", target_os = "linux"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(feature = "signals")]
mod app;
#[cfg(feature = "http")]
pub mod http;
#[cfg(all(feature = "probes", unix))]
pub mod probes;
#[cfg(all(feature = "procs", target_os = "linux"))]
pub mod process;
#[doc(hidden)]
pub mod sibling;
#[cfg(all(feature = "systemd", target_os = "linux"))]
pub mod systemd;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "signals")]
pub use app::{Application, Finished, run};

// What a program describes.
#[doc(inline)]
pub use rootward_core::{
    AutoShutdown, Backoff, ChildPath, ChildSpec, DynamicSupervisor, PartitionSupervisor, Restart, Shutdown,
    StopOrder, Strategy, Supervisor,
};
// What runs, from outside.
#[doc(inline)]
pub use rootward_core::{SupervisorAddress, SupervisorHandle, Tree, TreeBuilder, TreeRef};
// What a child sees.
#[cfg(feature = "actors")]
#[doc(inline)]
pub use rootward_core::Address;
#[doc(inline)]
pub use rootward_core::{TaskContext, TaskSupervisor};
// What is told.
#[doc(inline)]
pub use rootward_core::{Event, EventKind, Exit, StopReport, TreeSnapshot};
#[cfg(all(feature = "procs", target_os = "linux"))]
#[doc(inline)]
pub use rootward_procs::Process;
#[cfg(feature = "signals")]
#[doc(inline)]
pub use rootward_signals::{Signal, Signals};

/// ractor, in the version in which [`ChildSpec::actor`] takes actors.
#[cfg(feature = "actors")]
#[doc(no_inline)]
pub use rootward_core::ractor;

/// Look into a running tree: a door for watchers, and what they are told. The book has a page about it.
///
/// ```no_run
/// use rootward::observer::Door;
/// # use rootward::{ChildSpec, Supervisor};
///
/// # async fn run(root: Supervisor) -> Result<(), Box<dyn std::error::Error>> {
/// let (tree, _door) = Door::unix("/run/my-program/door.sock").launch(root.into_tree()?)?;
/// # tree.wait().await;
/// # Ok(())
/// # }
/// ```
#[cfg(all(feature = "observer", target_os = "linux"))]
#[doc(no_inline)]
pub use rootward_observer as observer;

pub mod spec {
    //! What a description says beside the names at the front: limits, deadlines, ids.

    #[doc(inline)]
    pub use rootward_core::{ChildId, Intensity, OnDeadline, StopReach};
}

pub mod task {
    //! What tasks are, start and are given: blocking work, guests, permits, results. See also
    //! [`TaskContext`](crate::TaskContext) and [`TaskSupervisor`](crate::TaskSupervisor).

    #[doc(inline)]
    pub use rootward_core::{
        BlockingContext, Guest, IntoExit, Permit, TaskResult, TaskResults, UntilStopping,
    };
}

#[cfg(feature = "signals")]
pub mod application {
    //! For a program that does more than [`Application::run`](crate::Application::run) does: it looks at the tree
    //! before it runs, takes the deadline from its environment, or says why it has no tree to run.

    #[doc(inline)]
    pub use crate::app::{Prepared, deadline_from_env, write_termination_message};
}

pub mod event {
    //! What is said in and about [`Event`](crate::Event)s.

    #[doc(inline)]
    pub use rootward_core::{Events, Lagged, Notice, OutputStream, SignalAction, StopCause};
}

pub mod report {
    //! What is said in a [`StopReport`](crate::StopReport). With [`capture_panics`] an exit has the place of a panic.

    #[doc(inline)]
    pub use rootward_core::{
        Blame, Ending, ExitClass, NodeReport, Outcome, Panic, StopStep, Straggler, Stuck, StuckIn,
        capture_panics,
    };
}

pub mod snapshot {
    //! What is said in a [`TreeSnapshot`](crate::TreeSnapshot), and by a supervisor of its children.

    #[doc(inline)]
    pub use rootward_core::{
        Awaited, ChildCount, ChildKind, ChildOutlook, ChildState, Consequence, HealthFindings, InHand,
        NextStep, NodeSnapshot, PatienceLimit, ProcessDetails, ReadinessWait, StartedChild, TakenStep, Usage,
    };
}

pub mod error {
    //! The errors, one for each operation. Those of processes are in `process`.

    #[cfg(unix)]
    #[doc(inline)]
    pub use rootward_core::UnknownSignal;
    #[cfg(feature = "actors")]
    #[doc(inline)]
    pub use rootward_core::{Abandoned, Undelivered};
    #[doc(inline)]
    pub use rootward_core::{
        DeleteChildError, InvalidId, ReserveError, ResizeError, RestartChildError, SignalChildError,
        SpawnError, SpawnErrorKind, SpecError, SpecProblem, StartChildError, StartError, TaskError,
        TerminateChildError, TreeStartError,
    };
    #[cfg(feature = "signals")]
    #[doc(inline)]
    pub use rootward_signals::SignalError;

    #[cfg(feature = "signals")]
    #[doc(inline)]
    pub use crate::app::{InvalidGrace, RunError};
}

pub mod child_kind {
    //! To make another kind of child: how a supervisor starts, stops and hears one.
    //!
    //! A kind implements [`StartChild`], whose [`start`](StartChild::start) is called for every incarnation, and
    //! [`RunningChild`] for what it has started. The [`Reporter`] of an incarnation says that it has started and how
    //! it ended. Tasks, actors, processes and supervisors are made of nothing else.

    #[doc(inline)]
    pub use rootward_core::{
        Ended, KillHandle, Launch, OutputLine, ProcessEvents, Reporter, Retries, RunningChild, StartChild,
        StartContext, StopRequest,
    };
}

#[cfg(feature = "signals")]
pub mod signal {
    //! How [`Signals`](crate::Signals) are heard and handled.

    #[doc(inline)]
    pub use rootward_signals::{
        AddedHandler, Hangup, Listening, SignalHandlers, SignalReceived, SignalSender, SignalSource,
        SignalsGuard, die_by_signal,
    };
}
