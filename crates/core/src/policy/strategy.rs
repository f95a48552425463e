//! Which siblings share a child's end.

use serde::{Deserialize, Serialize};

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
