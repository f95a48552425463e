//! A timeline as text, for a terminal, a log and a pull request.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::lanes::{Lane, MarkKind, Phase};
use super::rows::rows;
use super::scale::{Scale, Section};
use super::words::{count, cut_begin, cut_end, percent, short, tame};
use super::{CriticalPath, Timeline};

/// How many columns the lanes have, and the names beside them at most.
const WIDTH: usize = 78;
const NAMES: usize = 32;

/// How many columns the path of a wait has at most.
const PATHS: usize = 40;

/// How many waits of a critical path are told one by one.
pub(super) const TOLD: usize = 8;

impl Timeline {
    /// The timeline as text: a line for every lane, and the critical paths. No line is wider than 120 columns, as long
    /// as a character is a column wide.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.headline());
        if let Some(lost) = self.lost_words() {
            let _ = writeln!(text, "{lost}");
        }
        self.write_lanes(&mut text);
        for (name, path) in [("start", self.start()), ("stop", self.stop())] {
            if let Some(path) = path {
                write_path(name, path, &mut text);
            }
        }
        text
    }

    /// The tree's name, and what there is to say of it in one line.
    pub(super) fn headline(&self) -> String {
        let lanes = self.lanes();
        let leaves = lanes.len().saturating_sub(1);
        let crashes = self.marks(MarkKind::Crashed);
        let restarts = lanes.iter().map(|lane| u64::from(lane.restarts)).sum();
        let forced = lanes.iter().filter(|lane| lane.parts.iter().any(|part| part.phase == Phase::Forced));
        let mut parts = vec![
            short(self.end()),
            count(leaves as u64, "child", "children"),
            count(crashes, "crash", "crashes"),
            count(restarts, "restart", "restarts"),
        ];
        match forced.count() {
            0 => {}
            forced => parts.push(format!("{forced} forced")),
        }
        match self.marks(MarkKind::LeftBehind) {
            0 => {}
            left => parts.push(format!("{left} left behind")),
        }
        let root = lanes.first().map_or("", |root| root.id());
        format!("{}: {}", cut_end(&tame(root), 40), parts.join(", "))
    }

    /// The paths of the waits that are told one by one.
    pub(super) fn told_paths(&self) -> BTreeSet<&str> {
        let paths = [self.start(), self.stop()].into_iter().flatten();
        paths.flat_map(|path| told(path).0).map(|link| link.path.as_str()).collect()
    }

    pub(super) fn lost_words(&self) -> Option<String> {
        let events = count(self.lost, "event is", "events are");
        (self.lost > 0).then(|| format!("{events} missing in the recording."))
    }

    fn marks(&self, kind: MarkKind) -> u64 {
        let marks = self.lanes().iter().flat_map(|lane| &lane.marks);
        marks.filter(|mark| mark.kind == kind).count() as u64
    }

    fn write_lanes(&self, text: &mut String) {
        let (lanes, rows) = (self.lanes(), rows(self.lanes(), &self.told_paths()));
        let labels: Vec<String> = rows
            .iter()
            .map(|row| {
                let depth = row.lanes.first().map_or(0, |lane| lanes[*lane].depth());
                cut_end(&format!("{:1$}{2}", "", 2 * depth.min(10), tame(&row.label(lanes))), NAMES)
            })
            .collect();
        let wide = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
        let scale = Scale::new(self, 0.0, WIDTH as f64);
        let heads: String = scale.sections.iter().map(head).collect();
        let _ = writeln!(text, "\n{:wide$}  {}", "", heads.trim_end());
        for (row, label) in rows.iter().zip(&labels) {
            let mut cells = [' '; WIDTH];
            row.lanes.iter().for_each(|lane| draw(&lanes[*lane], &scale, &mut cells));
            let cells: String = cells.iter().collect();
            let _ = writeln!(text, "{label:wide$}  {}", cells.trim_end());
        }
        let legend: Vec<_> =
            Phase::ALL.iter().map(|phase| format!("{} {}", sign(*phase), phase.name())).collect();
        let _ = writeln!(
            text,
            "\n{:wide$}  {}\n{:wide$}  ✗ crashed  ○ ended  ↓ asked again  ↑ gone when asked  ! gone by force",
            "",
            legend.join("  "),
            ""
        );
    }
}

