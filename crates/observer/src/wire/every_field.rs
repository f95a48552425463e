//! Documents in which every field stands, for the recording that later versions have to read.

use super::every_kind::every_event;
use super::{
    Awaited, Change, Child, Consequence, Decided, DoorFacts, Draining, Due, End, EventMessage,
    HealthFindings, Kind, Lost, LostMessage, Outcome, PatienceLimit, Readiness, Reason, Restarts, Snapshot,
    State, Status, Stop, StopStep, Tree, Usage, UsageAnswer, Version, Wait, Why,
};

fn text(text: &str) -> String {
    text.to_owned()
}

/// Every event as the door sends it.
pub(crate) fn events() -> Vec<EventMessage> {
    every_event().into_iter().map(|event| EventMessage { schema: Version, event }).collect()
}

pub(crate) fn lost() -> LostMessage {
    LostMessage { schema: Version, lost: Lost { count: 12, to: 40 } }
}

pub(crate) fn usage() -> UsageAnswer {
    UsageAnswer { schema: Version, path: text("root/web/worker"), usage: used() }
}

fn used() -> Usage {
    Usage {
        cpu_ms: 1250,
        memory: 1 << 20,
        processes: 3,
        stopped: 1,
        threads: 7,
        descriptors: Some(12),
        read: Some(4096),
        written: Some(512),
    }
}

pub(crate) fn snapshot() -> Snapshot {
    let tree = Tree {
        state: State::Stopping,
        containment: Some(text("tree+cgroup")),
        cause: Some(text("signal")),
        degraded: vec![text("containment: group: there is no warden")],
    };
    // One child with each way to end.
    let children = statuses().into_iter().map(child).collect();
    Snapshot {
        schema: Version,
        as_of: 40,
        at: 12.5,
        tree,
        children,
        newest: every_event(),
        door: Some(DoorFacts { control: true, now: 13.0, usage_left_out: 2 }),
    }
}

pub(crate) fn why() -> Why {
    let [normal, ..] = statuses();
    Why {
        schema: Version,
        as_of: 40,
        at: 12.5,
        child: child(normal),
        because: vec![Reason {
            seq: 39,
            at: 12.25,
            path: text("root/web"),
            event: text("stopping"),
            says: text("cause: signal"),
        }],
        waits_for: vec![Wait {
            what: text("end"),
            path: Some(text("root/web/later")),
            at: Some(17.5),
            says: text("root/web/later has to be gone first"),
        }],
        changed_by: vec![Change { what: text("grace"), at: Some(17.5), says: text("its grace is over") }],
        decided: Some(decided()),
        now: Some(13.0),
    }
}

fn decided() -> Decided {
    let consequence =
        || Consequence { what: text("restart"), attempt: Some(3), delay_ms: Some(4200), siblings: Some(2) };
    Decided {
        as_of: 40,
        waits_for: Some(Awaited { what: text("end"), path: text("root/web/later") }),
        before: 2,
        next: Some(text("start")),
        attempt: Some(3),
        due: Some(17.5),
        limit: Some(PatienceLimit { what: text("grace"), at: 17.5 }),
        on_failure: Some(consequence()),
        on_success: Some(consequence()),
        restarts: Some(Restarts { counted: 2, allowed: Some(3), within_ms: 5000, until: Some(14.0) }),
        own: Some(Awaited { what: text("ready"), path: text("root/web") }),
    }
}

fn child(status: Status) -> Child {
    Child {
        path: text("root/web/worker"),
        kind: Kind::Process,
        state: State::Stopping,
        incarnation: 3,
        pid: Some(4711),
        restarts: 2,
        since: Some(12.25),
        forced: true,
        stop: Some(Stop {
            seq: 39,
            at: 12.25,
            cause: text("signal"),
            signal: Some(text("SIGTERM")),
            due: Some(17.25),
            escalated: Some(text("SIGKILL")),
        }),
        draining: Some(Box::new(Draining { cause: text("signal"), until: 12.25 })),
        restart: Some(Due { seq: 38, at: 12.75, attempt: 3 }),
        last_end: Some(End {
            seq: 37,
            at: 11.5,
            incarnation: 2,
            event: text("exited"),
            status: Some(status),
            outcome: Some(Outcome::Killed),
            error: Some(text("no such file")),
            cause: Some(text("sibling")),
        }),
        readiness: Some(Box::new(Readiness {
            awaits: text("tcp 127.0.0.1:80"),
            until: Some(14.5),
            last_miss: Some(text("refused")),
        })),
        health: Some(Box::new(HealthFindings {
            checks: Some(text("tcp 127.0.0.1:80")),
            failures: 1,
            threshold: Some(3),
            error: Some(text("refused")),
        })),
        said: Some(text("serving")),
        reloading: true,
        stop_step: Some(Box::new(StopStep { with: text("SIGINT to the group"), next: Some(14.25) })),
        usage: Some(Box::new(used())),
    }
}

fn statuses() -> [Status; 7] {
    let signal = text("SIGKILL");
    [
        Status::Ended { ok: true, shutdown: true },
        Status::Failed { error: text("it failed") },
        Status::Panicked {
            panic: text("a bug"),
            location: Some(text("src/main.rs:7")),
            backtrace: Some(text("0: main")),
        },
        Status::Aborted { aborted: true },
        Status::Code { code: 3, success: true },
        Status::Signal { signal, core_dumped: true, out_of_memory: true, success: true },
        Status::Unknown { unknown: true },
    ]
}
