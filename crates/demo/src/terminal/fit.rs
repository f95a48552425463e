//! What the user's terminal can show, as the environment tells it.

use std::io::IsTerminal as _;

use crate::letters::{has_unicode, locale};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) has_colour: bool,
    pub(crate) has_unicode: bool,
}

/// What the environment says, for tests to say something else.
#[derive(Clone, Copy, Debug, Default)]
struct Environment<'a> {
    term: Option<&'a str>,
    no_color: Option<&'a str>,
    locale: Option<&'a str>,
}

impl Fit {
    /// What the terminal on standard error can show.
    ///
    /// # Errors
    ///
    /// Why there can be no terminal view, as the end of a sentence.
    pub(crate) fn of_this_terminal() -> Result<Self, &'static str> {
        if !std::io::stderr().is_terminal() {
            return Err("standard error is no terminal");
        }
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (term, no_color) = (get("TERM"), get("NO_COLOR"));
        let locale = locale();
        Self::of(Environment {
            term: term.as_deref(),
            no_color: no_color.as_deref(),
            locale: locale.as_deref(),
        })
    }

    /// Whether this program stands in front on the terminal, so that keys come to it.
    pub(crate) fn is_in_front() -> bool {
        let foreground = rustix::termios::tcgetpgrp(std::io::stdin());
        foreground.is_ok_and(|foreground| foreground == rustix::process::getpgrp())
    }

    fn of(environment: Environment<'_>) -> Result<Self, &'static str> {
        if environment.term.is_none_or(|term| term == "dumb") {
            return Err("the terminal says that it is a dumb one (TERM)");
        }
        Ok(Self { has_colour: environment.no_color.is_none(), has_unicode: has_unicode(environment.locale) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Environment<'static> =
        Environment { term: Some("xterm-256color"), no_color: None, locale: Some("en_GB.UTF-8") };

    #[test]
    fn a_usual_terminal_has_everything() {
        assert_eq!(Fit::of(USUAL), Ok(Fit { has_colour: true, has_unicode: true }));
    }

    #[test]
    fn colours_and_unicode_go_one_by_one() {
        let plain = Fit::of(Environment { no_color: Some("1"), ..USUAL }).unwrap();
        assert_eq!(plain, Fit { has_colour: false, has_unicode: true });
        for locale in [None, Some("C"), Some("POSIX"), Some("de_DE.ISO-8859-1")] {
            let ascii = Fit::of(Environment { locale, ..USUAL }).unwrap();
            assert_eq!(ascii, Fit { has_colour: true, has_unicode: false }, "{locale:?}");
        }
        assert!(Fit::of(Environment { locale: Some("C.utf8"), ..USUAL }).unwrap().has_unicode);
    }

    #[test]
    fn a_dumb_terminal_gets_no_picture() {
        assert!(Fit::of(Environment { term: Some("dumb"), ..USUAL }).is_err());
        assert!(Fit::of(Environment { term: None, ..USUAL }).is_err());
    }
}
