//! The lanes, with the axes above and below them and the critical paths over them.

use std::collections::BTreeMap;

use super::super::lanes::{Lane, Mark, MarkKind, Part};
use super::super::rows::{LaneRow, rows};
use super::super::scale::{Scale, Section};
use super::super::words::{cut_end, short};
use super::super::{CriticalPath, Timeline};
use super::marks;
use super::xml::{Value, Xml, plain};
use super::{EDGE, Numbered, NumberedPath, WIDTH};

/// How far apart ticks are at least.
const TICKS: f64 = 62.0;
/// How wide a character of a name is, more or less, and the widest column of names.
const CHARACTER: f64 = 6.7;
const NAMES: f64 = 250.0;
/// How much a child stands further right than its parent, and for how many levels.
const INDENT: f64 = 11.0;
const LEVELS: usize = 9;
/// How far apart two signs of one kind are at least.
const SIGNS: f64 = 4.0;
/// A wait that is narrower than this is not drawn: hundreds of them would hide the lanes.
const HAIR: f64 = 0.8;

struct Picture<'a> {
    lanes: &'a [Lane],
    rows: Vec<LaneRow>,
    scale: Scale,
    top: f64,
    /// How high a row is that is no bundle.
    row: f64,
    /// Where each row begins, and where the last one ends.
    edges: Vec<f64>,
    /// The row of each lane.
    places: BTreeMap<&'a str, usize>,
}

/// Draws them from the top, and says where they end.
pub(super) fn draw(timeline: &Timeline, numbered: &Numbered<'_>, top: f64, xml: &mut Xml) -> f64 {
    let lanes = timeline.lanes();
    let rows = rows(lanes, &timeline.told_paths());
    let row = match rows.len() {
        0..=40 => 24.0,
        41..=200 => 18.0,
        _ => 13.0,
    };
    let widest = rows.iter().map(|row| width_of_label(row, lanes)).fold(80.0, f64::max).min(NAMES);
    let left = EDGE + widest + 12.0;
    let mut places = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        places.extend(row.lanes.iter().map(|lane| (lanes[*lane].path.as_str(), place)));
    }
    let scale = Scale::new(timeline, left, WIDTH - EDGE - 12.0);
    let top = top + 40.0;
    let mut edges = vec![top];
    for (of_row, begin) in rows.iter().zip(1..) {
        let height = if of_row.is_bundle { height_of_bundle(of_row).max(row) } else { row };
        edges.push(edges[begin - 1] + height);
    }
    let picture = Picture { lanes, rows, scale, top, row, edges, places };
    picture.draw_bands(xml);
    picture.draw_axes(xml);
    for place in 0..picture.rows.len() {
        picture.draw_row(place, xml);
    }
    picture.draw_signals(xml);
    for NumberedPath { name, path, .. } in &numbered.0 {
        xml.open("g", &[]);
        xml.text("title", &[], &format!("critical path of the {name}: {}", short(path.duration())));
        let (thread, line) = picture.lines(path);
        marks::thread(xml, &thread);
        marks::path(xml, &line);
        xml.close();
    }
    // What happened is not hidden by what was waited for.
    for place in 0..picture.rows.len() {
        picture.draw_signs(place, xml);
    }
    for NumberedPath { links, .. } in &numbered.0 {
        for (number, link) in links {
            let x = (picture.x(link.from) + picture.x(link.to)) / 2.0;
            xml.open("g", &[]);
            let says = format!("{}: {}, {}", link.path, short(link.duration()), link.says);
            xml.text("title", &[], &says);
            marks::badge(xml, x, picture.line_y(&link.path), *number);
            xml.close();
        }
    }
    picture.bottom() + 22.0
}

/// How high a bundle is: its lanes are thin lines, and more of them are thinner.
fn height_of_bundle(row: &LaneRow) -> f64 {
    (10.0 + 1.6 * row.lanes.len() as f64).min(52.0)
}

fn width_of_label(row: &LaneRow, lanes: &[Lane]) -> f64 {
    indent_of(row, lanes) + CHARACTER * row.label(lanes).chars().count() as f64
}

