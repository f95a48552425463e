//! How much memory a line takes that does not end. In a program of its own, because the memory is the whole program's.

#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and not what they call")]

use std::time::Duration;

use rootward_procs::Process;

#[tokio::test]
async fn a_line_of_64_megabytes_comes_in_pieces_and_takes_little_memory() {
    let mut program = Process::new("/bin/sh")
        .args(["-c", "head -c 67108864 /dev/zero | tr '\\0' x; echo"])
        .spawn()
        .await
        .unwrap();
    let mut lines = program.take_output().unwrap();
    lines.hold_up(Duration::from_secs(60));
    let before = memory();

    let mut bytes = 0;
    let mut most = before;
    while let Some(piece) = lines.next().await.unwrap() {
        assert!(piece.line.len() <= 64 * 1024 && piece.continued == (bytes > 0), "{}", piece.line.len());
        bytes += piece.line.len();
        most = most.max(memory());
    }

    assert_eq!(bytes, 67_108_864);
    assert!(most < before + 24 * 1024 * 1024, "from {before} to {most}");
}

/// How many bytes of this process are resident.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
