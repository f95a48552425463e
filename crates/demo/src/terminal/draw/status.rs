//! The lines above and below: what the tree does as a whole, what it waits for, and what the keys do.

use ratatui::layout::Rect;
use ratatui::style::Style;
use rootward_observer::wire::{Child, State as ChildState};

use super::paint::{self, Painter};
use super::tree::bar;
use crate::terminal::rows::TreeRow;
use crate::terminal::state::{Mode, ViewState};
use crate::terminal::text::{brief, safe, whole};
use crate::terminal::words::{put_off, time_left};

pub(super) fn header(state: &ViewState, rows: &[TreeRow<'_>], area: Rect, painter: &mut Painter<'_>) {
    let tree = state.model.tree();
    let mut line = area;
    painter.append(&mut line, &format!("{} ", safe(&state.rights.title)), paint::strong());
    if state.model.as_of() == 0 {
        painter.append(&mut line, "begins", paint::busy());
        return;
    }
    let draining = state.draining();
    let (word, style) = match tree.state {
        ChildState::Running if draining.is_some() => ("draining", paint::busy()),
        ChildState::Starting => ("starting", paint::busy()),
        ChildState::Running => ("running", paint::good()),
        ChildState::Stopping => ("stopping", paint::busy()),
        ChildState::Restarting => ("restarting", paint::notice()),
        ChildState::Down | ChildState::Unknown | _ => ("down", paint::quiet()),
    };
    painter.append(&mut line, word, style);
    if let Some(draining) = draining {
        let words = format!(" · {}", put_off(draining, state.now));
        painter.append_whole(&mut line, &words, Style::new());
    } else if let Some(cause) = &tree.cause {
        painter.append_whole(&mut line, &format!(" · {}", safe(cause)), Style::new());
    }
    let (all, gone) = rows.first().map_or((0, 0), |root| root.leaves);
    painter.append_whole(&mut line, &format!(" · {}/{all} up", all - gone), paint::quiet());
    painter.append_whole(&mut line, &format!(" · {}", whole(state.now)), paint::quiet());
    if let Some(containment) = &tree.containment {
        painter.append_whole(&mut line, &format!(" · {}", safe(containment)), paint::quiet());
    }
    if state.chaos.is_some() || state.crashes > 0 {
        let chaos = state.chaos.as_deref().unwrap_or("chaos off");
        let crashes = if state.crashes == 1 { "crash" } else { "crashes" };
        painter.append_whole(&mut line, &format!(" · {chaos}, {} {crashes}", state.crashes), paint::bad());
    }
    for degraded in &tree.degraded {
        painter.append_whole(&mut line, &format!(" · {}", safe(degraded)), paint::notice());
    }
}

/// So much of a path is shown where there is room for it without what stands around it.
const PATH: usize = 24;

/// What a stop or a start waits for, by name, and how much time is left. Where there is no room for all of it, the
/// name is what stays: a path that is too long loses its beginning.
pub(super) fn awaited(state: &ViewState, area: Rect, painter: &mut Painter<'_>) {
    let stop = stop_bar(state);
    let awaited = state.awaited();
    let Some((child, others)) = awaited.split_first() else {
        painter.text(area, &stop, paint::busy());
        return;
    };
    let path = safe(&child.path);
    let pid = child.pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
    let (more, few) = match others.len() {
        0 => (String::new(), String::new()),
        count => (format!(", and {count} more"), format!(" +{count}")),
    };
    let (words, time) = described(state, child);
    let ways = [
        (format!("{stop}waits for "), format!("{pid}, {words}{more}")),
        (format!("{stop}waits for "), format!(", {words}{more}")),
        ("waits for ".to_owned(), format!(", {words}{more}")),
        ("waits for ".to_owned(), format!("{few} · {time}")),
    ];
    let room = |(before, behind): &(String, String)| {
        usize::from(area.width).saturating_sub(before.chars().count() + behind.chars().count())
    };
    let wanted = path.chars().count();
    let is_whole = ways.iter().position(|way| room(way) >= wanted);
    let has_room = || ways.iter().position(|way| room(way) >= PATH);
    let [.., shortest] = &ways;
    let way = is_whole.or_else(has_room).map_or(shortest, |at| &ways[at]);
    let text = format!("{}{}{}", way.0, end_of_path(&path, room(way).max(1)), way.1);
    painter.text(area, &text, paint::busy());
}

/// The end of a path, which names the child.
fn end_of_path(path: &str, room: usize) -> String {
    let length = path.chars().count();
    if length <= room {
        return path.to_owned();
    }
    std::iter::once('…').chain(path.chars().skip(length + 1 - room)).collect()
}

fn stop_bar(state: &ViewState) -> String {
    let Some(root) = state.model.children().next().filter(|root| root.state == ChildState::Stopping) else {
        return String::new();
    };
    match time_left(root, state.now) {
        Some((left, whole)) => format!("stop {} {} · ", bar(left, whole, 8), brief(left)),
        None => format!("stop, for {} · ", brief(state.now - root.since.unwrap_or(state.now))),
    }
}

/// How far a child has come that is waited for, in words and in a few letters.
fn described(state: &ViewState, child: &Child) -> (String, String) {
    let age = brief(state.now - child.since.unwrap_or(state.now));
    if child.state == ChildState::Starting {
        return (format!("which starts for {age}"), age);
    }
    if child.forced {
        return ("which was forced".to_owned(), "forced".to_owned());
    }
    match time_left(child, state.now) {
        Some((left, _)) => (format!("forced in {}", brief(left)), brief(left)),
        None => (format!("asked {age} ago"), age),
    }
}

pub(super) fn footer(state: &ViewState, area: Rect, painter: &mut Painter<'_>) {
    let (text, style) = match &state.mode {
        Mode::Search(text) => (format!("/{}_", safe(text)), paint::strong()),
        Mode::Sure(what, _) => (format!("{}? y/n", safe(what)), paint::bad()),
        Mode::Usual | Mode::Help | Mode::Signals(_) | Mode::Why(..) if !state.notice.is_empty() => {
            (state.notice.clone(), paint::notice())
        }
        Mode::Usual | Mode::Help | Mode::Signals(_) | Mode::Why(..) => {
            (hints(state, area.width.into()), paint::quiet())
        }
    };
    painter.text(area, &text, style);
}

/// What the keys do, the most useful first, as far as there is room for whole hints.
fn hints(state: &ViewState, room: usize) -> String {
    let tree = state.model.tree();
    let cause = state.draining().map(|draining| &*draining.cause).or(tree.cause.as_deref());
    let end = match (state.rights.is_own, state.is_stopping()) {
        (true, false) => "Ctrl-C stops the tree",
        // The first signal after another request asks for the same.
        (true, true) if cause != Some("signal") => "S forces",
        (true, true) => "Ctrl-C forces",
        (false, _) => "q leaves",
    };
    let mut hints = vec!["? keys", end, "w why"];
    if state.rights.control {
        hints.extend(["r restart", "x signal", "t stop it"]);
    }
    hints.extend(["/ search", "Tab events"]);
    let mut text = String::new();
    for hint in hints {
        let between = if text.is_empty() { "" } else { " · " };
        if text.chars().count() + between.chars().count() + hint.len() > room {
            break;
        }
        text.extend([between, hint]);
    }
    text
}