/// The name of a section above its columns, if there is room.
fn head(section: &Section) -> String {
    let width = column(section.right).saturating_sub(column(section.left));
    let words = format!("│{} {}", section.of.name(), short(section.duration()));
    format!("{:width$}", cut_end(&words, width))
}

fn draw(lane: &Lane, scale: &Scale, cells: &mut [char; WIDTH]) {
    for part in &lane.parts {
        let (from, to) = (column(scale.x(part.from)), column(scale.x(part.to)));
        // However short it was, it is there.
        let from = from.min(WIDTH - 1);
        for cell in &mut cells[from..to.max(from + 1).min(WIDTH)] {
            *cell = sign(part.phase);
        }
    }
    for mark in &lane.marks {
        let sign = match mark.kind {
            MarkKind::Crashed => '✗',
            MarkKind::Ended => '○',
            MarkKind::Asked => '↓',
            MarkKind::Acknowledged if mark.says.starts_with("gone by force") => '!',
            MarkKind::Acknowledged => '↑',
            MarkKind::GaveUp
            | MarkKind::Signal
            | MarkKind::Escalated
            | MarkKind::LeftBehind
            | MarkKind::Slow => continue,
        };
        let at = column(scale.x(mark.at)).min(WIDTH - 1);
        // A crash is not hidden by what comes right after it.
        if cells[at] != '✗' {
            // Nor is the step that led to an end at once.
            if let (Some(before), '↓') = (at.checked_sub(1), cells[at]) {
                if !matches!(cells[before], '✗' | '○' | '↑' | '!') {
                    cells[before] = '↓';
                }
            }
            cells[at] = sign;
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place within the width")]
fn column(x: f64) -> usize {
    x.max(0.0).floor() as usize
}

fn sign(phase: Phase) -> char {
    match phase {
        Phase::Starting => '░',
        Phase::Running => '━',
        Phase::Backoff => '╌',
        Phase::Stopping => '▒',
        Phase::Forced => '█',
        Phase::Left => '?',
    }
}

fn write_path(name: &str, path: &CriticalPath, text: &mut String) {
    let _ = writeln!(text, "\n{}", summary(name, path));
    let (told, rest) = told(path);
    let wide = told.iter().map(|link| short(link.duration()).chars().count()).max().unwrap_or(0);
    for link in told {
        let share = percent(link.duration(), path.duration());
        let at = short(link.from.saturating_sub(path.from));
        let child = cut_begin(&tame(&link.path), PATHS);
        let says = cut_end(&tame(&link.says), 88_usize.saturating_sub(child.chars().count()));
        let _ = writeln!(text, "  @{at:>7}  +{:<wide$} {share:>5}  {child}  {says}", short(link.duration()));
    }
    if let Some(rest) = rest {
        let _ = writeln!(text, "  {rest}");
    }
}

/// What is said of a critical path as a whole.
pub(super) fn summary(name: &str, path: &CriticalPath) -> String {
    let took = short(path.duration());
    let cause = if path.cause.is_empty() { String::new() } else { format!(" ({})", tame(&path.cause)) };
    if path.is_over {
        format!("The {name} took {took}{cause}. It waited for:")
    } else {
        format!("The {name} was not over after {took}{cause}. It was waiting for:")
    }
}

/// The waits that are told one by one, in the order in which they came, and a line about the others.
pub(super) fn told(path: &CriticalPath) -> (Vec<&super::Link>, Option<String>) {
    let mut longest = path.longest();
    // What took less than a hundredth says little.
    let least = path.duration() / 100;
    let enough = longest.iter().take(TOLD).take_while(|link| link.duration() >= least).count();
    let rest = longest.split_off(enough);
    longest.sort_by_key(|link| link.from);
    let total: Duration = rest.iter().map(|link| link.duration()).sum();
    let rest = rest.first().map(|most| {
        let short_or = if longest.is_empty() { "short" } else { "shorter" };
        let waits = count(rest.len() as u64, &format!("{short_or} wait"), &format!("{short_or} waits"));
        let share = percent(total, path.duration());
        let together = if rest.len() == 1 { "" } else { ", together" };
        format!("{waits}{together} {} ({share}), at most {}", short(total), short(most.duration()))
    });
    (longest, rest)
}
