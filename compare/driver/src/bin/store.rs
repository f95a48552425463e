//! The process that the programs start: it writes its id and its time of birth down, and waits for SIGTERM.
//!
//! With `COMPARE_STORE_DEAF` set it takes note of SIGTERM and stays.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::alarm;

/// It ends by itself after so many seconds, should the driver be gone.
const LIFETIME: u32 = 120;

fn main() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.thread_block().expect("SIGTERM can be blocked");
    alarm::set(LIFETIME);
    log(&format!("store started {} {}", std::process::id(), birth()));
    loop {
        signals.wait().expect("one can wait for SIGTERM");
        log("store asked");
        if std::env::var_os("COMPARE_STORE_DEAF").is_none() {
            return;
        }
    }
}

/// When this process was started, in ticks since the system was.
fn birth() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().nth(19).unwrap_or_default().to_string()
}

fn log(event: &str) {
    let Some(path) = std::env::var_os("COMPARE_LOG") else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("the log can be opened");
    file.write_all(format!("{now} {event}\n").as_bytes()).expect("the log can be written");
}
