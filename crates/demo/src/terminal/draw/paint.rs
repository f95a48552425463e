//! Writes texts into the picture, with what the terminal has of colours and signs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::letters::ascii;
use crate::terminal::fit::Fit;

/// Writes into the picture.
pub(super) struct Painter<'a> {
    buffer: &'a mut Buffer,
    fit: Fit,
}

pub(super) fn quiet() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

pub(super) fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

pub(super) fn good() -> Style {
    Style::new().fg(Color::Green)
}

pub(super) fn busy() -> Style {
    Style::new().fg(Color::Cyan)
}

pub(super) fn notice() -> Style {
    Style::new().fg(Color::Yellow)
}

pub(super) fn bad() -> Style {
    Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
}

pub(super) fn turned() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

impl<'a> Painter<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, fit: Fit) -> Self {
        Self { buffer, fit }
    }

    /// Writes a text at the beginning of an area, cut off at its end, and says how wide it has become.
    pub(super) fn text(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let text = if self.fit.has_unicode { text.to_owned() } else { ascii(text) };
        let style = self.style(style);
        let (end, _) = self.buffer.set_stringn(area.x, area.y, text, area.width.into(), style);
        end - area.x
    }

    /// Writes a text and moves the area on behind it.
    pub(super) fn append(&mut self, area: &mut Rect, text: &str, style: Style) {
        let width = self.text(*area, text, style);
        area.x += width;
        area.width -= width;
    }

    /// The same with a text that is left out where there is no room for all of it.
    pub(super) fn append_whole(&mut self, area: &mut Rect, text: &str, style: Style) {
        if text.chars().count() <= area.width.into() {
            self.append(area, text, style);
        }
    }

    /// Writes a cell, and says where the next one begins.
    pub(super) fn cell(&mut self, at: Rect, text: &str, width: u16, style: Style) -> Rect {
        self.text(Rect { width: width.min(at.width), ..at }, text, style);
        let moved = (width + 1).min(at.width);
        Rect { x: at.x + moved, width: at.width - moved, ..at }
    }

    /// Gives all of an area a style.
    pub(super) fn tint(&mut self, area: Rect, style: Style) {
        let style = self.style(style);
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Takes away what stands in an area.
    pub(super) fn clear(&mut self, area: Rect) {
        for y in area.top()..area.bottom() {
            let line = Rect { y, height: 1, ..area };
            self.buffer.set_style(line, Style::reset());
            self.text(line, &" ".repeat(area.width.into()), Style::new());
        }
    }

    /// Takes away what stands in an area, and draws a line around it.
    pub(super) fn frame(&mut self, area: Rect, title: &str) -> Rect {
        let [h, v, corners] =
            if self.fit.has_unicode { ["─", "│", "┌┐└┘"] } else { ["-", "|", "++++"] };
        let corners: Vec<char> = corners.chars().collect();
        let middle = usize::from(area.width).saturating_sub(2);
        for y in area.top()..area.bottom() {
            let line = Rect { y, height: 1, ..area };
            let (left, between, right) = if y == area.top() {
                (corners[0].to_string(), h.repeat(middle), corners[1].to_string())
            } else if y + 1 == area.bottom() {
                (corners[2].to_string(), h.repeat(middle), corners[3].to_string())
            } else {
                (v.to_owned(), " ".repeat(middle), v.to_owned())
            };
            self.buffer.set_style(line, Style::reset());
            self.text(line, &format!("{left}{between}{right}"), Style::new());
        }
        self.text(Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area }, title, strong());
        Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        }
    }

    fn style(&self, style: Style) -> Style {
        if self.fit.has_colour { style } else { Style { fg: None, bg: None, ..style } }
    }
}
