//! Pure: draws what the view shows. Nothing here asks the system for anything.

mod events;
mod over;
mod paint;
mod status;
mod tests;
mod tree;

use ratatui::Frame;
use ratatui::layout::Rect;

use self::paint::Painter;
use super::fit::Fit;
use super::rows::{TreeRow, rows};
use super::state::{Pane, ViewState};

/// Below this there is no room for anything but a sentence.
const SMALLEST: (u16, u16) = (20, 5);

/// From this width on tree and events stand beside each other.
const WIDE: u16 = 110;

/// From this height on they stand above each other.
const HIGH: u16 = 16;

/// Where the parts of the view are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    header: Rect,
    status: Rect,
    tree: Option<Rect>,
    events: Option<Rect>,
    footer: Rect,
}

/// Draws all of it, and tells the state how much of it is to be seen.
pub(crate) fn draw(state: &mut ViewState, fit: Fit, frame: &mut Frame<'_>) {
    let area = frame.area();
    let mut painter = Painter::new(frame.buffer_mut(), fit);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        painter.text(area, "too small", paint::quiet());
        return;
    }
    // Once for the whole picture: there may be many.
    let rows = rows(&state.model, &state.folded);
    let parts = parts(area, rows.len(), state.pane);
    state.heights = (
        parts.tree.map_or(0, |area| tree::height(area).into()),
        parts.events.map_or(0, |area| events::height(area).into()),
    );
    if state.heights.0 > 0 {
        state.first_row = first_row(&rows, state.selected(), state.first_row, state.heights.0);
    }
    let visible = rows.iter().skip(state.first_row).take(state.heights.0);
    state.visible = Some(visible.map(|row| (row.child.state, row.child.since)).collect());
    let seen = &*state;
    status::header(seen, &rows, parts.header, &mut painter);
    status::awaited(seen, parts.status, &mut painter);
    if let Some(area) = parts.tree {
        tree::draw(seen, &rows, area, &mut painter);
    }
    if let Some(area) = parts.events {
        events::draw(seen, area, &mut painter);
    }
    status::footer(seen, parts.footer, &mut painter);
    state.explanation = over::draw(seen, area, &mut painter);
}

fn parts(area: Rect, rows: usize, pane: Pane) -> Parts {
    let line = |y| Rect { y, height: 1, ..area };
    let body = Rect { y: area.y + 2, height: area.height - 3, ..area };
    let (tree, events) = if area.width >= WIDE {
        let width = area.width * 3 / 5;
        (
            Some(Rect { width, ..body }),
            Some(Rect { x: body.x + width + 1, width: body.width - width - 1, ..body }),
        )
    } else if area.height >= HIGH {
        // The tree takes what it needs, and up to two thirds.
        let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
        let height = wanted.clamp(5, body.height * 2 / 3);
        (
            Some(Rect { height, ..body }),
            Some(Rect { y: body.y + height, height: body.height - height, ..body }),
        )
    } else if pane == Pane::Tree {
        (Some(body), None)
    } else {
        (None, Some(body))
    };
    Parts { header: line(area.y), status: line(area.y + 1), tree, events, footer: line(area.bottom() - 1) }
}

/// Which line is the first on the screen, so that the child on which the user stands is to be seen.
fn first_row(rows: &[TreeRow<'_>], selected: &str, first: usize, height: usize) -> usize {
    let at = rows.iter().position(|row| row.child.path == selected).unwrap_or(0);
    let last_first = rows.len().saturating_sub(height);
    first.clamp((at + 1).saturating_sub(height), at).min(last_first)
}
