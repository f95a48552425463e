//! What lies over the view: the keys, the signals to choose from, and why a child is in its state.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::{self, Painter};
use crate::terminal::explain::{self, details};
use crate::terminal::state::{Menu, Mode, SIGNALS, ViewState};
use crate::terminal::text::safe;

/// Draws it, and says how much of a text that can be moved is out of sight, and how much in sight.
pub(super) fn draw(state: &ViewState, area: Rect, painter: &mut Painter<'_>) -> (usize, usize) {
    match &state.mode {
        Mode::Usual | Mode::Search(_) | Mode::Sure(..) => {}
        Mode::Help => help(state, area, painter),
        Mode::Signals(menu) => signals(menu, area, painter),
        Mode::Why(path, first) => return why(state, path, *first, area, painter),
    }
    (0, 0)
}

fn help(state: &ViewState, area: Rect, painter: &mut Painter<'_>) {
    let mut keys = vec![
        ("↑↓ j k", "move"),
        ("←→ h l", "fold"),
        ("PgUp/Dn", "page"),
        ("g G", "ends"),
        ("Tab", "switch"),
        ("/", "search"),
        ("n N", "next"),
        ("f", "follow"),
        ("p", "only its"),
        ("v", "less"),
        ("w", "why"),
        ("y", "copy"),
        ("Ctrl-L", "redraw"),
    ];
    if state.rights.control {
        keys.extend([("r", "restart"), ("t", "stop it"), ("s", "start it")]);
        // In a view of another program `q` leaves.
        keys.push((if state.rights.is_own { "S q" } else { "S" }, "stop all"));
    }
    if state.rights.control {
        keys.push(("x", "signal"));
    }
    if state.rights.is_own {
        keys.push(("c + -", "chaos"));
    }
    keys.push(if state.rights.is_own { ("Ctrl-C", "stop all") } else { ("q", "leave") });
    let half = u16::try_from(keys.len().div_ceil(2)).unwrap_or(u16::MAX);
    // The keys are more important than the line around them.
    let inner = if area.height < half + 2 {
        painter.clear(area);
        area
    } else {
        painter.frame(centred(area, area.width.min(44), half + 2), " keys ")
    };
    let column = inner.width / 2;
    for (place, (key, what)) in (0_u16..).zip(keys) {
        let (x, y) = (inner.x + place / half * column, inner.y + place % half);
        let mut cell = Rect { x, y, width: column.saturating_sub(1), height: 1 };
        if y < inner.bottom() {
            painter.append(&mut cell, &format!("{key:7} "), paint::strong());
            painter.append(&mut cell, what, Style::new());
        }
    }
}

fn signals(menu: &Menu, area: Rect, painter: &mut Painter<'_>) {
    let title = format!(" signal to pid {} ", menu.pid);
    let inner = painter.frame(centred(area, 28.min(area.width), 10.min(area.height)), &title);
    let first = (menu.chosen + 1).saturating_sub(inner.height.into());
    for (y, (number, signal)) in (inner.y..inner.bottom()).zip(SIGNALS.iter().enumerate().skip(first)) {
        let line = Rect { y, height: 1, ..inner };
        painter.text(line, &format!("{} {signal:20}", number + 1), Style::new());
        if number == menu.chosen {
            painter.tint(line, paint::turned());
        }
    }
}

fn why(state: &ViewState, path: &str, first: usize, area: Rect, painter: &mut Painter<'_>) -> (usize, usize) {
    let Some((why, usage)) = state.why(path) else { return (0, 0) };
    let mut known = explain::waits(&why, state.now);
    known.extend(details(&why.child, state.now));
    known.extend(explain::because(&why, state.now));
    known.extend(explain::changes(&why, state.now));
    known.extend(usage.as_ref().map(explain::usage));
    let width = known.iter().map(|line| line.chars().count()).max().unwrap_or(0).max(path.len() + 8) + 4;
    let width = u16::try_from(width).unwrap_or(u16::MAX).min(area.width);
    let lines: Vec<String> =
        known.iter().flat_map(|line| folded(line, width.saturating_sub(4).into())).collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).clamp(3, area.height);
    let inner = painter.frame(centred(area, width, height), &format!(" why {} ", safe(path)));
    let in_sight = usize::from(inner.height);
    let out_of_sight = lines.len().saturating_sub(in_sight);
    let first = first.min(out_of_sight);
    for (y, line) in (inner.y..inner.bottom()).zip(&lines[first..]) {
        painter.text(Rect { y, height: 1, ..inner }, line, Style::new());
    }
    let more = match (first, out_of_sight - first) {
        (0, 0) => String::new(),
        (_, 0) => " k: back ".to_owned(),
        (_, 1) => " … 1 more line, j ".to_owned(),
        (_, below) => format!(" … {below} more lines, j "),
    };
    painter.text(Rect { y: inner.bottom(), height: 1, ..inner }, &more, paint::strong());
    (out_of_sight, in_sight)
}

/// A line that is too long goes on below.
fn folded(line: &str, width: usize) -> Vec<String> {
    let (mut lines, mut current) = (Vec::new(), String::new());
    for word in line.split_inclusive(' ') {
        let length = current.chars().count();
        if length > 0 && length + word.trim_end().chars().count() > width {
            lines.push(std::mem::replace(&mut current, "        ".to_owned()));
        }
        current.push_str(word);
    }
    lines.push(current);
    lines
}

fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    Rect { x, y, width, height }
}
