//! The letters that a terminal has, as the locale tells it: without UTF-8 there is nothing but ASCII. What is written
//! into a file or a pipe is UTF-8 always.

use std::io::IsTerminal;

/// Which letters are shown where something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    All,
    /// Those of ASCII, and signs made of them.
    Ascii,
}

impl Letters {
    /// Those for a stream of this program's.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        Self::for_locale(stream.is_terminal(), locale().as_deref())
    }

    fn for_locale(is_terminal: bool, locale: Option<&str>) -> Self {
        if is_terminal && !has_unicode(locale) { Self::Ascii } else { Self::All }
    }

    /// The text in these letters.
    pub(crate) fn fit(self, text: String) -> String {
        match self {
            Self::Ascii if !text.is_ascii() => ascii(&text),
            Self::All | Self::Ascii => text,
        }
    }

    /// The same for what stands at the end of a buffer of texts, from there on.
    pub(crate) fn fit_end(self, buffer: &mut Vec<u8>, from: usize) {
        if self == Self::Ascii {
            let text = String::from_utf8_lossy(&buffer.split_off(from)).into_owned();
            buffer.extend_from_slice(self.fit(text).as_bytes());
        }
    }
}

/// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty.
pub(crate) fn locale() -> Option<String> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(get)
}

/// Whether a locale has UTF-8. There is a locale although none is named: `C`.
pub(crate) fn has_unicode(locale: Option<&str>) -> bool {
    let locale = locale.unwrap_or("C").to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A text in ASCII, with other signs in place of those that are the demo's.
pub(crate) fn ascii(text: &str) -> String {
    let known = |c: char| match c {
        '·' => '-',
        '…' => '~',
        '↓' => 'v',
        '↑' => '^',
        '→' => '>',
        '│' => '|',
        '●' => '*',
        '◐' => '~',
        '○' => 'o',
        '✗' => 'X',
        '↻' => '@',
        '▸' => '+',
        '▾' => '-',
        '█' => '#',
        '░' => '.',
        '┆' => ':',
        '─' => '-',
        '━' => '=',
        '▒' => ':',
        '╌' => '.',
        'µ' => 'u',
        '←' => '<',
        c if c.is_ascii() => c,
        _ => '?',
    };
    text.chars().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_unicode_everything_is_ascii() {
        assert_eq!(ascii("ü · ↓ ● ok"), "? - v * ok");
    }

    #[test]
    fn a_terminal_whose_locale_has_no_utf_8_gets_ascii_and_a_file_never() {
        for locale in [None, Some("C"), Some("POSIX"), Some("de_DE.ISO-8859-1")] {
            assert_eq!(Letters::for_locale(true, locale), Letters::Ascii, "{locale:?}");
            assert_eq!(Letters::for_locale(false, locale), Letters::All, "{locale:?}");
        }
        assert_eq!(Letters::for_locale(true, Some("C.utf8")), Letters::All);
    }

    #[test]
    fn what_stands_in_the_buffer_already_is_left_alone() {
        let mut buffer = "·".as_bytes().to_vec();
        let from = buffer.len();
        buffer.extend_from_slice("·↓".as_bytes());

        Letters::Ascii.fit_end(&mut buffer, from);

        assert_eq!(String::from_utf8(buffer).unwrap(), "·-v");
    }
}
