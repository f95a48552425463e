//! The newest events and what the processes write, the newest last.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::{self, Painter};
use crate::terminal::log::LogEntry;
use crate::terminal::state::{Pane, ViewState};
use crate::terminal::text::safe;
use crate::terminal::words::Level;

/// How wide the name of the child may be.
const NAME: usize = 20;

/// How many events there is room for, below the line that says which they are.
pub(super) fn height(area: Rect) -> u16 {
    area.height.saturating_sub(1)
}

pub(super) fn draw(state: &ViewState, area: Rect, painter: &mut Painter<'_>) {
    let heading = heading(state);
    let line = Rect { height: 1, ..area };
    let style = if state.pane == Pane::Events { paint::strong() } else { paint::quiet() };
    painter.text(line, &format!("─ {heading} {}", "─".repeat(area.width.into())), style);
    let height = usize::from(height(area));
    let mut entries: Vec<&LogEntry> = state.log.up_to_cursor().take(height).collect();
    entries.reverse();
    let current = state.log.current().map(|entry| entry.seq);
    let names: Vec<String> = entries.iter().map(|entry| name(&entry.path())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (y, (entry, name)) in (area.y + 1..).zip(entries.into_iter().zip(names)) {
        let said = entry.said();
        let mut line = Rect { y, height: 1, ..area };
        if area.width >= 50 {
            painter.append(&mut line, &format!("{:>8.2} ", entry.at), paint::quiet());
        }
        let style = style_of(said.level);
        painter.append(&mut line, &format!("{name:width$} "), Style::new());
        painter.append(&mut line, &format!("{} {}", said.sign, said.text), style);
        let whole = Rect { y, height: 1, ..area };
        if state.log.is_wanted(entry) {
            painter.tint(whole, paint::strong().patch(paint::notice()));
        }
        if !state.log.is_following() && Some(entry.seq) == current {
            painter.tint(whole, paint::turned());
        }
    }
}

fn heading(state: &ViewState) -> String {
    let mut parts = vec!["EVENTS".to_owned()];
    parts.extend(state.log.under().map(|under| format!("of {}", safe(under))));
    match state.log.at_least() {
        Level::Output => {}
        Level::Usual => parts.push("without output".to_owned()),
        Level::Notice | Level::Bad => parts.push("trouble only".to_owned()),
    }
    if !state.log.wanted().is_empty() {
        parts.push(format!("/{}", safe(state.log.wanted())));
    }
    if !state.log.is_following() {
        parts.push("standing still, f follows".to_owned());
    }
    parts.join(" · ")
}

/// The path without the root, cut on the left.
fn name(path: &str) -> String {
    let path = path.split_once('/').map_or(path, |(_, rest)| rest);
    let length = path.chars().count();
    if length <= NAME {
        return path.to_owned();
    }
    std::iter::once('…').chain(path.chars().skip(length + 1 - NAME)).collect()
}

fn style_of(level: Level) -> Style {
    match level {
        Level::Output => paint::quiet(),
        Level::Usual => Style::new(),
        Level::Notice => paint::notice(),
        Level::Bad => paint::bad(),
    }
}
