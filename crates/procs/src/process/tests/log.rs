//! The end of a process and its log file, on a disk that takes nothing for a while.

use tokio::time::Instant;

use super::*;
use crate::{LogFile, log_writer};

#[tokio::test]
async fn the_end_is_not_told_before_the_file_has_what_was_written_as_long_as_the_patience_lasts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let file = LogFile::new(&path);
    let writer = Arc::clone(&file.writer);
    writer.hold_up();
    let begin = Instant::now();
    let (mut given, _) = given(shell("echo last").log_file(file));
    given.wait_for_line("last").await;

    // Far longer than the end takes otherwise.
    let early = timeout(Duration::from_millis(300), given.exit()).await;
    assert!(early.is_err() || begin.elapsed() > log_writer::PATIENCE, "{early:?}");
    writer.go_on();

    if early.is_err() {
        given.exit().await;
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), "last\n");
}
