//! `health.cpu`: the processor time that checks of N processes take of the program that runs them, once a second for
//! each, in per cent of one processor.
//!
//! Beside the kinds of checks stands what the same tree takes without one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::figure::Figure;
use crate::machine::ballast;

/// With what a process is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    None,
    Tcp,
    Http,
}

/// A subject that checks the health of processes.
pub trait Health {
    type Running;

    /// Starts a server at each of these addresses, this program with [`SERVE`] and the address, checks each once a
    /// second, and returns when all of them have written a line.
    fn start_checked(&self, addresses: Vec<String>, check: Check) -> Self::Running;

    fn stop_checked(&self, running: Self::Running);
}

/// What this program is told to be a server.
pub const SERVE: &str = "serve";

const TIME: Duration = Duration::from_secs(10);
/// The first checks take a search for the listener.
const SETTLE: Duration = Duration::from_secs(3);

pub fn measure<S: Health>(subject: &S, n: usize) -> Vec<Figure> {
    ballast::allow(4 * n + 1000);
    let figure = |(name, check)| {
        let running = subject.start_checked(addresses(n), check);
        std::thread::sleep(SETTLE);
        let before = processor_time();
        std::thread::sleep(TIME);
        let used = processor_time() - before;
        subject.stop_checked(running);
        Figure::new(name, used.as_secs_f64() / TIME.as_secs_f64() * 100.0, "%")
    };
    [("health.cpu.none", Check::None), ("health.cpu.tcp", Check::Tcp), ("health.cpu.http", Check::Http)]
        .map(figure)
        .into()
}

/// Addresses at which nothing listens.
fn addresses(n: usize) -> Vec<String> {
    // All at once, so that no two are the same.
    let listeners: Vec<_> =
        (0..n).map(|_| TcpListener::bind("127.0.0.1:0").expect("there are ports")).collect();
    listeners.iter().map(|it| it.local_addr().expect("it is bound").to_string()).collect()
}

/// Answers every request at an address, for ever.
pub fn serve(address: &str) -> std::io::Result<()> {
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

fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(micros.try_into().expect("time is positive"))
}
