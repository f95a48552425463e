//! What a line has to look like for a process to be ready.

/// A text that the line contains, or, with the feature `regex`, a regular expression that matches in it.
#[derive(Clone, Debug)]
pub(crate) enum LinePattern {
    Text(Box<str>),
    #[cfg(feature = "regex")]
    Regex(regex::Regex),
}

impl LinePattern {
    /// What is looked for, in words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("a line that contains {text:?}"),
            #[cfg(feature = "regex")]
            Self::Regex(regex) => format!("a line that matches /{regex}/"),
        }
    }

    /// Whether a line is one.
    pub(crate) fn matches(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(&**text),
            #[cfg(feature = "regex")]
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_anywhere_in_a_line_and_means_itself() {
        let text = LinePattern::Text("ready (1.0)".into());

        assert!(text.matches("server ready (1.0) in 3 ms"));
        assert!(!text.matches("ready 1x0"));
    }

    #[cfg(feature = "regex")]
    #[test]
    fn a_regular_expression_matches_anywhere_in_a_line_unless_it_says_where() {
        let anywhere = LinePattern::Regex(regex::Regex::new("listening on [0-9]+").unwrap());
        let at_the_start = LinePattern::Regex(regex::Regex::new("^listening").unwrap());

        assert!(anywhere.matches("now listening on 80"));
        assert!(!at_the_start.matches("now listening on 80"));
    }
}
