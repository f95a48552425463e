//! The page with the results.

use super::plan::Scale;
use super::results::Results;
use super::setting;
use super::tables::{self, push};
use super::targets::TARGETS;

const INTRODUCTION: &str = "\
# Side by side

rootward beside what its users would use instead, and beside the floor: what no supervisor can beat, because it does
nothing else. Written by `side-by-side`, which measures; [performance](performance.md) tells what the numbers come from
and what was tried to better them.

";

const HOW: &str = "\
## How it is measured

- Each number is the median of several runs. In each round every subject has its turn, in a program of its own, and none
  always comes after the same one. What stands in brackets is the median of the ratios to the floor's run in the same
  round: other work on the machine changes times, and ratios less. Yet other work slows a subject that hands over
  between threads and processes more than a loop that does not, and so a quiet machine is needed all the same. All Rust
  subjects run on a tokio runtime with two threads.
- Tasks do nothing until they are stopped. A start is over when every task has run for the first time, a stop when the
  subject says that everything is gone. rootward stops in reverse order, each task when the one after it is gone, and so
  does OTP; the others stop all at once. Making the description of the tree comes before the start (`flat.describe`);
  OTP makes it in the start, and the others have none.
- The floor of tasks is a `JoinSet` with cancellation tokens; of processes a loop around `posix_spawn`, `kill` and
  `waitpid`; of events a broadcast channel; of output a thread that reads the pipe and splits it into lines.
- `stuck.stop`: tasks that never answer, under a supervisor that stops all at the same time, with a grace of 10 ms.
  `stuck.alive` counts how many futures still existed when the stop was said to be over (of OTP: processes). *never*
  means not within five seconds.
- `restart` and `group.restart` count from when a task is told to fail to the first step of the last one that
  takes its place.
