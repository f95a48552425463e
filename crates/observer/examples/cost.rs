//! Measures what a door costs the program that is observed: its processor time while 500 children run and 1000 events
//! a second happen, without a door, with one that no watcher looks through, and with one watcher in another process.
//! The three take turns, so that what else the machine does meets all of them.
//!
//! `cargo run --release -p rootward-observer --example cost [SECONDS]`

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rootward::{ChildSpec, DynamicSupervisor, Restart, Supervisor, SupervisorHandle, TaskContext};
use rootward_observer::Door;
use tokio::time::{Instant, MissedTickBehavior, interval};

type Failure = Box<dyn std::error::Error>;

const CHILDREN: usize = 500;

/// A child that comes and goes is three events.
const EVENTS_EACH: usize = 3;

const EVENTS_A_SECOND: usize = 1000;

/// How often each of the three is measured.
const TURNS: usize = 5;

const TICK: Duration = Duration::from_millis(20);

/// How long is measured without anything happening before and after, so that the parts do not mix.
const REST: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [watch, socket] = arguments.as_slice() {
        if watch == "watch" {
            return watch_for_ever(Path::new(socket));
        }
    }
    let Some(seconds) = arguments.first() else { return Ok(()) };
    let measured = Duration::from_secs(seconds.parse()?);
    let socket = std::env::temp_dir().join(format!("rootward-cost-{}.sock", std::process::id()));
    let mut out = std::io::stdout();
    let configurations =
        [("no door", false, false), ("a door, no watcher", true, false), ("one watcher", true, true)];
    let mut shares = [const { (Vec::new(), Vec::new()) }; 3];
    for (number, (_, has_door, is_watched)) in (0..TURNS).flat_map(|_| configurations.into_iter().enumerate())
    {
        let pool = DynamicSupervisor::new("pool");
        let idle = |number| {
            ChildSpec::task(format!("idle-{number}"), |cx: TaskContext| async move { cx.stopping().await })
        };
        let tree = Supervisor::new("root").child(pool).children((0..CHILDREN).map(idle)).start().await?;
        let door = if has_door { Some(Door::unix(&socket).open(&tree)?) } else { None };
        let watcher = if is_watched { Some(watcher(&socket)?) } else { None };
        tokio::time::sleep_until(Instant::now() + REST).await;
        let pool = tree.supervisor("root/pool").ok_or("it runs")?;
        let idle = processor_time_of(tokio::time::sleep_until(Instant::now() + measured)).await?;
        let busy = processor_time_of(happen(&pool, measured)).await?;
        let share = |used: Duration| 100.0 * used.as_secs_f64() / measured.as_secs_f64();
        shares[number].0.push(share(idle));
        shares[number].1.push(share(busy));
        if let Some(mut watcher) = watcher {
            watcher.kill()?;
            watcher.wait()?;
        }
        let _ = tree.stop().await;
        if let Some(door) = door {
            door.closed().await;
        }
    }
    writeln!(out, "% of a core: median of {TURNS} (least to most)")?;
    for ((name, ..), (idle, busy)) in configurations.into_iter().zip(shares) {
        let (idle, busy) = (median_and_spread(idle), median_and_spread(busy));
        writeln!(out, "{name:20} nothing happens: {idle}   {EVENTS_A_SECOND} events/s: {busy}")?;
    }
    Ok(())
}

fn median_and_spread(mut shares: Vec<f64>) -> String {
    shares.sort_by(f64::total_cmp);
    format!("{:.2} ({:.2} to {:.2})", shares[shares.len() / 2], shares[0], shares[shares.len() - 1])
}

/// Has children come and go at an even pace.
async fn happen(pool: &SupervisorHandle, time: Duration) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + time;
    let (begin, mut made) = (Instant::now(), 0);
    while tick.tick().await < end {
        let due = begin.elapsed().as_secs_f64() * EVENTS_A_SECOND as f64 / EVENTS_EACH as f64;
        while (made as f64) < due {
            let brief = ChildSpec::task("brief", |_: TaskContext| async {}).restart(Restart::Temporary);
            let _ = pool.start_child(brief).await;
            made += 1;
        }
    }
}

async fn processor_time_of(work: impl Future<Output = ()>) -> Result<Duration, Failure> {
    let before = processor_time()?;
    work.await;
    Ok(processor_time()? - before)
}

fn processor_time() -> Result<Duration, Failure> {
    let used = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = (used.user_time() + used.system_time()).num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

fn watcher(socket: &PathBuf) -> Result<Child, Failure> {
    let program = std::env::current_exe()?;
    Ok(Command::new(program).arg("watch").arg(socket).stdout(Stdio::null()).spawn()?)
}

/// Reads every event.
fn watch_for_ever(socket: &Path) -> Result<(), Failure> {
    let mut door = UnixStream::connect(socket)?;
    door.write_all(b"GET /events HTTP/1.1\r\nhost: door\r\n\r\n")?;
    for line in BufReader::new(door).lines() {
        let line = line?;
        if line.starts_with("event: lost") {
            return Err("events were lost".into());
        }
    }
    Ok(())
}
