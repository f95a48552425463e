//! Writes XML: elements, attributes, and texts from outside that cannot become anything else.
//!
//! Small enough to have no crate for it: those that write SVG escape texts, but let control characters through, which
//! no browser reads.

use std::fmt::Write as _;

use super::super::words::tame;

#[derive(Debug, Default)]
pub(super) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

/// The value of an attribute.
pub(super) enum Value<'a> {
    Text(&'a str),
    /// Written with one digit behind the point, and none if that is a zero.
    Number(f64),
}

impl Xml {
    /// Begins an element. Everything up to its end stands in it.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, Value<'_>)]) {
        self.tag(name, attributes);
        self.text.push('>');
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        let name = self.open.pop().expect("an element is open");
        let _ = write!(self.text, "</{name}>");
        if !matches!(name, "title" | "tspan") {
            self.text.push('\n');
        }
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, Value<'_>)]) {
        self.tag(name, attributes);
        self.text.push_str("/>");
    }

    /// An element with a text in it.
    pub(super) fn text(&mut self, name: &'static str, attributes: &[(&str, Value<'_>)], text: &str) {
        self.open(name, attributes);
        escape(text, &mut self.text);
        self.close();
    }

    /// What is written as it is: this program's own.
    pub(super) fn verbatim(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// What was written elsewhere.
    pub(super) fn part(&mut self, other: Self) {
        self.text.push_str(&other.finish());
    }

    pub(super) fn finish(self) -> String {
        debug_assert!(self.open.is_empty(), "every element has an end");
        self.text
    }

    fn tag(&mut self, name: &'static str, attributes: &[(&str, Value<'_>)]) {
        let _ = write!(self.text, "<{name}");
        for (name, value) in attributes {
            let _ = write!(self.text, " {name}=\"");
            match value {
                Value::Text(text) => escape(text, &mut self.text),
                Value::Number(number) => self.text.push_str(&plain(*number)),
            }
            self.text.push('"');
        }
    }
}

/// A number as short as it can be written.
pub(super) fn plain(number: f64) -> String {
    let text = format!("{number:.1}");
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

fn escape(text: &str, into: &mut String) {
    for c in tame(text).chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            c => into.push(c),
        }
    }
}

#[test]
fn a_text_from_outside_stays_a_text() {
    let mut xml = Xml::default();

    xml.text(
        "text",
        &[("id", Value::Text("a\"b'&<"))],
        "</text><script>\u{1b}[2J\n\u{202e}\u{61c}\u{fffe}&amp;",
    );

    let expected = "<text id=\"a&quot;b&#39;&amp;&lt;\">&lt;/text&gt;&lt;script&gt;\u{fffd}[2J\u{fffd}\u{fffd}\
                    \u{fffd}\u{fffd}&amp;amp;</text>\n";
    assert_eq!(xml.finish(), expected);
}
