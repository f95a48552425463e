//! Measures how fast output is captured, beside `cat` through a pipe, and how much memory that takes.
//!
//! `cargo run --release -p rootward-procs --example output_throughput [GIGABYTES]`

use std::error::Error;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rootward_procs::{Output, Process};
use tokio::io::AsyncReadExt as _;

/// A line as programs log them: 100 bytes with its end.
const LINE: &[u8; 100] =
    b"2026-01-01T12:00:00.000Z INFO request{method=GET path=/index.html} served in 12 ms, status 200 OK..\n";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [write, bytes] if write == "write" => write_lines(bytes.parse()?),
        [gigabytes] => measure((gigabytes.parse::<f64>()? * 1e9) as u64).await,
        _ => Ok(()),
    }
}

async fn measure(bytes: u64) -> Result<(), Box<dyn Error>> {
    let bytes = bytes - bytes % LINE.len() as u64;
    let program = std::env::current_exe()?;
    let writer = || Process::new(&program).args(["write".to_owned(), bytes.to_string()]);

    let begin = now();
    let mut child = Command::new(&program)
        .args(["write".to_owned(), bytes.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("it is piped")?;
    Command::new("cat").stdin(output).stdout(Stdio::null()).status()?;
    child.wait()?;
    report("cat through a pipe", bytes, begin)?;

    let begin = now();
    let mut raw = writer().stdout(Output::Piped).spawn().await?;
    let mut stdout = raw.take_stdout().ok_or("it is piped")?;
    let mut chunk = vec![0; 64 * 1024];
    let mut read = 0;
    while let bytes @ 1.. = stdout.read(&mut chunk).await? {
        read += bytes as u64;
    }
    assert_eq!(read, bytes);
    assert!(raw.wait().await.success());
    report("bytes", bytes, begin)?;

    let begin = now();
    let unread = writer().spawn().await?;
    assert!(unread.wait().await.success());
    report("lines that are not read", bytes, begin)?;

    let begin = now();
    let mut program = writer().spawn().await?;
    let mut output = program.take_output().ok_or("it is captured")?;
    output.hold_up(Duration::from_secs(60));
    let mut lines = 0;
    while let Some(line) = output.next().await? {
        lines += u64::from(!line.continued);
    }
    assert_eq!(lines, bytes / LINE.len() as u64);
    report("lines that are read, each", bytes, begin)
}

fn write_lines(bytes: u64) -> Result<(), Box<dyn Error>> {
    let chunk = LINE.repeat(640);
    let mut out = std::io::stdout().lock();
    let mut left = bytes as usize;
    while left > 0 {
        let now = left.min(chunk.len());
        out.write_all(&chunk[..now])?;
        left -= now;
    }
    Ok(out.flush()?)
}

fn report(what: &str, bytes: u64, begin: Instant) -> Result<(), Box<dyn Error>> {
    let speed = bytes as f64 / 1e9 / begin.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    writeln!(std::io::stdout(), "{what:<28} {speed:.2} GB/s, at most {} of memory so far", most.trim())?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "real time is measured")]
fn now() -> Instant {
    Instant::now()
}
