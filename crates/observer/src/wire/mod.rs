//! What the door sends, as types: plain data, which watchers read with the same types.

mod answers;
mod child;
mod details;
mod event;
#[cfg(test)]
mod every_field;
#[cfg(test)]
pub(crate) mod every_kind;
#[cfg(test)]
mod file_tests;
mod outlook;
#[cfg(test)]
mod schema_tests;
mod status;

pub use answers::{
    Change, Done, DoorFacts, EndMessage, EventMessage, Last, Lost, LostMessage, Reason, Refusal, Refused,
    Snapshot, Tree, UsageAnswer, Version, Wait, Why,
};
pub use child::{Child, Draining, Due, End, Kind, State, Stop};
pub use details::{HealthFindings, Readiness, StopStep, Usage};
pub use event::{Event, What};
pub use outlook::{Awaited, Consequence, Decided, PatienceLimit, Restarts};
pub use status::{Outcome, Status, Straggler};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}
