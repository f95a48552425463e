//! Measures what the terminal view costs: how long it takes from its start until it shows a child, of another program
//! with 500 children and of the demo's own small tree, and its own processor time while it shows those 500 children,
//! when nothing happens and while 1000 events a second happen. What the demo's own view takes of that is the difference
//! between two runs of one tree file, with the view and with `--view none`.
//!
//! Three moments of a start have names. The `header` is the first line of the first picture, the `tree` is there when
//! a picture has the root's line, and a `child` when a picture says of a child below the root that it runs.
//!
//! `cargo build --release -p rootward-demo && cargo run --release -p rootward-demo --example view_cost [SECONDS]`

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use nix::pty::{Winsize, openpty};
use rootward::{ChildSpec, DynamicSupervisor, Restart, Supervisor, SupervisorHandle, TaskContext};
use rootward_observer::Door;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

type Failure = Box<dyn std::error::Error>;

const CHILDREN: usize = 500;

/// A child that comes and goes is three events.
const EVENTS_EACH: f64 = 3.0;

const EVENTS_A_SECOND: f64 = 1000.0;

/// How often a view is started.
const STARTS: usize = 20;

/// The size of the terminal.
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

/// How long the view may take to settle before it is measured.
const SETTLE: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let Some(seconds) = std::env::args().nth(1) else { return Ok(()) };
    let measured = Duration::from_secs(seconds.parse()?);
    let mut out = std::io::stdout();
    let socket = std::env::temp_dir().join(format!("rootward-view-cost-{}.sock", std::process::id()));
    let idle = |number| {
        ChildSpec::task(format!("idle-{number}"), |cx: TaskContext| async move { cx.stopping().await })
    };
    let root =
        Supervisor::new("root").child(DynamicSupervisor::new("pool")).children((0..CHILDREN).map(idle));
    let tree = root.start().await?;
    let door = Door::unix(&socket).open(&tree)?;

    let attach = ["attach".as_ref(), socket.as_os_str()];
    say_first_frames(&mut out, "attach", &attach, ["pool", "idle-0"])?;
    let calm = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees/calm.toml");
    let run = ["run".as_ref(), calm.as_os_str(), "--view".as_ref(), "tui".as_ref()];
    say_first_frames(&mut out, "run", &run, ["a", "b", "c", "d"])?;

    let view = View::begin(&attach)?;
    let pid = view.0.id();
    let reads = view.1.try_clone()?;
    std::thread::spawn(move || take_all(reads));
    sleep_until(Instant::now() + SETTLE).await;
    let pool = tree.supervisor("root/pool").ok_or("it runs")?;
    let (before, begin) = (processor_time(pid)?, Instant::now());
    sleep_until(Instant::now() + measured).await;
    let quiet = share(processor_time(pid)? - before, begin);
    let (before, begin) = (processor_time(pid)?, Instant::now());
    happen(&pool, measured).await;
    let busy = share(processor_time(pid)? - before, begin);
    writeln!(out, "nothing happens: {quiet:.2} % of a core, {EVENTS_A_SECOND} events/s: {busy:.2} %")?;
    drop(view);
    let _ = tree.stop().await;
    door.closed().await;
    say_own_view(&mut out, measured).await
}

/// How many children of the demo's own tree end and are started again, how long each of them runs, and how many events
/// each of these rounds is: it has ended, is restarted, starts, and has started.
const BUSY: usize = 5;
const RUNS_FOR: Duration = Duration::from_millis(20);
const EVENTS_A_ROUND: f64 = 4.0;

/// What the view of the demo's own tree costs: the difference between a run with it and one without.
async fn say_own_view(out: &mut impl Write, measured: Duration) -> Result<(), Failure> {
    let busy = EVENTS_A_ROUND * f64::from(u32::try_from(BUSY)?) / RUNS_FOR.as_secs_f64();
    for (what, sources) in [("nothing happens", 0), (&*format!("{busy} events/s"), BUSY)] {
        let file =
            std::env::temp_dir().join(format!("rootward-view-cost-{}-{sources}.toml", std::process::id()));
        std::fs::write(&file, tree_file(sources))?;
        let without = cost_of_run(&file, "none", measured).await;
        let with = cost_of_run(&file, "tui", measured).await;
        std::fs::remove_file(&file)?;
        let (without, with) = (without?, with?);
        let view = with - without;
        writeln!(out, "own view, {what}: {view:.2} % of a core ({with:.2} % with, {without:.2} % without)")?;
    }
    Ok(())
}

/// A tree of tasks that do nothing, and so many that end again and again.
fn tree_file(sources: usize) -> String {
    let idle = (0..CHILDREN)
        .map(|number| format!("    {{ id = \"idle-{number}\", task = {{ run = \"forever\" }} }},\n"));
    let after = RUNS_FOR.as_millis();
    let ends = (0..sources).map(|number| {
        let task = format!("{{ run = \"finish\", after = \"{after}ms\" }}");
        format!("    {{ id = \"ends-{number}\", restart = \"permanent\", task = {task} }},\n")
    });
    let children: String = ends.chain(idle).collect();
    format!("id = \"root\"\nmax_restarts = 4000000000\nwithin = \"1s\"\nchildren = [\n{children}]\n")
}

