//! What is measured, of which subjects, and how often.

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Full,
    Quick,
}

/// One metric with one number, of several subjects that take turns.
#[derive(Clone, Debug)]
pub struct Step {
    pub metric: &'static str,
    pub n: usize,
    pub subjects: Vec<&'static str>,
    pub rounds: usize,
}

const TASKS: [&str; 7] =
    ["rootward", "floor", "otp", "tokio-graceful-shutdown", "task-supervisor", "ractor", "kameo"];
const PROCESSES: [&str; 7] = [
    "rootward",
    "floor",
    "rootward-group",
    "rootward-tree",
    "rootward-cgroup",
    "tokio-process",
    "simpervisor",
];

/// Beyond this a subject takes minutes, and is measured once or not at all.
fn rounds_of(subject: &str, metric: &str, n: usize, rounds: usize) -> usize {
    match (subject, metric) {
        // It stops in a time that grows with the square.
        ("kameo", "flat") if n > 10_000 => 1,
        // It does not stop.
        ("kameo", "stuck") => 1,
        // It has a thread for each.
        ("simpervisor", "proc") if n > 1000 => 0,
        _ => rounds,
    }
}

pub fn steps(scale: Scale) -> Vec<Step> {
    let quick = scale == Scale::Quick;
    let mut steps = Vec::new();
    let mut add = |metric, sizes: &[usize], subjects: &[&'static str], rounds: usize| {
        let largest = match (quick, metric) {
            (false, _) | (_, "events") => usize::MAX,
            (true, "proc") => 1000,
            (true, _) => 10_000,
        };
        let rounds = if quick { rounds.min(2) } else { rounds };
        for n in sizes.iter().filter(|n| **n <= largest) {
            steps.push(Step { metric, n: *n, subjects: subjects.to_vec(), rounds });
        }
    };
    // Processes first: what they cost is the question that is asked most.
    add("proc", &[100, 1000, 5000], &PROCESSES, 5);
    add("proc.spawn", &[100], &PROCESSES[..6], 5);
    add("proc.restart", &[100], &PROCESSES, 7);
    add("proc.memory", &[1000], &PROCESSES, 3);
    add("proc.output", &[200], &PROCESSES[..6], 5);
    add("proc.ready", &[100], &PROCESSES[..6], 5);
    add("health.cpu", &[100], &PROCESSES[..4], 3);
    add("flat", &[1000, 10_000, 100_000], &TASKS, 7);
    add(
        "flat.heap",
        &[1000, 10_000, 100_000],
        &["rootward", "floor", "tokio-graceful-shutdown", "task-supervisor", "ractor", "kameo"],
        1,
    );
    add("deep", &[10, 100, 300, 1000, 3000], &TASKS, 7);
    add("wide", &[1000], &TASKS, 5);
    add("dynamic", &[100_000], &["rootward", "floor", "otp"], 5);
    add("dynamic.heap", &[100_000], &["rootward", "floor"], 1);
    add("stuck", &[1000, 10_000, 100_000], &TASKS, 5);
    add("restart", &[1, 10_000], &TASKS, 7);
    add("group.restart", &[1000], &["rootward", "floor", "otp", "kameo"], 7);
    add("events", &[1_000_000], &["rootward", "floor"], 7);
    add("idle.tasks", &[1000], &TASKS, 1);
    add("idle.processes", &[1000], &PROCESSES, 1);
    steps
}

impl Step {
    /// The subjects that have a turn in this round, in order: none always comes after the same one.
    pub fn turns(&self, round: usize) -> Vec<&'static str> {
        let mut subjects = self.subjects.clone();
        let first = round % subjects.len();
        subjects.rotate_left(first);
        subjects.retain(|subject| round < rounds_of(subject, self.metric, self.n, self.rounds));
        subjects
    }
}
