//! The lines of a tree file in which a mistake stands, with the place underlined.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A place that is longer than a line is underlined up to the end of its first: a whole table says little.
pub(super) fn of(text: &str, span: Range<usize>, beside: Option<(Range<usize>, &'static str)>) -> String {
    let mut snippet = Snippet::source(text).annotation(AnnotationKind::Primary.span(on_one_line(text, span)));
    if let Some((span, label)) = beside {
        snippet = snippet.annotation(AnnotationKind::Context.span(on_one_line(text, span)).label(label));
    }
    let picture = Renderer::plain().render(&[Group::with_level(Level::ERROR).element(snippet)]);
    picture.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The part of it that stands on its first line, on the borders of characters. There is always one to underline.
fn on_one_line(text: &str, span: Range<usize>) -> Range<usize> {
    let start = border(text, span.start.min(text.trim_end().len()));
    let rest = &text[start..];
    let line = rest.find('\n').map_or(text.len(), |at| start + at);
    let end = border(text, span.end.min(line));
    if end > start {
        return start..end;
    }
    start..start + rest.chars().next().map_or(0, char::len_utf8)
}

/// The last border of a character that is not behind this byte.
fn border(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
