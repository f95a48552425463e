//! Bars, signs and lines: what lanes and legend are drawn with.

use super::super::lanes::{MarkKind, Phase};
use super::xml::{Value, Xml, plain};

/// A bar for a part, with a hatching over it if the child was forced.
pub(super) fn bar(xml: &mut Xml, phase: Phase, (left, right): (f64, f64), (top, bottom): (f64, f64)) {
    // A restart that is put off is a thin line: the child is down.
    let (top, bottom) = match phase {
        Phase::Backoff => ((top + bottom) / 2.0 - 1.5, (top + bottom) / 2.0 + 1.5),
        Phase::Starting | Phase::Running | Phase::Stopping | Phase::Forced | Phase::Left => (top, bottom),
    };
    let place = |class, fill| {
        [
            (class, Value::Text(fill)),
            ("x", Value::Number(left)),
            ("y", Value::Number(top)),
            // However short it was, it is there.
            ("width", Value::Number((right - left).max(0.8))),
            ("height", Value::Number(bottom - top)),
        ]
    };
    xml.empty("rect", &place("class", phase.class()));
    match phase {
        Phase::Forced | Phase::Left if right - left > 3.0 => xml.empty("rect", &place("fill", "url(#hatch)")),
        Phase::Starting | Phase::Running | Phase::Backoff | Phase::Stopping | Phase::Forced | Phase::Left => {
        }
    }
}

/// A sign around a point.
pub(super) fn sign(xml: &mut Xml, kind: MarkKind, x: f64, y: f64, half: f64) {
    let shape = |class, points: &[(f64, f64)], end: &str| {
        let mut path = String::new();
        for (index, (dx, dy)) in points.iter().enumerate() {
            path.push(if index == 0 { 'M' } else { 'L' });
            path.push_str(&plain(x + dx * half));
            path.push(' ');
            path.push_str(&plain(y + dy * half));
        }
        (class, path + end)
    };
    let (class, mut path) = match kind {
        MarkKind::Crashed => shape("crashed", &[(-0.8, -0.8), (0.8, 0.8)], ""),
        MarkKind::GaveUp => shape("gaveup", &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)], "Z"),
        MarkKind::Acknowledged => shape("acknowledged", &[(0.0, -1.0), (0.9, 0.8), (-0.9, 0.8)], "Z"),
        MarkKind::LeftBehind => shape("behind", &[(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)], "Z"),
        MarkKind::Slow => shape("slow", &[(0.0, 1.0), (0.9, -0.8), (-0.9, -0.8)], "Z"),
        MarkKind::Ended => {
            let place = [("class", Value::Text("ended")), ("cx", Value::Number(x)), ("cy", Value::Number(y))];
            let [class, x, y] = place;
            xml.empty("circle", &[class, x, y, ("r", Value::Number(half * 0.7))]);
            return;
        }
        // As on the page: it points down at the bar, and an acknowledgement points up.
        MarkKind::Asked => shape("asked", &[(-0.8, -1.3), (0.8, -1.3), (0.0, 0.2)], "Z"),
        MarkKind::Escalated => shape("escalated", &[(0.0, -1.5), (0.0, 1.5)], ""),
        // It is drawn through all lanes.
        MarkKind::Signal => return,
    };
    if kind == MarkKind::Crashed {
        let (_, other) = shape("crashed", &[(-0.8, 0.8), (0.8, -0.8)], "");
        path.push_str(&other);
    }
    xml.empty("path", &[("class", Value::Text(class)), ("d", Value::Text(&path))]);
}

/// A number on the critical path.
pub(super) fn badge(xml: &mut Xml, x: f64, y: f64, number: usize) {
    let circle = [("class", Value::Text("badge")), ("cx", Value::Number(x)), ("cy", Value::Number(y))];
    let [class, cx, cy] = circle;
    xml.empty("circle", &[class, cx, cy, ("r", Value::Number(8.0))]);
    let place = [("class", Value::Text("digit")), ("x", Value::Number(x)), ("y", Value::Number(y + 3.5))];
    xml.text("text", &place, &number.to_string());
}

/// A line of the critical path.
pub(super) fn path(xml: &mut Xml, line: &str) {
    xml.empty("path", &[("class", Value::Text("path")), ("d", Value::Text(line))]);
}

/// A thin line from one part of the critical path to the next.
pub(super) fn thread(xml: &mut Xml, line: &str) {
    xml.empty("path", &[("class", Value::Text("thread")), ("d", Value::Text(line))]);
}
