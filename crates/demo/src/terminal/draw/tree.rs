//! The tree, a line for each child.

use ratatui::layout::Rect;
use ratatui::style::Style;
use rootward_observer::wire::{Child, Kind, State as ChildState};

use super::paint::{self, Painter};
use crate::terminal::rows::TreeRow;
use crate::terminal::state::{Pane, ViewState};
use crate::terminal::text::{brief, safe, whole};
use crate::terminal::words::{end_of, time_left};

/// How wide the columns are behind the name.
const STATE: u16 = 14;
const PID: u16 = 7;
const INCARNATION: u16 = 4;
const UP: u16 = 5;
const RESTARTS: u16 = 3;

/// How wide the bar of a grace is.
const BAR: usize = 6;

/// Which columns there is room for, and where.
#[derive(Clone, Copy, Debug)]
struct Columns {
    name: u16,
    has_pid: bool,
    has_counts: bool,
    /// How much is left for the last exit.
    last: u16,
}

/// How many children there is room for.
pub(super) fn height(area: Rect) -> u16 {
    area.height - u16::from(has_heading(area))
}

fn has_heading(area: Rect) -> bool {
    area.height > 8 || area.width >= super::WIDE / 2
}

pub(super) fn draw(state: &ViewState, rows: &[TreeRow<'_>], area: Rect, painter: &mut Painter<'_>) {
    let columns = Columns::for_width(area.width, rows.iter().map(name_width).max().unwrap_or(0));
    let mut line = Rect { height: 1, ..area };
    if has_heading(area) {
        columns.heading(line, painter);
        line.y += 1;
    }
    for row in rows.iter().skip(state.first_row).take(height(area).into()) {
        columns.draw(state, row, line, painter);
        line.y += 1;
    }
}

fn name_width(row: &TreeRow<'_>) -> u16 {
    let id = row.child.path.rsplit('/').next().unwrap_or_default();
    u16::try_from(2 * row.depth + 2 + id.chars().count()).unwrap_or(u16::MAX)
}

impl Columns {
    fn for_width(width: u16, wanted: u16) -> Self {
        let (has_pid, has_counts, has_last) = (width >= 50, width >= 58, width >= 72);
        let mut rest = STATE + 1 + UP + 1;
        rest += if has_pid { PID + 1 } else { 0 };
        rest += if has_counts { INCARNATION + 1 + RESTARTS + 1 } else { 0 };
        let free = width.saturating_sub(rest + 1);
        let name = if has_last { wanted.clamp(12, free - free / 3) } else { free };
        Self { name, has_pid, has_counts, last: if has_last { free - name } else { 0 } }
    }

    fn heading(self, line: Rect, painter: &mut Painter<'_>) {
        let counts = [("PID", PID, self.has_pid), ("RUN", INCARNATION, self.has_counts)];
        let mut at = painter.cell(line, "CHILD", self.name, paint::quiet());
        at = painter.cell(at, "STATE", STATE, paint::quiet());
        for (text, width, is_there) in counts {
            if is_there {
                at =
                    painter.cell(at, &format!("{text:>width$}", width = width.into()), width, paint::quiet());
            }
        }
        at = painter.cell(at, &format!("{:>5}", "SINCE"), UP, paint::quiet());
        if self.has_counts {
            at = painter.cell(at, "RST", RESTARTS, paint::quiet());
        }
        if self.last > 0 {
            painter.cell(at, "LAST END", self.last, paint::quiet());
        }
    }

    fn draw(self, state: &ViewState, row: &TreeRow<'_>, line: Rect, painter: &mut Painter<'_>) {
        let child = row.child;
        let is_selected = child.path == state.selected();
        let (said, style) = said(state, row);
        let mut at = painter.cell(line, &name(row, self.name.into()), self.name, name_style(child));
        at = painter.cell(at, &said, STATE, style);
        let number = |number: Option<u32>, width: u16| {
            number.map_or_else(String::new, |number| format!("{number:>width$}", width = usize::from(width)))
        };
        if self.has_pid {
            at = painter.cell(at, &number(child.pid, PID), PID, Style::new());
        }
        if self.has_counts {
            let runs = Some(child.incarnation).filter(|runs| *runs > 0);
            at = painter.cell(at, &number(runs, INCARNATION), INCARNATION, paint::quiet());
        }
        let since = child.since.filter(|_| child.incarnation > 0).map(|since| whole(state.now - since));
        at = painter.cell(at, &format!("{:>5}", since.unwrap_or_default()), UP, paint::quiet());
        if self.has_counts {
            let restarts = Some(child.restarts).filter(|restarts| *restarts > 0);
            at = painter.cell(at, &number(restarts, RESTARTS), RESTARTS, paint::notice());
        }
        if let (Some((text, style)), true) = (last(state, row), self.last > 0) {
            painter.cell(at, &text, self.last, style);
        }
        if is_selected {
            let style = if state.pane == Pane::Tree { paint::turned() } else { paint::strong() };
            painter.tint(line, style);
        }
    }
}

/// The name, indented, with a sign if it can be folded. One that is too long loses its middle.
fn name(row: &TreeRow<'_>, width: usize) -> String {
    let id = safe(row.child.path.rsplit('/').next().unwrap_or_default());
    let sign = match (row.is_parent, row.hidden) {
        (false, _) => ' ',
        (true, 0) => '▾',
        (true, _) => '▸',
    };
    let more = if row.hidden > 0 { format!(" (+{})", row.hidden) } else { String::new() };
    // Deep trees keep something of their names.
    let indent = (2 * row.depth).min(width / 2);
    let room = width.saturating_sub(indent + 2 + more.len());
    format!("{:indent$}{sign} {}{more}", "", shortened(&id, room))
}

fn shortened(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room || room < 3 {
        return text.to_owned();
    }
    let end = (room - 1) / 3;
    let begin = room - 1 - end;
    text.chars().take(begin).chain(['…']).chain(text.chars().skip(length - end)).collect()
}

fn name_style(child: &Child) -> Style {
    match child.kind {
        Kind::Supervisor => paint::strong(),
        Kind::Process | Kind::Task | Kind::Actor | Kind::Unknown | _ => Style::new(),
    }
}

/// What a child is doing.
fn said(state: &ViewState, row: &TreeRow<'_>) -> (String, Style) {
    let child = row.child;
    let age = state.now - child.since.unwrap_or(state.now);
    match child.state {
        ChildState::Starting => (format!("◐ starting {}", whole(age)), paint::busy()),
        ChildState::Running => ("● running".to_owned(), paint::good()),
        ChildState::Stopping if child.forced => (format!("✗ forced {}", brief(age)), paint::bad()),
        ChildState::Stopping if row.is_parent && row.leaves.0 > 0 => {
            (format!("↓ {}/{} gone", row.leaves.1, row.leaves.0), paint::busy())
        }
        ChildState::Stopping => match time_left(child, state.now) {
            Some((left, grace)) => (format!("↓ {} {}", bar(left, grace, BAR), brief(left)), paint::busy()),
            None => (format!("↓ stopping {}", whole(age)), paint::busy()),
        },
        ChildState::Restarting if row.is_over => ("○ down".to_owned(), paint::quiet()),
        ChildState::Restarting => match &child.restart {
            Some(due) if due.at <= state.now => ("↻ due".to_owned(), paint::notice()),
            Some(due) => (format!("↻ in {}", brief(due.at - state.now)), paint::notice()),
            None => ("↻ restarting".to_owned(), paint::notice()),
        },
        ChildState::Down if child.last_end.as_ref().is_some_and(|end| end.event == "stopped") => {
            ("↑ gone".to_owned(), paint::good())
        }
        ChildState::Down if child.incarnation == 0 => ("○ not started".to_owned(), paint::quiet()),
        ChildState::Down => ("○ down".to_owned(), paint::quiet()),
        ChildState::Unknown | _ => ("?".to_owned(), paint::quiet()),
    }
}

/// The last column: how the child has ended, or what is left of the grace of a supervisor that stops. The state of a
/// supervisor says how many below it are gone.
fn last(state: &ViewState, row: &TreeRow<'_>) -> Option<(String, Style)> {
    let child = row.child;
    let is_level = child.state == ChildState::Stopping && !child.forced && row.is_parent && row.leaves.0 > 0;
    if let Some((left, grace)) = time_left(child, state.now).filter(|_| is_level) {
        return Some((format!("{} {}", bar(left, grace, BAR), brief(left)), paint::busy()));
    }
    let end = child.last_end.as_ref()?;
    Some((end_of(end.status.as_ref(), &end.event, end.error.as_deref()), paint::quiet()))
}

/// What is left of a time, as a bar.
pub(super) fn bar(left: f64, all: f64, width: usize) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a number of cells"
    )]
    let full = if all > 0.0 { ((left / all).clamp(0.0, 1.0) * width as f64).ceil() as usize } else { 0 };
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}
