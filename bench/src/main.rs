//! Measures one metric of one subject and prints `SUBJECT METRIC N VALUE UNIT`.
//!
//!     cargo run --release --manifest-path bench/Cargo.toml -- SUBJECT METRIC N
//!
//! Subjects: `rootward`, and `floor`, which is what no supervisor can beat: a `JoinSet` and cancellation tokens, everything
//! stopped at once and nothing restarted.
//!
//! Metrics: `flat` (start, stop and heap of N tasks under one supervisor), `deep` (a chain of N supervisors), `wide` (100
//! supervisors with N tasks each), `restart` (crash to running among N siblings), `group` (one for all with N children),
//! `dynamic` (N children started one by one and stopped at the same time).

mod floor;
mod meter;
mod subject;

use std::process::ExitCode;

use meter::Figure;

/// Counting costs time, so that only a build that is asked for heap figures does it.
#[cfg(feature = "heap")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [subject, metric, n] = arguments.as_slice() else { return usage() };
    let Ok(n) = n.parse::<usize>() else { return usage() };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be built");
    let figures = match subject.as_str() {
        "rootward" => runtime.block_on(async { tokio::spawn(subject::measure(metric.clone(), n)).await.ok().flatten() }),
        "floor" => runtime.block_on(async { tokio::spawn(floor::measure(metric.clone(), n)).await.ok().flatten() }),
        _ => None,
    };
    let Some(figures) = figures else { return usage() };
    for Figure { name, value, unit } in figures {
        println!("{subject} {metric}.{name} {n} {value:.3} {unit}");
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: rootward-bench rootward|floor flat|deep|wide|restart|group|dynamic N");
    ExitCode::from(2)
}
