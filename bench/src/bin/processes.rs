//! Measures processes as children and prints `SUBJECT METRIC N VALUE UNIT`.
//!
//!     cargo run --release --manifest-path bench/Cargo.toml --bin processes -- SUBJECT PROGRAM N [MEGABYTES DESCRIPTORS]
//!
//! Subjects: `group` and `tree`, which are levels of containment (`tree` uses cgroups where there are any), and `floor`: a loop
//! around `posix_spawn`, and a loop of `kill` and then of `waitid`. PROGRAM should do nothing for ever. The program that
//! measures can be made larger first, by memory that it has written to and by open descriptors.
//!
//! Metrics: `start` (the median of N starts, one after the other), `stop` (all N at once), `memory` (resident memory for each
//! child of this program and of the warden together), `system` (what the whole system has less for each child, the child
//! itself included).

use std::ffi::CString;
use std::fs;
use std::time::{Duration, Instant};

use rootward_core::{EventKind, Supervisor};
use rootward_procs::{Containment, Process, Output, Warden};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let subject = arguments[0].clone();
    let warden = (subject != "group").then(|| Warden::fork().expect("the warden can be forked"));
    let n: usize = arguments[2].parse().expect("a number");
    let size = |at: usize| arguments.get(at).map_or(0, |size| size.parse::<usize>().expect("a number"));
    let ballast = vec![1_u8; size(3) << 20];
    let descriptors: Vec<fs::File> =
        (0..size(4)).map(|_| fs::File::open("/dev/null").expect("there are descriptors")).collect();
    let tell = |metric: &str, value: f64, unit: &str| println!("{subject} {metric} {n} {value:.2} {unit}");
    match subject.as_str() {
        "floor" => floor(&arguments[1], n, tell),
        _ => {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(std::env::var("W").map_or(2, |w| w.parse().unwrap())).enable_all().build();
            runtime.expect("a runtime can be built").block_on(rootward(&arguments[1], n, warden, tell));
        }
    }
    drop((ballast, descriptors));
}

async fn rootward(program: &str, n: usize, warden: Option<Warden>, tell: impl Fn(&str, f64, &str)) {
    let containment = warden.as_ref().map_or_else(Containment::group, Containment::tree);
    let containment = if std::env::var("BARE").is_ok() { containment.without_cgroups() } else { containment };
    let child = |i: usize| {
        Process::new(program).stdout(Output::Null).stderr(Output::Null).into_child(format!("c{i}"))
    };
    // What is needed once is not to be counted for each.
    let warm = containment.apply(Supervisor::new("warm").children((0..4).map(child)).tree().expect("a tree"));
    warm.start().await.expect("it starts").stop().await;
    let root = Supervisor::new("root").children((0..n).map(child)).stop_order(rootward_core::StopOrder::Concurrent);
    let builder = containment.apply(root.tree().expect("a tree")).deadline(Duration::from_secs(600));
    let helper = warden.as_ref().map(Warden::pid);
    let (before, free) = (resident(None) + helper.map_or(0.0, |pid| resident(Some(pid))), available());
    let mut builder = builder.event_capacity(8 * n);
    let mut events = builder.subscribe();
    let tree = builder.start().await.expect("the tree starts");
    let mut starts = Vec::new();
    let mut before_it = None;
    while starts.len() + 1 < n {
        let event = events.next().await.expect("none is lost").expect("there are more");
        if matches!(event.what, EventKind::Started { pid: Some(_) }) {
            starts.extend(before_it.replace(event.at).map(|earlier| (event.at - earlier).as_secs_f64() * 1e6));
        }
    }
    tell("start", median(starts), "us");
    let after = resident(None) + helper.map_or(0.0, |pid| resident(Some(pid)));
    tell("memory", (after - before) / n as f64, "KiB");
    tell("system", (free - available()) / n as f64, "KiB");
    if let Ok(ms) = std::env::var("PAUSE") { tokio::time::sleep(Duration::from_millis(ms.parse().unwrap())).await; }
    let watch = Instant::now();
    let report = tree.stop().await;
    tell("stop", watch.elapsed().as_secs_f64() * 1e3, "ms");
    assert!(report.clean);
}

#[expect(unsafe_code, reason = "the floor is C")]
fn floor(program: &str, n: usize, tell: impl Fn(&str, f64, &str)) {
    let program = CString::new(program).expect("a path");
    let argv = [program.as_ptr().cast_mut(), std::ptr::null_mut()];
    let mut pids = vec![0; n];
    let free = available();
    let mut starts = Vec::new();
    for pid in &mut pids {
        let watch = Instant::now();
        // SAFETY: C strings, null-terminated arrays of them, and a place for the process id.
        let failed = unsafe {
            libc::posix_spawn(
                pid,
                program.as_ptr(),
                std::ptr::null(),
                std::ptr::null(),
                argv.as_ptr(),
                argv[1..].as_ptr(),
            )
        };
        assert_eq!(failed, 0);
        starts.push(watch.elapsed().as_secs_f64() * 1e6);
    }
    tell("start", median(starts), "us");
    tell("system", (free - available()) / n as f64, "KiB");
    let watch = Instant::now();
    for pid in &pids {
        // SAFETY: integers only.
        unsafe { libc::kill(*pid, libc::SIGTERM) };
    }
    for pid in &pids {
        // SAFETY: a null pointer means that nobody wants to know.
        unsafe { libc::waitpid(*pid, std::ptr::null_mut(), 0) };
    }
    tell("stop", watch.elapsed().as_secs_f64() * 1e3, "ms");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// KiB of resident memory, of this process or another one.
fn resident(pid: Option<u32>) -> f64 {
    let status = match pid {
        Some(pid) => format!("/proc/{pid}/smaps_rollup"),
        None => "/proc/self/smaps_rollup".to_owned(),
    };
    field(&status, "Rss:")
}

fn available() -> f64 {
    field("/proc/meminfo", "MemFree:")
}

fn field(path: &str, name: &str) -> f64 {
    let text = fs::read_to_string(path).expect("it can be read");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("it is there");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
