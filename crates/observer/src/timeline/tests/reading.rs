//! How recordings are read.

use super::super::{ReadError, read};
use super::SHOP;

fn error(text: &str) -> ReadError {
    read(text.as_bytes()).unwrap_err()
}

#[test]
fn what_is_no_recording_is_refused_with_the_line() {
    let second = SHOP.lines().nth(1).unwrap();

    assert!(matches!(error(""), ReadError::Empty));
    assert!(matches!(error("\n\n"), ReadError::Empty));
    assert!(matches!(error("hello\n"), ReadError::Line { line: 1, .. }));
    assert!(matches!(error(&format!("{second}\nhello\nhello\n")), ReadError::Line { line: 2, .. }));
    assert!(matches!(error(&format!("{second}\n{second}\n")), ReadError::Again { line: 2, seq: 2 }));
}

#[test]
fn a_last_line_that_was_cut_off_and_a_report_behind_the_events_are_passed_over() {
    let whole = read(SHOP.as_bytes()).unwrap().to_text();
    let last = SHOP.trim_end().lines().last().unwrap();

    let cut = format!("{SHOP}{}", &last[..last.len() / 2]);
    let reported = format!("{SHOP}{{\n  \"clean\": true\n}}\n");

    assert_eq!(read(cut.as_bytes()).unwrap().to_text(), whole);
    assert_eq!(read(reported.as_bytes()).unwrap().to_text(), whole);
}

#[test]
fn what_a_door_sends_is_a_recording_too() {
    let data =
        SHOP.lines().map(|line| format!("event: event\nid: 7\ndata: {{\"schema\":1,{}\n\n", &line[1..]));
    let end = "event: end\ndata: {\"schema\":1,\"end\":{\"as_of\":99}}\n\n";
    let stream: String = data.chain([end.to_owned()]).collect();

    let timeline = read(stream.as_bytes()).unwrap();

    assert_eq!(timeline.to_text(), read(SHOP.as_bytes()).unwrap().to_text());
}

#[test]
fn events_that_were_left_out_are_counted() {
    let lost = r#"{"seq":900,"at":9.0,"time":"","event":"lost","path":"shop","incarnation":1,"kind":"supervisor","events":7}"#;
    let told = r#"data: {"schema":1,"lost":{"count":5,"to":40}}"#;

    let timeline = read(format!("{SHOP}{told}\n{lost}\n").as_bytes()).unwrap();

    assert_eq!(timeline.lost(), 12);
    assert!(timeline.to_text().contains("12 events are missing in the recording."));
}
