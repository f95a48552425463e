//! The core.

mod child;
mod clock;
mod error;
mod event;
mod panics;
mod policy;
mod port;
mod report;
mod snapshot;
mod supervisor;
mod task;
mod tree;

pub use child::{
    ChildId, ChildKind, ChildPath, ChildSpec, Exit, ExitClass, InvalidId, Panic, Restart, Shutdown,
};
pub use event::{Event, EventKind, Events, Lagged, SignalAction, StopCause, Stream};
pub use panics::capture_panics;
pub use policy::{AutoShutdown, Backoff, Intensity, StopOrder, Strategy};
pub use port::{
    Ended, Launch, OutputLine, OutputSink, Reporter, RunningChild, StartChild, StartContext, StartError,
    StopRequest,
};
pub use report::{Ending, NodeReport, Outcome, StopReport, Straggler};
pub use snapshot::{ChildState, NodeSnapshot, TreeSnapshot};
pub use supervisor::{
    ChildCount, DeleteChildError, DynamicSupervisor, RestartChildError, SpecError, SpecProblem,
    StartChildError, StartedChild, Supervisor, SupervisorHandle, TerminateChildError,
};
pub use task::{IntoExit, TaskContext};
pub use tree::{Tree, TreeBuilder, TreeStartError};
