//! The page: one document with its styles and its scripts, which asks this door for everything that it shows.
//!
//! It has nothing of the tree in it, so that it is sent without the token. A browser runs none but its own scripts and
//! lets them ask none but this door: what children write is text there, and a policy says so a second time.

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::answer::with_type;
use super::body::DoorBody;
use super::refusal::Refusal;
use super::token::random_token;

const PAGE: &str = include_str!("../../page/page.html");

const STYLE: &str = include_str!("../../page/style.css");

/// One after the other, in one script.
const SCRIPT: &str = concat!(
    include_str!("../../page/fold.js"),
    include_str!("../../page/words.js"),
    include_str!("../../page/base.js"),
    include_str!("../../page/door.js"),
    include_str!("../../page/lanes.js"),
    include_str!("../../page/tree.js"),
    include_str!("../../page/detail.js"),
    include_str!("../../page/events.js"),
    include_str!("../../page/main.js"),
);

/// What else a browser is told about the page.
const HEADERS: [(&str, &str); 4] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
];

/// The page, with a nonce of its own.
pub(super) fn response() -> Result<Response<DoorBody>, Refusal> {
    let nonce = random_token().map_err(|_| Refusal::RANDOMNESS)?;
    let document = DoorBody::whole(page(&nonce).into_bytes());
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", document);
    let headers = response.headers_mut();
    // It has nothing in it but the letters of this file and hexadecimal digits.
    let policy = HeaderValue::try_from(policy(&nonce)).map_err(|_| Refusal::RANDOMNESS)?;
    headers.insert(HeaderName::from_static("content-security-policy"), policy);
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    Ok(response)
}

/// The nonce comes first, so that nothing in the styles or the scripts is taken for its place.
fn page(nonce: &str) -> String {
    PAGE.replace("{nonce}", nonce).replacen("{style}", STYLE, 1).replacen("{script}", SCRIPT, 1)
}

fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

#[cfg(test)]
mod tests {
    use crate::wire::every_kind::every_kind;

    /// What a script says between two of its lines.
    fn between<'a>(script: &'a str, from: &str, to: &str) -> &'a str {
        let (_, rest) = script.split_once(from).expect("the script begins so");
        rest.split_once(to).expect("it ends so").0
    }

    fn knows_every_event(switch: &str) {
        for what in every_kind() {
            let case = format!("case \"{}\":", what.name());
            assert_eq!(switch.matches(&case).count(), usize::from(what.name() != "unknown"), "{case}");
        }
    }

    #[test]
    fn the_fold_of_the_page_knows_events_of_every_kind() {
        knows_every_event(between(include_str!("../../page/fold.js"), "  apply(event) {", "\n  }\n"));
    }

    #[test]
    fn the_page_has_words_for_events_of_every_kind() {
        knows_every_event(between(include_str!("../../page/words.js"), "function eventWords", "\n}\n"));
    }
}
