//! A screen as a picture, and the text of such a picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 12.0;

/// The first eight colours of a terminal, and the bright ones.
const COLORS: [&str; 16] = [
    "#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#7f848e",
    "#ff7b86", "#b5e890", "#ffd98e", "#82c8ff", "#e29bf7", "#7fe0ea", "#ffffff",
];
const TEXT: &str = "#d7dae0";
const GROUND: &str = "#1e2127";

/// Draws a screen: a line of text for each of its lines, with a part for each of its colours.
pub(crate) fn screen_as_svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.into(), columns.into());
    let (width, height) =
        (f64::from(columns) * CELL.0 + 2.0 * MARGIN, f64::from(rows) * CELL.1 + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n\
         <title>The view of rootward-demo while a tree stops</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for row in 0..rows {
        let baseline = MARGIN + f64::from(row) * CELL.1 + 14.0;
        for (column, style, text) in parts(screen, row, columns) {
            let x = MARGIN + f64::from(column) * CELL.0;
            let long = f64::from(u16::try_from(text.chars().count()).expect("a line is short")) * CELL.0;
            if let Some(ground) = style.ground {
                let top = baseline - 14.0;
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{}\" fill=\"{ground}\"/>",
                    // A little more, so that no seam is seen between two of them.
                    long + 0.5,
                    CELL.1
                );
            }
            if !text.trim().is_empty() {
                let weight = if style.bold { " font-weight=\"bold\"" } else { "" };
                let faint = if style.dim { " opacity=\"0.65\"" } else { "" };
                let _ = writeln!(
                    svg,
                    "<text x=\"{x:.1}\" y=\"{baseline:.1}\" textLength=\"{long:.1}\" xml:space=\"preserve\" \
                     fill=\"{}\"{weight}{faint}>{}</text>",
                    style.color,
                    escaped(&text)
                );
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// The text that such a picture shows.
pub(crate) fn text_of_svg(svg: &str) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in svg.lines().filter(|line| line.starts_with("<text ")) {
        let row =
            line.split(" y=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a text has a place");
        let text =
            line.split_once('>').and_then(|(_, rest)| rest.strip_suffix("</text>")).expect("it is on a line");
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        match rows.last_mut().filter(|(last, _)| last == row) {
            Some((_, so_far)) => so_far.push_str(&format!(" {text}")),
            None => rows.push((row.to_owned(), text)),
        }
    }
    rows.into_iter().map(|(_, text)| format!("{text}\n")).collect()
}

#[derive(Clone, PartialEq)]
struct Style {
    color: &'static str,
    ground: Option<&'static str>,
    bold: bool,
    dim: bool,
}

/// The parts of a line that have one style each, with the columns at which they begin.
fn parts(screen: &Screen, row: u16, columns: u16) -> Vec<(u16, Style, String)> {
    let mut parts: Vec<(u16, Style, String)> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else { continue };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let style = style(cell);
        match parts.last_mut().filter(|(_, last, _)| *last == style) {
            Some((_, _, so_far)) => so_far.push_str(text),
            None => parts.push((column, style, text.to_owned())),
        }
    }
    parts
}

fn style(cell: &Cell) -> Style {
    let (color, ground) = (shade(cell.fgcolor()).unwrap_or(TEXT), shade(cell.bgcolor()));
    let (color, ground) = match cell.inverse() {
        true => (ground.unwrap_or(GROUND), Some(color)),
        false => (color, ground),
    };
    Style { color, ground, bold: cell.bold(), dim: cell.dim() }
}

fn shade(color: Color) -> Option<&'static str> {
    match color {
        Color::Idx(number) => COLORS.get(usize::from(number)).copied(),
        Color::Default | Color::Rgb(..) => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
