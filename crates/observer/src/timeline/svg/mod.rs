//! A timeline as a picture: one SVG file without scripts, which a browser shows, dark or light as its user likes it.
//!
//! At the top stand the critical paths, each wait with a number that is found again in the lanes; then what the colours
//! mean; then a row for every lane. What a bar or a sign means in detail is shown when the pointer rests on it.

mod head;
mod marks;
mod picture;
mod xml;

use super::Timeline;
use super::critical::{CriticalPath, Link};
use super::text::told;
use xml::{Value, Xml};

/// How wide the picture is, and how far from its edge everything stands.
const WIDTH: f64 = 1200.0;
const EDGE: f64 = 20.0;

impl Timeline {
    /// A picture of the timeline as an SVG document. It asks for nothing from anywhere, holds no scripts, and has a
    /// title and a description for screen readers. The same events give the same picture.
    pub fn to_svg(&self) -> String {
        let numbered = Numbered::of(self);
        let mut head = Xml::default();
        let top = head::draw(self, &numbered, &mut head);
        let mut lanes = Xml::default();
        let bottom = picture::draw(self, &numbered, top, &mut lanes);
        let height = bottom + EDGE;
        let view = format!("0 0 {} {}", xml::plain(WIDTH), xml::plain(height));
        let mut xml = Xml::default();
        xml.verbatim("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        xml.open(
            "svg",
            &[
                ("xmlns", Value::Text("http://www.w3.org/2000/svg")),
                ("width", Value::Number(WIDTH)),
                ("height", Value::Number(height)),
                ("viewBox", Value::Text(&view)),
                ("role", Value::Text("img")),
                ("aria-labelledby", Value::Text("title desc")),
            ],
        );
        xml.text("title", &[("id", Value::Text("title"))], &format!("Timeline of {}", self.headline()));
        xml.text("desc", &[("id", Value::Text("desc"))], &head::description(self));
        xml.verbatim(concat!("<style>\n", include_str!("style.css"), "</style>\n"));
        xml.verbatim(HATCH);
        xml.empty(
            "rect",
            &[
                ("class", Value::Text("paper")),
                ("width", Value::Text("100%")),
                ("height", Value::Text("100%")),
            ],
        );
        xml.part(head);
        xml.part(lanes);
        xml.close();
        xml.finish()
    }
}

/// What lies over a part that was forced, so that it is told from others without its colour.
const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
                     patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/>\
                     </pattern></defs>\n";

/// The critical paths, each with the waits that have a number, in the list and in the lanes.
struct Numbered<'a>(Vec<NumberedPath<'a>>);

struct NumberedPath<'a> {
    name: &'static str,
    path: &'a CriticalPath,
    links: Vec<(usize, &'a Link)>,
    /// What is said of the waits that have no number.
    rest: Option<String>,
}

impl<'a> Numbered<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let mut numbers = 1..;
        let paths = [("start", timeline.start()), ("stop", timeline.stop())];
        let paths = paths.into_iter().filter_map(|(name, path)| {
            let path = path?;
            let (links, rest) = told(path);
            // The number comes second, or one would be lost with the end of the links.
            let links =
                links.into_iter().zip(numbers.by_ref()).map(|(link, number)| (number, link)).collect();
            Some(NumberedPath { name, path, links, rest })
        });
        Self(paths.collect())
    }
}