/// How much of a core a run of the demo takes.
async fn cost_of_run(file: &Path, view: &str, measured: Duration) -> Result<f64, Failure> {
    // At this level the program has no process above it, so that it is the one that is measured.
    let level = ["--containment".as_ref(), "group".as_ref()];
    let run = ["run".as_ref(), file.as_os_str(), "--view".as_ref(), view.as_ref(), level[0], level[1]];
    let run = View::begin(&run)?;
    let reads = run.1.try_clone()?;
    std::thread::spawn(move || take_all(reads));
    sleep_until(Instant::now() + SETTLE).await;
    let (before, begin) = (processor_time(run.0.id())?, Instant::now());
    sleep_until(Instant::now() + measured).await;
    Ok(share(processor_time(run.0.id())? - before, begin))
}

/// Starts a view again and again, until one of these children is shown as running.
fn say_first_frames<const N: usize>(
    out: &mut impl Write,
    name: &str,
    arguments: &[&OsStr],
    children: [&str; N],
) -> Result<(), Failure> {
    let mut moments: [Vec<Duration>; 3] = Default::default();
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut view = View::begin(arguments)?;
        for (times, time) in moments.iter_mut().zip(view.first_frames(begin, &children)?) {
            times.push(time);
        }
    }
    writeln!(out, "{name}, {STARTS} starts:")?;
    for (what, mut times) in ["header", "tree", "child"].into_iter().zip(moments) {
        times.sort();
        writeln!(out, "  {what}: {:.1?} (median), {:.1?} at most", times[STARTS / 2], times[STARTS - 1])?;
    }
    Ok(())
}

/// A view in a terminal of its own. Its drop ends it.
struct View(Child, File);

impl View {
    fn begin(arguments: &[&OsStr]) -> Result<Self, Failure> {
        let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(&size, None)?;
        let program = std::env::current_exe()?;
        let program = program.parent().and_then(Path::parent).ok_or("no directory")?.join("rootward-demo");
        let slave = || terminal.slave.try_clone();
        let mut command = Command::new(program);
        command.args(arguments).env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        let view = command.stdin(slave()?).stdout(slave()?).stderr(slave()?).spawn()?;
        Ok(Self(view, File::from(terminal.master)))
    }

    /// Waits until one of these children is shown as running, and says when the header, the tree and the child came.
    fn first_frames(&mut self, begin: Instant, children: &[&str]) -> Result<[Duration; 3], Failure> {
        let size = |cells: u16| cells.try_into().map_err(|_| "a screen has cells");
        let mut screen = vt100::Parser::new(size(ROWS)?, size(COLUMNS)?, 0);
        let mut buffer = [0; 16 * 1024];
        let (mut header, mut tree) = (None, None);
        loop {
            let count = self.1.read(&mut buffer)?;
            let now = begin.elapsed();
            screen.process(&buffer[..count]);
            let lines: Vec<String> = screen.screen().rows(0, COLUMNS).collect();
            // The events stand beside the tree.
            let rows = || lines.iter().skip(2).map(|line| line.chars().take(usize::from(COLUMNS) * 3 / 5));
            let rows = || rows().map(|row| row.collect::<String>());
            let is_of = |row: &str, name: &str| row.split_whitespace().any(|word| word == name);
            if lines.first().is_some_and(|line| !line.trim().is_empty()) {
                header.get_or_insert(now);
            }
            if rows().any(|row| is_of(&row, "root")) {
                tree.get_or_insert(now);
            }
            let runs = |name: &&str| rows().any(|row| is_of(&row, name) && row.contains("running"));
            if children.iter().any(runs) {
                return Ok([header.unwrap_or(now), tree.unwrap_or(now), now]);
            }
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is the screen: takes what the view writes until it is gone.
fn take_all(mut master: File) {
    let mut buffer = [0; 64 * 1024];
    while master.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// Has children come and go at an even pace.
async fn happen(pool: &SupervisorHandle, time: Duration) {
    let mut tick = interval(Duration::from_millis(20));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (begin, mut made) = (Instant::now(), 0.0);
    while begin.elapsed() < time {
        tick.tick().await;
        while made < begin.elapsed().as_secs_f64() * EVENTS_A_SECOND / EVENTS_EACH {
            let brief = ChildSpec::task("brief", |_: TaskContext| async {}).restart(Restart::Temporary);
            let _ = pool.start_child(brief).await;
            made += 1.0;
        }
    }
}

/// How much processor time a process has used.
fn processor_time(pid: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Behind the name, which may have spaces in it.
    let (_, fields) = stat.rsplit_once(") ").ok_or("no name")?;
    let ticks = |number: usize| -> Result<u64, Failure> {
        Ok(fields.split(' ').nth(number).ok_or("no such field")?.parse()?)
    };
    // utime and stime, in hundredths of a second.
    Ok(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}

fn share(used: Duration, since: Instant) -> f64 {
    100.0 * used.as_secs_f64() / since.elapsed().as_secs_f64()
}
