//! The documents that the door sends. Each says by which version of the formats it is written.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::{Child, Decided, Event, State, Usage};

/// The version of all formats here: 1. A document of another version is refused when it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version;

impl Version {
    /// The number.
    pub const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(D::Error::custom(format!("the format has version {other}, and 1 is known"))),
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "The version of the formats.", "const": Self::NUMBER })
    }
}

/// `GET /snapshot`: the whole tree, as of one event. `GET /snapshot?usage=true` has what each process uses as well.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Snapshot {
    /// The version of the formats.
    pub schema: Version,
    /// All events up to this number are in it, and none after it. `GET /events?since=` goes on from here.
    pub as_of: u64,
    /// When, in seconds after the root began.
    pub at: f64,
    /// What is said of the tree as a whole.
    pub tree: Tree,
    /// The root and everything below it, each before its children, in start order.
    pub children: Vec<Child>,
    /// The newest events that the door remembers, the oldest first.
    pub newest: Vec<Event>,
    /// What the door adds. No event changes it, and a model has none of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<DoorFacts>,
}

/// What a door says of itself and of the moment in which it sent a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DoorFacts {
    /// Whether the program allows watchers to stop and start what is in the tree.
    pub control: bool,
    /// What the time was, in seconds after the root began. `at` is the time of the last event.
    pub now: f64,
    /// How many processes are without their usage, although it was asked for, because the time for that was over before
    /// it was their turn.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub usage_left_out: u32,
}

/// What is said of a tree as a whole.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tree {
    /// What the root is doing.
    pub state: State,
    /// How far process children are followed, if the tree had a level in force when it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<String>,
    /// Why it stops or has stopped, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What weaker things than usual are in force, one a line, if that was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<String>,
}

/// `GET /events`, an event of the type `event`: something that happened in the tree.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EventMessage {
    /// The version of the formats.
    pub schema: Version,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// `GET /events`, an event of the type `lost`: the watcher was too slow, or asked for what is not remembered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LostMessage {
    /// The version of the formats.
    pub schema: Version,
    /// Which events the watcher will not get.
    pub lost: Lost,
}

/// Events that a watcher will not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Lost {
    /// How many.
    pub count: u64,
    /// The number of the last of them.
    pub to: u64,
}

/// `GET /events`, an event of the type `end`: the tree is gone, and nothing more will come.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EndMessage {
    /// The version of the formats.
    pub schema: Version,
    /// The end.
    pub end: Last,
}

/// The end of a tree's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Last {
    /// The number of the last event.
    pub as_of: u64,
}

/// `GET /why/PATH`: what a child is doing, and why.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Why {
    /// The version of the formats.
    pub schema: Version,
    /// All events up to this number are known.
    pub as_of: u64,
    /// When, in seconds after the root began.
    pub at: f64,
    /// What is known of the child.
    pub child: Child,
    /// What led to its state, as far as that was seen: each is a reason for the one before, the newest first.
    pub because: Vec<Reason>,
    /// What it waits for, as far as the events tell. Nothing, if it runs or is down for good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<Wait>,
    /// What would bring it into another state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_by: Vec<Change>,
    /// What the machine of its supervisor said, from which the last two are then. It is missing if that did not answer:
    /// then they are what the events tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// What the time was when the door answered, in seconds after the root began. `at` is the time of the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<f64>,
}

/// Something for which a child waits.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Wait {
    /// In one word, for programs: `restart`, `attempt`, `ready`, `start_of`, `end`, `end_of`, `turn`.
    pub what: String,
    /// The other child, for `start_of` and `end_of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// When it comes, if that is known, in seconds after the root began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// In a few words, for people.
    pub says: String,
}

/// Something that would bring a child into another state.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// In one word, for programs: `due` (a time is over), `ready`, `end`, `failure`, `success`, `start`, `restart`,
    /// `terminate`, `stop`, `force`, `start_of`.
    pub what: String,
    /// When it comes, if that is known, in seconds after the root began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// In a few words, for people.
    pub says: String,
}

/// `GET /usage/PATH`: what a process uses, summed over all processes of its set, at the moment of the request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UsageAnswer {
    /// The version of the formats.
    pub schema: Version,
    /// The process.
    pub path: String,
    /// What it uses.
    pub usage: Usage,
}

/// One event in a chain of causes.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reason {
    /// The event's number.
    pub seq: u64,
    /// When.
    pub at: f64,
    /// The child to which it happened.
    pub path: String,
    /// The event's name.
    pub event: String,
    /// What it says, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
}

/// The answer to a request that has been carried out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Done {
    /// The version of the formats.
    pub schema: Version,
    /// What was done: `stop`, `force`, `terminate`, `start`, `restart`, `signal`.
    pub done: String,
}

/// The answer to a request that was refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Refused {
    /// The version of the formats.
    pub schema: Version,
    /// Why.
    pub refused: Refusal,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Refusal {
    /// In one word, for programs: see the page about the door.
    pub code: String,
    /// In a sentence, for people.
    pub message: String,
}