fn indent_of(row: &LaneRow, lanes: &[Lane]) -> f64 {
    let depth = row.lanes.first().map_or(0, |lane| lanes[*lane].depth());
    INDENT * depth.min(LEVELS) as f64
}

impl Picture<'_> {
    fn x(&self, at: std::time::Duration) -> f64 {
        self.scale.x(at)
    }

    fn y(&self, row: usize) -> f64 {
        self.edges[row]
    }

    fn bottom(&self) -> f64 {
        self.y(self.rows.len())
    }

    /// At what height the critical path runs through the row of a child: right below its bar.
    fn line_y(&self, path: &str) -> f64 {
        let row = self.places.get(path).copied().unwrap_or_default();
        self.edges[row + 1] - self.row * 0.1
    }

    /// Every other row on a ground of its own, so that the eye keeps to it.
    fn draw_bands(&self, xml: &mut Xml) {
        for row in (0..self.rows.len()).step_by(2) {
            let place = [
                ("class", Value::Text("band")),
                ("x", Value::Number(EDGE / 2.0)),
                ("y", Value::Number(self.y(row))),
                ("width", Value::Number(WIDTH - EDGE)),
                ("height", Value::Number(self.edges[row + 1] - self.y(row))),
            ];
            xml.empty("rect", &place);
        }
        xml.verbatim("\n");
    }

    fn draw_axes(&self, xml: &mut Xml) {
        for section in &self.scale.sections {
            self.draw_section(section, xml);
        }
        let right = self.scale.sections.last().map_or(0.0, |section| section.right);
        self.wall(right, xml);
    }

    fn draw_section(&self, section: &Section, xml: &mut Xml) {
        let width = section.right - section.left;
        let words = format!("{} · {}", section.of.name(), short(section.duration()));
        let head = [
            ("class", Value::Text("section")),
            ("x", Value::Number(section.left + 4.0)),
            ("y", Value::Number(self.top - 24.0)),
        ];
        xml.text("text", &head, &cut_end(&words, fit(width)));
        let ticks = section.ticks(TICKS);
        let mut line = String::new();
        for (x, _) in ticks.iter().skip(1) {
            line.push_str(&format!(
                "M{} {}V{}",
                plain(*x),
                plain(self.top - 4.0),
                plain(self.bottom() + 4.0)
            ));
        }
        xml.empty("path", &[("class", Value::Text("grid")), ("d", Value::Text(&line))]);
        self.wall(section.left, xml);
        for (x, words) in &ticks {
            // Where the next section begins, its own zero stands.
            if *x > section.right - 20.0 {
                continue;
            }
            for y in [self.top - 8.0, self.bottom() + 14.0] {
                let place =
                    [("class", Value::Text("tick")), ("x", Value::Number(*x)), ("y", Value::Number(y))];
                xml.text("text", &place, words);
            }
        }
    }

    /// Where one scale ends and another begins.
    fn wall(&self, x: f64, xml: &mut Xml) {
        let line = format!("M{} {}V{}", plain(x), plain(self.top - 36.0), plain(self.bottom() + 4.0));
        xml.empty("path", &[("class", Value::Text("wall")), ("d", Value::Text(&line))]);
    }

    fn draw_row(&self, place: usize, xml: &mut Xml) {
        let row = &self.rows[place];
        let Some(first) = row.lanes.first().map(|lane| &self.lanes[*lane]) else { return };
        let is_parent = first.kind == crate::wire::Kind::Supervisor;
        let indent = indent_of(row, self.lanes);
        let room = fit(self.scale.sections.first().map_or(0.0, |section| section.left) - EDGE - indent - 8.0);
        xml.open("g", &[]);
        let label = [
            ("x", Value::Number(EDGE + indent)),
            ("y", Value::Number((self.y(place) + self.edges[place + 1]) / 2.0 + 4.0)),
            ("font-weight", Value::Text(if is_parent { "600" } else { "400" })),
            ("font-size", Value::Number(if self.row < 16.0 { 10.0 } else { 12.0 })),
        ];
        xml.text("text", &label, &cut_end(&row.label(self.lanes), room));
        let (top, room) = (self.y(place) + 4.0, self.edges[place + 1] - self.y(place) - 8.0);
        for (index, lane) in row.lanes.iter().enumerate() {
            let one = room / row.lanes.len() as f64;
            let (middle, half) = if row.is_bundle {
                (top + one * (index as f64 + 0.5), (one * 0.4).max(0.35))
            } else {
                (self.y(place) + self.row / 2.0, self.row * if is_parent { 0.2 } else { 0.34 })
            };
            self.draw_lane(&self.lanes[*lane], (middle, half), xml);
        }
        xml.close();
    }

    fn draw_lane(&self, lane: &Lane, (middle, half): (f64, f64), xml: &mut Xml) {
        // What would be drawn over what is drawn already, and be no wider than a hair, is left out.
        let mut drawn = f64::NEG_INFINITY;
        for part in &lane.parts {
            let (left, right) = (self.x(part.from), self.x(part.to));
            if right < drawn + 0.3 {
                continue;
            }
            drawn = right;
            xml.open("g", &[]);
            xml.text("title", &[], &part_words(lane, part));
            marks::bar(xml, part.phase, (left, right), (middle - half, middle + half));
            xml.close();
        }
    }

    fn draw_signs(&self, row: usize, xml: &mut Xml) {
        if self.rows[row].is_bundle {
            return;
        }
        let middle = self.y(row) + self.row / 2.0;
        for lane in self.rows[row].lanes.iter().map(|lane| &self.lanes[*lane]) {
            let mut last: BTreeMap<MarkKind, f64> = BTreeMap::new();
            for mark in lane.marks.iter().filter(|mark| mark.kind != MarkKind::Signal) {
                let x = self.x(mark.at);
                if last.get(&mark.kind).is_some_and(|last| x < last + SIGNS) {
                    continue;
                }
                last.insert(mark.kind, x);
                xml.open("g", &[]);
                xml.text("title", &[], &mark_words(lane, mark));
                marks::sign(xml, mark.kind, x, middle, (self.row * 0.22).clamp(3.0, 5.0));
                xml.close();
            }
        }
    }

    /// A signal reaches the whole tree: it is a line through all lanes.
    fn draw_signals(&self, xml: &mut Xml) {
        let marks = self.lanes.first().map_or(&[][..], |root| &root.marks);
        for mark in marks.iter().filter(|mark| mark.kind == MarkKind::Signal) {
            let (x, top, bottom) = (self.x(mark.at), self.top - 4.0, self.bottom());
            xml.open("g", &[]);
            xml.text("title", &[], &format!("{} after {}", mark.says, short(mark.at)));
            let line = format!("M{} {}V{}", plain(x), plain(top), plain(bottom));
            xml.empty("path", &[("class", Value::Text("signal")), ("d", Value::Text(&line))]);
            xml.close();
        }
    }

    /// The critical path: a thin line that leads from wait to wait, and a thick one below each child that was waited
    /// for.
    fn lines(&self, path: &CriticalPath) -> (String, String) {
        let (mut thread, mut line) = (String::new(), String::new());
        for link in &path.links {
            let (from, to, y) = (self.x(link.from), self.x(link.to), self.line_y(&link.path));
            if to - from < HAIR {
                continue;
            }
            let [from, to, y] = [from, to, y].map(plain);
            let how = if thread.is_empty() { 'M' } else { 'L' };
            thread.push_str(&format!("{how}{from} {y}H{to}"));
            line.push_str(&format!("M{from} {y}H{to}"));
        }
        (thread, line)
    }
}

/// How many characters have room.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width is small and no less than zero"
)]
fn fit(width: f64) -> usize {
    (width / CHARACTER).max(1.0) as usize
}

fn part_words(lane: &Lane, part: &Part) -> String {
    let mut words = format!("{} · {} for {}", lane.path, part.phase.name(), short(part.duration()));
    if part.incarnation > 1 {
        words.push_str(&format!(" · incarnation {}", part.incarnation));
    }
    if !part.says.is_empty() {
        words.push_str(&format!(" · {}", part.says));
    }
    words
}

fn mark_words(lane: &Lane, mark: &Mark) -> String {
    format!("{} · {} after {} · {}", lane.path, mark.kind.name(), short(mark.at), mark.says)
}
