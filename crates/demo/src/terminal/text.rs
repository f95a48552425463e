//! Pure: texts from outside made harmless, and times as they fit into a column.

/// A text from outside on one line, without anything that would take control of a terminal or turn the text around.
pub(crate) fn safe(text: &str) -> String {
    let one_cell = |c: char| match c {
        '\t' => ' ',
        // Marks without a width.
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    crate::safe::safe(text).chars().map(one_cell).collect()
}

/// A time in a column of five: `0.4s`, `59s`, `3m`, `25h`, `12d`.
pub(crate) fn brief(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is cut off, and not negative"
    )]
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..10 => format!("{:.1}s", seconds.max(0.0)),
        10..100 => format!("{whole}s"),
        100..6000 => format!("{}m", whole / 60),
        6000..172_800 => format!("{}h", whole / 3600),
        _ => format!("{}d", whole / 86_400),
    }
}

/// The same for what is shown in whole seconds, because it goes on for long.
pub(crate) fn whole(seconds: f64) -> String {
    if seconds < 10.0 { format!("{:.0}s", seconds.max(0.0).floor()) } else { brief(seconds) }
}

/// What OSC 52 has to say so that a terminal puts a text where its user pastes from.
pub(crate) fn osc52(text: &str) -> String {
    format!("\u{1b}]52;c;{}\u{7}", base64(text.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let three =
            chunk.iter().fold(0, |three, byte| three << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = (three >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_takes_control_of_the_terminal() {
        assert_eq!(safe("a\u{1b}[31mb\r\n\u{9b}2Jc\td"), "a\u{fffd}[31mb\u{fffd}\u{fffd}\u{fffd}2Jc d");
        assert_eq!(safe("x\u{202e}y\u{200b}z"), "x\u{fffd}y\u{fffd}z");
    }

    #[test]
    fn times_fit_into_their_column() {
        let table =
            [(0.04, "0.0s"), (9.96, "10.0s"), (59.0, "59s"), (100.0, "1m"), (7200.0, "2h"), (9e5, "10d")];
        for (seconds, expected) in table {
            assert_eq!(brief(seconds), expected);
            assert!(brief(seconds).len() <= 5);
        }
        assert_eq!((whole(0.9).as_str(), whole(61.0).as_str()), ("0s", "61s"));
    }

    #[test]
    fn what_is_copied_is_base64() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
        assert_eq!(osc52("a"), "\u{1b}]52;c;YQ==\u{7}");
    }
}
