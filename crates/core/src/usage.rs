//! What a child uses of the system: plain data.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// What a process child uses, summed over all processes of its set at one moment.
///
/// It serialises as `{"cpu_ms":1200,"memory":4096000,"processes":2,"threads":3,"descriptors":17,"read":4096,
/// "written":512}`, without what is not known, and with `"stopped":1` behind the processes if one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// How much processor time it has used since it was started, in user and kernel mode. With a cgroup that includes
    /// all processes that have ended; without one those whose parents in the set have waited for them.
    pub cpu: Duration,
    /// How much memory is resident, in bytes. What processes share is counted in each.
    pub memory: u64,
    /// How many processes there are that have not ended.
    pub processes: u32,
    /// How many of them are stopped, by a signal, a terminal or a debugger: a process that reads from a terminal in
    /// whose foreground it is not, for example.
    pub stopped: u32,
    /// How many threads these have.
    pub threads: u32,
    /// How many descriptors these have open. `None` if the system does not tell of every process.
    pub descriptors: Option<u64>,
    /// How many bytes have been read by system calls, from files, pipes and terminals, whether a disk was needed or
    /// not. `None` if the system does not tell of every process.
    pub read: Option<u64>,
    /// How many bytes have been written by system calls. `None` if the system does not tell of every process.
    pub written: Option<u64>,
}

impl Serialize for Usage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cpu_ms", &crate::clock::whole_millis(self.cpu))?;
        map.serialize_entry("memory", &self.memory)?;
        map.serialize_entry("processes", &self.processes)?;
        if self.stopped > 0 {
            map.serialize_entry("stopped", &self.stopped)?;
        }
        map.serialize_entry("threads", &self.threads)?;
        for (key, value) in
            [("descriptors", self.descriptors), ("read", self.read), ("written", self.written)]
        {
            if let Some(value) = value {
                map.serialize_entry(key, &value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let usage =
            Usage { cpu: Duration::from_millis(1200), memory: 4096, read: Some(7), ..Usage::default() };

        let json = serde_json::to_string(&usage).unwrap();

        assert_eq!(json, r#"{"cpu_ms":1200,"memory":4096,"processes":0,"threads":0,"read":7}"#);
        let stopped = serde_json::to_string(&Usage { stopped: 1, ..Usage::default() }).unwrap();
        assert_eq!(stopped, r#"{"cpu_ms":0,"memory":0,"processes":0,"stopped":1,"threads":0}"#);
    }
}
