//! What stands above the lanes: the title, the critical paths, and what the colours and signs mean.

use super::super::Timeline;
use super::super::lanes::{MarkKind, Phase};
use super::super::text::summary;
use super::super::words::{cut_begin, cut_end, percent, short};
use super::marks;
use super::xml::{Value, Xml, plain};
use super::{EDGE, Numbered, NumberedPath, WIDTH};

const LINE: f64 = 19.0;

/// Draws it from the top, and says where it ends.
pub(super) fn draw(timeline: &Timeline, numbered: &Numbered<'_>, xml: &mut Xml) -> f64 {
    text(xml, "title", EDGE, 36.0, &timeline.headline());
    let mut top = 58.0;
    if let Some(lost) = timeline.lost_words() {
        text(xml, "quiet", EDGE, top, &lost);
        top += LINE;
    }
    let column = (WIDTH - 2.0 * EDGE + 24.0) / 2.0;
    let mut bottom = top;
    for (NumberedPath { name, path, links, rest }, index) in numbered.0.iter().zip([0.0, 1.0]) {
        let left = EDGE + index * column;
        let mut y = top + 8.0;
        text(xml, "head", left, y, &cut_end(&summary(name, path), 80));
        for (number, link) in links {
            y += LINE;
            let width = 104.0 * link.duration().as_secs_f64() / path.duration().as_secs_f64().max(1e-9);
            let share = [
                ("class", Value::Text("share")),
                ("x", Value::Number(left + 20.0)),
                ("y", Value::Number(y + 2.5)),
                ("width", Value::Number(width)),
                ("height", Value::Number(3.0)),
            ];
            xml.empty("rect", &share);
            marks::badge(xml, left + 8.0, y - 4.0, *number);
            text(xml, "number", left + 82.0, y, &short(link.duration()));
            text(xml, "quiet number", left + 122.0, y, &percent(link.duration(), path.duration()));
            row(xml, left + 132.0, y, &link.path, &link.says);
        }
        if let Some(rest) = rest {
            y += LINE;
            text(xml, "quiet", left + 20.0, y, &cut_end(rest, 84));
        }
        bottom = bottom.max(y + 10.0);
    }
    legend(xml, bottom + 16.0)
}

/// A child's path, and beside it what is said of it.
fn row(xml: &mut Xml, x: f64, y: f64, path: &str, says: &str) {
    let path = cut_begin(path, 30);
    let says = cut_end(says, 68_usize.saturating_sub(path.chars().count()));
    xml.open("text", &[("x", Value::Number(x)), ("y", Value::Number(y))]);
    xml.text("tspan", &[("font-weight", Value::Text("600"))], &path);
    xml.text("tspan", &[("class", Value::Text("quiet")), ("dx", Value::Number(8.0))], &says);
    xml.close();
}

/// What the colours mean, and below it the signs.
fn legend(xml: &mut Xml, y: f64) -> f64 {
    let mut x = EDGE;
    for phase in Phase::ALL {
        marks::bar(xml, phase, (x, x + 18.0), (y - 10.0, y));
        x = word(xml, x + 24.0, y, phase.name());
    }
    marks::path(xml, &format!("M{} {}h20", plain(x), plain(y - 4.0)));
    word(xml, x + 26.0, y, "critical path");
    let (mut x, y) = (EDGE, y + LINE);
    let signs = [
        MarkKind::Crashed,
        MarkKind::Ended,
        MarkKind::GaveUp,
        MarkKind::Slow,
        MarkKind::Asked,
        MarkKind::Escalated,
        MarkKind::Acknowledged,
        MarkKind::LeftBehind,
    ];
    for kind in signs {
        marks::sign(xml, kind, x + 9.0, y - 5.0, 5.0);
        x = word(xml, x + 24.0, y, kind.name());
    }
    y + 16.0
}

/// A word of the legend, and where the next one may stand.
fn word(xml: &mut Xml, x: f64, y: f64, word: &str) -> f64 {
    text(xml, "quiet", x, y, word);
    x + 24.0 + 6.8 * word.chars().count() as f64
}

fn text(xml: &mut Xml, class: &str, x: f64, y: f64, text: &str) {
    let place = [("class", Value::Text(class)), ("x", Value::Number(x)), ("y", Value::Number(y))];
    xml.text("text", &place, text);
}

/// What the picture shows, in sentences, for those who do not see it.
pub(super) fn description(timeline: &Timeline) -> String {
    let numbered = Numbered::of(timeline);
    let mut words = "A lane for every child of the tree, and the critical path through them.".to_owned();
    for NumberedPath { name, path, links, rest } in &numbered.0 {
        words.push(' ');
        words.push_str(&summary(name, path));
        let links = links
            .iter()
            .map(|(_, link)| format!(" {} for {}: {};", link.path, short(link.duration()), link.says));
        words.extend(links);
        words.extend(rest.iter().map(|rest| format!(" {rest};")));
        if words.ends_with(';') {
            words.pop();
            words.push('.');
        }
    }
    words
}
