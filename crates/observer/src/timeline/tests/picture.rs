//! What is drawn: compared with what was looked at, and read as what it claims to be.

use std::collections::BTreeMap;

use super::super::{Timeline, read};
use super::{SHOP, shop, told};

#[test]
fn the_text_of_a_real_run_is_the_one_that_was_looked_at() {
    insta::assert_snapshot!(shop().to_text());
}

#[test]
fn the_picture_of_a_real_run_is_the_one_that_was_looked_at() {
    insta::assert_snapshot!(shop().to_svg());
}

/// What records it anew draws it as well: the test `timeline_picture` of the demo. `UPDATE_PICTURES=1` draws the
/// recording that there is. Look at it then.
#[test]
fn the_picture_in_the_book_is_that_of_today() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/timeline.svg");
    let svg = shop().to_svg();
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(file, &svg).unwrap();
    }

    assert!(std::fs::read_to_string(file).unwrap() == svg, "the picture is another one: UPDATE_PICTURES=1");
}

#[test]
fn the_same_events_give_the_same_picture() {
    let draw = || read(SHOP.as_bytes()).unwrap();

    assert_eq!(draw().to_svg(), draw().to_svg());
    assert_eq!(draw().to_perfetto(), draw().to_perfetto());
}

#[test]
fn a_picture_has_a_title_and_a_description_and_asks_for_nothing() {
    let svg = shop().to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();

    let root = document.root_element();
    let text_of = |id: &str| {
        let node = root.descendants().find(|node| node.attribute("id") == Some(id)).unwrap();
        node.text().unwrap().to_owned()
    };
    assert_eq!(root.attribute("aria-labelledby"), Some("title desc"));
    assert!(text_of("title").starts_with("Timeline of shop: "));
    assert!(text_of("desc").contains(" (signal SIGTERM). It waited for:"));
    assert!(text_of("desc").contains(" shop/database for "), "{}", text_of("desc"));
    let elements: Vec<&str> = root.descendants().map(|node| node.tag_name().name()).collect();
    assert!(!elements.iter().any(|name| ["script", "image", "a", "foreignObject", "use"].contains(name)));
    let is_address = |value: &str| value.contains("://") && value != "http://www.w3.org/2000/svg";
    assert!(!root.descendants().flat_map(|node| node.attributes()).any(|other| is_address(other.value())));
    assert!(!svg.contains("@import") && !svg.contains("url(h"));
}

#[test]
fn names_and_errors_from_outside_stay_texts() {
    let evil = "</text><script>alert(1)</script>&\\u001b[31m\\u0000\\u202e\\uffff";
    let timeline = told(&format!(
        "0 starting root/
         1 starting root/{0}
         2 start_failed root/{0} \"error\":\"{evil}\"
         3 stopping root/ \"cause\":\"{evil}\"
         4 stopped root/",
        evil.replace('/', "|")
    ));

    let (svg, text, perfetto) = (timeline.to_svg(), timeline.to_text(), timeline.to_perfetto());

    let document = roxmltree::Document::parse(&svg).unwrap();
    assert!(!document.descendants().any(|node| node.has_tag_name("script")));
    assert!(document.descendants().any(|node| node.text().is_some_and(|text| text.contains("<script>"))));
    for drawn in [&svg, &text] {
        assert!(!drawn.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}' || c == '\u{ffff}'));
    }
    serde_json::from_str::<serde_json::Value>(&perfetto).unwrap();
}

#[test]
fn a_picture_of_five_hundred_children_shows_all_of_them_and_has_rows_for_those_that_matter() {
    let timeline = told(&five_hundred());

    let svg = timeline.to_svg();

    let document = roxmltree::Document::parse(&svg).unwrap();
    let titles: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("title"))
        .filter_map(|node| node.text())
        .collect();
    for child in 0..500 {
        let name = format!("fleet/n{child:03} · running");
        assert!(titles.iter().any(|title| title.starts_with(&name)), "{name}");
    }
    let labels: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .collect();
    for label in ["n000 … n249 (250)", "n250", "n251 … n396 (146)", "n397", "n398 … n499 (102)"] {
        assert!(labels.contains(&label), "{label}: {labels:?}");
    }
    let height: f64 = document.root_element().attribute("height").unwrap().parse().unwrap();
    assert!(height < 800.0, "{height}");
}

/// A fleet of which one crashes, and one is slow to stop.
fn five_hundred() -> String {
    let mut story = vec!["0 starting fleet/".to_owned()];
    let mut now = 0;
    let mut tell = |story: &mut Vec<String>, after: u64, words: String| {
        now += after;
        story.push(format!("{now} {words}"));
    };
    for child in 0..500 {
        tell(&mut story, 0, format!("starting fleet/n{child:03}"));
        tell(&mut story, 1, format!("started fleet/n{child:03}"));
    }
    tell(&mut story, 0, "started fleet/".to_owned());
    tell(&mut story, 900, "exited fleet/n250 \"status\":{\"error\":\"e\"}".to_owned());
    tell(&mut story, 0, "restarting fleet/n250 \"attempt\":1,\"delay_ms\":0".to_owned());
    tell(&mut story, 0, "starting fleet/n250".to_owned());
    tell(&mut story, 1, "started fleet/n250".to_owned());
    tell(&mut story, 900, "stopping fleet/ \"cause\":\"api\"".to_owned());
    for child in (0..500).rev() {
        tell(&mut story, 0, format!("stopping fleet/n{child:03}"));
        tell(&mut story, if child == 397 { 900 } else { 1 }, format!("stopped fleet/n{child:03}"));
    }
    tell(&mut story, 0, "stopped fleet/".to_owned());
    story.join("\n")
}

#[test]
fn no_line_of_the_text_is_wider_than_a_screen() {
    for timeline in [shop(), told(&five_hundred())] {
        let text = timeline.to_text();

        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 120).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn the_tasks_of_a_task_share_rows() {
    let mut story = "0 starting root/\n0 starting root/queue\n0 started root/queue\n".to_owned();
    for task in 0..40 {
        let at = task * 10;
        story.push_str(&format!("{at} starting root/queue/t{task}\n{at} started root/queue/t{task}\n"));
        story.push_str(&format!("{} exited root/queue/t{task} \"status\":{{\"ok\":true}}\n", at + 9));
    }

    let text = told(&story).to_text();

    assert!(text.contains("t0 … t39 (40)"), "{text}");
}

#[test]
fn perfetto_gets_a_track_for_every_lane_on_which_nothing_overlaps() {
    for timeline in [shop(), told(&five_hundred())] {
        check_perfetto(&timeline);
    }
}

fn check_perfetto(timeline: &Timeline) {
    let trace: serde_json::Value = serde_json::from_str(&timeline.to_perfetto()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let tracks = events.iter().filter(|event| event["name"] == "thread_name" && event["pid"] == 1);
    assert_eq!(tracks.count(), timeline.lanes().len());
    let mut ends: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let [pid, tid, from, dur] = ["pid", "tid", "ts", "dur"].map(|key| event[key].as_u64().unwrap());
        let end = ends.entry((pid, tid)).or_default();
        assert!(*end <= from, "{event}");
        *end = from + dur;
    }
    let stop = timeline.stop().unwrap();
    let of_stop = events.iter().filter(|event| event["cat"] == "stop" && event["ph"] == "X");
    let sum: u64 = of_stop.map(|event| event["dur"].as_u64().unwrap()).sum();
    assert_eq!(u128::from(sum), stop.duration().as_micros());
}
