//! The lines above and below: what the tree does as a whole, what it waits for, and what the keys do.

use ratatui::layout::Rect;
use ratatui::style::Style;
use rootward_observer::wire::{Child, State as ChildState};

use super::paint::{self, Painter};
use super::tree::bar;
use crate::terminal::rows::Row;
use crate::terminal::state::{Mode, State};
use crate::terminal::text::{brief, safe, whole};
use crate::terminal::words::time_left;

pub(super) fn header(state: &State, rows: &[Row<'_>], area: Rect, painter: &mut Painter<'_>) {
    let tree = state.model.tree();
    let mut line = area;
    painter.append(&mut line, &format!("{} ", safe(&state.rights.title)), paint::strong());
    if state.model.as_of() == 0 {
        painter.append(&mut line, "begins", paint::busy());
        return;
    }
    let (word, style) = match tree.state {
        ChildState::Starting => ("starting", paint::busy()),
        ChildState::Running => ("running", paint::good()),
        ChildState::Stopping => ("stopping", paint::busy()),
        ChildState::Restarting => ("restarting", paint::notice()),
        ChildState::Down | ChildState::Unknown | _ => ("down", paint::quiet()),
    };
    painter.append(&mut line, word, style);
    if let Some(cause) = &tree.cause {
        painter.append(&mut line, &format!(" · {}", safe(cause)), Style::new());
    }
    let (all, gone) = rows.first().map_or((0, 0), |root| root.leaves);
    painter.append(&mut line, &format!(" · {}/{all} up · {}", all - gone, whole(state.now)), paint::quiet());
    if let Some(containment) = &tree.containment {
        painter.append(&mut line, &format!(" · {}", safe(containment)), paint::quiet());
    }
    if state.chaos.is_some() || state.crashes > 0 {
        let chaos = state.chaos.as_deref().unwrap_or("chaos off");
        painter.append(&mut line, &format!(" · {chaos}, {} crashes", state.crashes), paint::bad());
    }
    for degraded in &tree.degraded {
        painter.append(&mut line, &format!(" · {}", safe(degraded)), paint::notice());
    }
}

/// What a stop or a start waits for, by name, and how much time is left.
pub(super) fn awaited(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let mut line = area;
    stop_bar(state, &mut line, painter);
    let awaited = state.awaited();
    let Some((first, others)) = awaited.split_first() else { return };
    let more = match others.len() {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    painter.append(&mut line, &format!("waits for {}{more}", described(state, first)), paint::busy());
}

fn stop_bar(state: &State, line: &mut Rect, painter: &mut Painter<'_>) {
    let Some(root) = state.model.children().next().filter(|root| root.state == ChildState::Stopping) else {
        return;
    };
    let age = state.now - root.since.unwrap_or(state.now);
    let text = match time_left(root, state.now) {
        Some((left, whole)) => format!("stop {} {} · ", bar(left, whole, 8), brief(left)),
        None => format!("stop, for {} · ", brief(age)),
    };
    painter.append(line, &text, paint::busy());
}

fn described(state: &State, child: &Child) -> String {
    let age = state.now - child.since.unwrap_or(state.now);
    let mut text = safe(&child.path);
    if let Some(pid) = child.pid {
        text = format!("{text} (pid {pid})");
    }
    if child.state == ChildState::Starting {
        return format!("{text}, which starts for {}", brief(age));
    }
    if child.forced {
        return format!("{text}, which was forced");
    }
    match time_left(child, state.now) {
        Some((left, _)) => format!("{text}, forced in {}", brief(left)),
        None => format!("{text}, asked {} ago", brief(age)),
    }
}

pub(super) fn footer(state: &State, area: Rect, painter: &mut Painter<'_>) {
    let (text, style) = match &state.mode {
        Mode::Search(text) => (format!("/{}_", safe(text)), paint::strong()),
        Mode::Sure(what, _) => (format!("{}? y/n", safe(what)), paint::bad()),
        Mode::Usual | Mode::Help | Mode::Signals(_) | Mode::Why(_) if !state.notice.is_empty() => {
            (state.notice.clone(), paint::notice())
        }
        Mode::Usual | Mode::Help | Mode::Signals(_) | Mode::Why(_) => (hints(state), paint::quiet()),
    };
    painter.text(area, &text, style);
}

fn hints(state: &State) -> String {
    let end = match (state.rights.is_own, state.is_stopping()) {
        (true, false) => "Ctrl-C stops the tree",
        (true, true) => "Ctrl-C forces",
        (false, _) => "q leaves",
    };
    let mut hints = vec!["? keys", end, "Tab events", "/ search", "w why"];
    if state.rights.control {
        hints.extend(["r restart", "t stop it"]);
    }
    if state.rights.control {
        hints.push("x signal");
    }
    hints.join(" · ")
}
