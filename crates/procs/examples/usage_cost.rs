//! Measures what it takes to look up what each of many processes uses, beside a snapshot without that: at level
//! `group`, and with a warden, without cgroups and with them where the system allows it.
//!
//! `cargo run --release -p rootward-procs --example usage_cost PROCESSES`

use std::io::Write as _;
use std::time::Duration;

use rootward_core::{Supervisor, TreeSnapshot};
use rootward_procs::{Containment, Process, Warden};
use tokio::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// How often each is measured.
const LOOKS: usize = 21;

fn main() -> Result<(), Failure> {
    // Where a warden is this program, it begins here.
    let warden = Warden::fork();
    let Some(processes) = std::env::args().nth(1) else { return Ok(()) };
    let processes: usize = processes.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        measure("group", &Containment::group(), processes).await?;
        let warden = warden?;
        measure("tree", &Containment::tree(&warden).without_cgroups(), processes).await?;
        measure("tree, cgroups where there are any", &Containment::tree(&warden), processes).await
    })
}

async fn measure(name: &str, containment: &Containment, processes: usize) -> Result<(), Failure> {
    let sleep = |number| Process::new("sleep").arg("1000").into_child(format!("sleep-{number}"));
    let root = Supervisor::new("root").children((0..processes).map(sleep));
    let tree = containment.apply(root.into_tree()?).start().await?;
    let asked = median(|| tree.snapshot_with_usage());
    let plain = median(|| tree.snapshot());
    let left_out = tree.snapshot_with_usage().usage_left_out;
    let level = tree.snapshot().containment.unwrap_or_default();
    writeln!(
        std::io::stdout(),
        "{name} ({level}): {processes} processes in {asked:.1?}, {left_out} left out; without usage {plain:.1?}"
    )?;
    tree.stop().await;
    Ok(())
}

fn median(look: impl Fn() -> TreeSnapshot) -> Duration {
    let mut times: Vec<Duration> = (0..LOOKS)
        .map(|_| {
            let begin = Instant::now();
            let _ = look();
            begin.elapsed()
        })
        .collect();
    times.sort();
    times[LOOKS / 2]
}
