//! What a supervisor is going to do about a child, as its machine said.

use serde::{Deserialize, Serialize};

/// What the supervisor of a child is going to do about it, as the machine that decides said at one moment. Times are in
/// seconds after the root began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Decided {
    /// The number of the newest event at that moment.
    pub as_of: u64,
    /// What it waits for first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Awaited>,
    /// How many starts and ends of siblings it waits for after that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub before: u64,
    /// What it does next about the child: `start`, `restart`, `stop`, `give_up`. Nothing by itself, if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Which attempt a `restart` is, counted from 1 since the child last ran well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The moment before which it does not do that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<f64>,
    /// What it does if what is under way takes too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PatienceLimit>,
    /// What would follow if the child failed at that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<Consequence>,
    /// What would follow if it ended as it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_success: Option<Consequence>,
    /// The restarts that count for the intensity of its supervisor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Restarts>,
    /// What the child itself waits for, if it is a supervisor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Awaited>,
}

/// A child for whose start or end a supervisor waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Awaited {
    /// `start` or `end`.
    pub what: String,
    /// Of which child.
    pub path: String,
}

/// What a supervisor does about a child for which it has waited long enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PatienceLimit {
    /// `force`, `give_up_start`, or `pass_over`: it goes on with the siblings.
    pub what: String,
    /// When.
    pub at: f64,
}

/// What follows from an end of a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Consequence {
    /// `restart`, `stays_down`, `is_forgotten`, `gives_up`, or `stops_supervisor`.
    pub what: String,
    /// Which attempt a restart is, counted from 1 since the child last ran well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How long it is put off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// How many siblings are stopped for it, and started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siblings: Option<u64>,
}

/// The restarts that count at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Restarts {
    /// How many.
    pub counted: u32,
    /// How many may count; there is no limit if this is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<u32>,
    /// How long each counts.
    pub within_ms: u64,
    /// When the first of them counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
