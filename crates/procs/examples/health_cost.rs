//! Measures what health checks cost: the processor time of a program while 100 processes of its run, without checks,
//! and with one a second of each.
//!
//! `cargo run --release -p rootward-procs --example health_cost [SECONDS]`

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rootward_core::{ChildSpec, Supervisor};
use rootward_procs::{Containment, Health, Process, Ready};

type Failure = Box<dyn std::error::Error>;

const PROCESSES: usize = 100;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [serve, address] if serve == "serve" => return serve_for_ever(address),
        [seconds] => measure(Duration::from_secs(seconds.parse()?)).await,
        _ => Ok(()),
    }
}

async fn measure(time: Duration) -> Result<(), Failure> {
    type MakeHealth = fn(&str) -> Option<Health>;
    let checks: [(&str, MakeHealth); 4] = [
        ("no check", |_| None),
        ("tcp", |address| Some(Health::tcp(address))),
        ("http", |address| Some(Health::http(format!("http://{address}/")))),
        ("watchdog (idle)", |_| Some(Health::watchdog(Duration::from_secs(3600)))),
    ];
    let mut out = std::io::stdout();
    for (name, check) in checks {
        let children = addresses()?.into_iter().enumerate();
        let children =
            children.map(|(number, address)| child(number, address, check)).collect::<Result<Vec<_>, _>>()?;
        let root = Supervisor::new("root").children(children);
        let tree = Containment::group().apply(root.into_tree()?).launch();
        tree.started().await?;
        // The first checks take a search for the listener.
        pass(Duration::from_secs(3)).await;
        let before = processor_time()?;
        pass(time).await;
        let used = processor_time()? - before;
        let share = used.as_secs_f64() / time.as_secs_f64() * 100.0;
        writeln!(out, "{name:<16} {share:.2} % of a processor")?;
        tree.stop().await;
    }
    Ok(())
}

/// One for each process, at which nothing listens.
fn addresses() -> Result<Vec<String>, Failure> {
    // All at once, so that no two are the same.
    let listeners: Vec<_> =
        (0..PROCESSES).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.to_string())).collect()
}

fn child(number: usize, address: String, check: fn(&str) -> Option<Health>) -> Result<ChildSpec, Failure> {
    let program = std::env::current_exe()?;
    let mut process =
        Process::new(program).args(["serve", &address]).ready(Ready::line_containing("listening"));
    if let Some(health) = check(&address) {
        process = process.health(health.interval(Duration::from_secs(1)));
    }
    Ok(process.into_child(format!("server-{number}")))
}

fn serve_for_ever(address: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(address)?;
    writeln!(std::io::stdout(), "listening")?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut head = BufReader::new(stream.try_clone()?).lines();
        // A connection that is closed at once is a check, too.
        while head.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    }
    Ok(())
}

fn processor_time() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

#[expect(clippy::disallowed_methods, reason = "what is measured is that time passes")]
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
