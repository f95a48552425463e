//! What the user of a supervisor chooses: which siblings share a child's end, when it stops by itself, and the like.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Intensity;

/// Says which siblings are restarted together with a child that failed (OTP's `strategy`).
///
/// The default is [`OneForOne`](Self::OneForOne), as in OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Only the child that failed is started again.
    #[default]
    OneForOne,
    /// All others are stopped, the last started first, and then all are started in order.
    OneForAll,
    /// Those that were started after it are stopped, the last started first, and then it and they are started in order.
    RestForOne,
}

/// Says when a supervisor stops because of children that ended by themselves (OTP's `auto_shutdown`).
///
/// Only children whose spec says [`significant`](crate::ChildSpec::significant) count, and only if they are not
/// restarted. The default is [`Never`](Self::Never), as in OTP.
///
/// A child that ended with a failure makes the stop a failure too: [`Ending::Failed`](crate::Ending::Failed), exit
/// status 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoShutdown {
    /// The end of a child never stops its supervisor.
    #[default]
    Never,
    /// The first significant child that ends stops it.
    AnySignificant,
    /// It stops when the last significant child has ended.
    AllSignificant,
}

/// Says in which order a supervisor stops its children.
///
/// The default is [`Reverse`](Self::Reverse), as in OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopOrder {
    /// The last started first, each when the one after it is gone. A child that was forced and is still there a second
    /// later keeps no other child waiting.
    #[default]
    Reverse,
    /// All at once, which takes as long as the slowest of them. For children that do not need each other.
    Concurrent,
}

/// What a supervisor's user chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) stop_order: StopOrder,
    pub(crate) keeping: Keeping,
    pub(crate) closing: Closing,
    /// How long a child that was forced or killed may keep its siblings from being asked. Default 1 s.
    pub(crate) give_way_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            intensity: Intensity::default(),
            auto_shutdown: AutoShutdown::default(),
            stop_order: StopOrder::default(),
            keeping: Keeping::default(),
            closing: Closing::default(),
            give_way_after: Duration::from_secs(1),
        }
    }
}

impl Policy {
    /// Whether the children come and go: those of a dynamic supervisor, and those of a task.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.closing == Closing::WhenTold || self.keeping != Keeping::Specs
    }
}

/// When a supervisor that stops has come to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Closing {
    /// When its last child is gone.
    #[default]
    WhenEmpty,
    /// When it has been told as well that no caller brings in a child any more: the supervisor of a task's children,
    /// which takes in clean-up work while it stops.
    WhenTold,
}

/// Which children a supervisor keeps once they are down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// All but temporary ones, so that they can be started again: a static supervisor.
    #[default]
    Specs,
    /// None, and never more than this many altogether: a dynamic supervisor.
    Nothing { max_children: usize },
}
