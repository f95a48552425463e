//! What is known of a process beyond what it is doing: what it tells, and what it uses.

use serde::{Deserialize, Serialize};

/// What the start of a process waits for. Times are in seconds after the root began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Readiness {
    /// What has to happen, such as `a listener at 127.0.0.1:80`.
    pub awaits: String,
    /// When its time for that is over, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<f64>,
    /// Why the last look has found nothing, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_miss: Option<String>,
}

/// What the health checks of a process have found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HealthFindings {
    /// What is checked, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<String>,
    /// How many checks in a row have failed: 0 of one that is healthy.
    pub failures: u32,
    /// How many have to fail before it is stopped, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Why the last one has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The last step of a stop that has several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StopStep {
    /// With what it was asked: a signal and what gets it, or `stop command`.
    pub with: String,
    /// When the next step comes, if there is one and that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<f64>,
}

/// What a process uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Usage {
    /// Processor time since it was started, in milliseconds.
    pub cpu_ms: u64,
    /// Resident memory, in bytes. What processes share is counted in each.
    pub memory: u64,
    /// How many processes there are.
    pub processes: u32,
    /// How many of them are stopped, by a signal, a terminal or a debugger.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub stopped: u32,
    /// How many threads these have.
    pub threads: u32,
    /// How many descriptors these have open, if the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptors: Option<u64>,
    /// How many bytes have been read by system calls, if the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// How many bytes have been written by system calls, if the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
}
