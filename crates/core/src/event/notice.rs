//! What a process says of itself through systemd's notify protocol.

use serde::ser::SerializeMap;

/// What a process said of itself through systemd's notify protocol, one message of it.
///
/// A message that says none of this, such as `READY=1` alone, is no event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// What it is doing, in its own words (`STATUS=`).
    pub status: Option<String>,
    /// Whether it has begun to stop (`STOPPING=1`).
    pub stopping: bool,
    /// Whether it reads its configuration again (`RELOADING=1`).
    pub reloading: bool,
    /// When it began to do that, in microseconds of the system's monotonic clock, which is the clock of every process
    /// (`MONOTONIC_USEC=` in the message with `RELOADING=1`).
    pub monotonic_usec: Option<u64>,
    /// Whether it has done that, and is ready again (`READY=1` after `RELOADING=1`).
    pub reloaded: bool,
    /// Which process it calls its main process (`MAINPID=`).
    pub main_pid: Option<u32>,
    /// The system's number of the error that it has met (`ERRNO=`).
    pub errno: Option<i32>,
    /// With which code it is about to exit (`EXIT_STATUS=`).
    pub exit_status: Option<i32>,
}

impl Notice {
    pub(super) fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let Self { status, stopping, reloading, monotonic_usec, reloaded, main_pid, errno, exit_status } =
            self;
        if let Some(status) = status {
            map.serialize_entry("said", status)?;
        }
        if *stopping {
            map.serialize_entry("stopping", stopping)?;
        }
        for (key, is_so) in [("reloading", reloading), ("reloaded", reloaded)] {
            if *is_so {
                map.serialize_entry(key, is_so)?;
            }
        }
        if let Some(micros) = monotonic_usec {
            map.serialize_entry("monotonic_usec", micros)?;
        }
        if let Some(pid) = main_pid {
            map.serialize_entry("main_pid", pid)?;
        }
        for (key, number) in [("errno", errno), ("exit_status", exit_status)] {
            if let Some(number) = number {
                map.serialize_entry(key, number)?;
            }
        }
        Ok(())
    }
}