- `wide` has 100 supervisors with so many tasks each, `deep` a chain of so many supervisors with one task at its end;
  both are for each. `dynamic` adds its tasks by calls to a dynamic supervisor that runs, which stops all at the same
  time (OTP's `simple_one_for_one`).
- Processes are a static program of 2 kB that says when its first instructions run, the same for every subject; its
  output goes where the subject's goes. `proc.start` and `proc.stop` are for each of so many; rootward starts them one
  after the other, `proc.stop` stops all at the same time, and `proc.stop.in-turn`, which is rootward's default, each
  when the one after it is gone: the floor's loop then waits for each before it asks the next. `proc.spawn` is one more
  process beside one, started by an application that has written to that much memory and has that many descriptors open.
- `rootward` is what a user gets here: the highest level of containment that is possible. `rootward-group`, `-tree` and
  `-cgroup` are the levels one by one. At the latter two a child is more than a process: whatever descends from it is
  followed and gone at the end, for which each has a reaper. No other subject does that.
- `proc.memory` is resident memory of the supervisor and the warden; reapers share the warden's. `proc.memory.machine`
  is what the whole machine has less, kernel and programs included; it is easily disturbed.
- `proc.output` has lines of 100 bytes, `proc.output.long` of 1000. rootward makes an event of each, and one subscriber
  reads these at the default capacity; what it lost is `.lost`.
- `proc.ready` starts a program when the one before has written a line that says that it is ready; for each. The floor
  and `tokio-process` read that line from a pipe.
- `health.cpu` is the processor time that one check a second of so many servers takes of the supervisor, over TCP and over
  HTTP, in per cent of one processor; `none` is the same tree without checks. The servers are not counted.
- `idle` counts context switches and time of all threads of the subject and whatever works for it during ten seconds in
  which nothing happens, twelve seconds after the start: a timer that the start has left behind is over by then (a
  supervisor of rootward that had to wait for a child has one of ten seconds). The programs themselves and the thread
  that measures are not counted; how many threads are is said beside it.

## To repeat it

    cargo run --release --manifest-path bench/Cargo.toml --bin side-by-side
    cargo run --release --manifest-path bench/Cargo.toml -- SUBJECT METRIC N

The first takes about a quarter of an hour and writes this page; with `--quick` a few minutes. The second measures one
thing and prints lines `SUBJECT METRIC N VALUE UNIT`. OTP needs `escript` (Debian's `erlang-base`), simpervisor a Python
that has it, which `PYTHON` can name; a subject that is missing is left out. The largest case needs 8 GiB of memory and
a limit of 20 000 descriptors.
";

/// The metrics in the order of the page, those that go with each other together.
const TASKS: [&str; 20] = [
    "flat.start",
    "flat.stop",
    "flat.describe",
    "flat.heap",
    "deep.start",
    "deep.stop",
    "wide.start",
    "wide.stop",
    "dynamic.start",
    "dynamic.stop",
    "dynamic.heap",
    "stuck.stop",
    "stuck.alive",
    "restart",
    "group.restart",
    "events.one",
    "events.three",
    "idle.tasks.wakes",
    "idle.tasks.cpu",
    "idle.tasks.threads",
];
const SPAWN: [&str; 4] =
    ["proc.spawn.10MB.0", "proc.spawn.10MB.10000", "proc.spawn.4GB.0", "proc.spawn.4GB.10000"];
const PROCESSES: [&str; 17] = [
    "proc.start",
    "proc.stop",
    "proc.stop.in-turn",
    "proc.restart",
    "proc.ready",
    "health.cpu.none",
    "health.cpu.tcp",
    "health.cpu.http",
    "proc.memory",
    "proc.memory.machine",
    "proc.output",
    "proc.output.lost",
    "proc.output.long",
    "proc.output.long.lost",
    "idle.processes.wakes",
    "idle.processes.cpu",
    "idle.processes.threads",
];
const LEVELS: [&str; 4] = ["rootward", "rootward-group", "rootward-tree", "rootward-cgroup"];

pub fn write(results: &Results, scale: Scale) -> String {
    let mut page = String::from(INTRODUCTION);
    if scale == Scale::Quick {
        page.push_str("**From a quick run: few runs of little, possibly on a busy machine. It says what the page looks like, and little else.**\n\n");
    }
    push(&mut page, &format!("{}. {}.\n\n", setting::machine(), setting::versions()));
    for why in results.absent() {
        push(&mut page, &format!("{why}.\n\n"));
    }
    page.push_str(
        "## Targets\n\n| metric | target | subject | N | found | |\n| --- | --- | --- | ---: | --- | --- |\n",
    );
    verdicts(&mut page, results);
    page.push_str("\n## Tasks\n\n");
    TASKS.iter().for_each(|metric| table(&mut page, results, metric));
    page.push_str("## Processes\n\n");
    if let Some(n) = results.sizes(SPAWN[0]).first() {
        push(&mut page, &tables::beside(results, &SPAWN, *n));
        push(&mut page, &format!("\nMedians of {} runs, each of {n} starts.\n\n", results.rounds(SPAWN[0])));
    }
    PROCESSES.iter().for_each(|metric| table(&mut page, results, metric));
    page.push_str(HOW);
    page
}

fn verdicts(page: &mut String, results: &Results) {
    for target in &TARGETS {
        // Only processes have levels.
        let subjects = if target.metric.starts_with("proc.") { &LEVELS[..] } else { &LEVELS[..1] };
        for subject in subjects {
            for verdict in target.verdicts(results, subject) {
                let n = verdict.n.map(|n| n.to_string()).unwrap_or_default();
                let met = if verdict.met { "met" } else { "**missed**" };
                let found = verdict.found;
                push(
                    page,
                    &format!(
                        "| `{}` | {} | {subject} | {n} | {found} | {met} |\n",
                        target.metric, target.text
                    ),
                );
            }
        }
    }
}

fn table(page: &mut String, results: &Results, metric: &str) {
    if let Some(table) = tables::medians(results, metric) {
        let runs = match results.rounds(metric) {
            1 => "One run.".to_owned(),
            rounds => format!("Medians of {rounds} runs."),
        };
        push(page, &format!("{table}\n{runs}\n\n"));
    }
}
