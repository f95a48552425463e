//! Just enough understanding of Rust to keep the house rules.

use std::collections::BTreeSet;

/// A file without its comments, the contents of its texts, and its unit tests.
pub(super) fn code_of(text: &str) -> String {
    let (before, tests) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    let (_, after) = tests.split_once("\n}\n").unwrap_or_default();
    before.lines().chain(after.lines()).map(without_comment).map(|line| format!("{line}\n")).collect()
}

/// The names and keywords in a piece of code.
pub(super) fn identifiers(code: &str) -> BTreeSet<&str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect()
}

/// Whether a `let` in a condition is joined to something else by `&&`, in code as rustfmt leaves it.
pub(super) fn is_let_chain(code: &str) -> bool {
    let one_line = code.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.contains(" && let ") {
        return true;
    }
    let conditions =
        ["if let ", "while let "].into_iter().flat_map(|keyword| one_line.split(keyword).skip(1));
    conditions.map(condition).any(|condition| condition.contains(" && "))
}

/// A condition up to its block, without what is in parentheses and brackets: operators in there join
/// nothing to the `let`.
fn condition(code: &str) -> String {
    let mut depth = 0;
    let mut flat = String::new();
    let mut is_value = false;
    for c in code.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '=' if depth == 0 => is_value = true,
            // A pattern may have braces; the first one behind the value opens the block.
            '{' if depth == 0 && is_value => break,
            _ => {}
        }
        if depth < 0 {
            break;
        }
        if depth == 0 {
            flat.push(c);
        }
    }
    flat
}

/// Cuts a comment off a line, and empties the texts in it.
fn without_comment(line: &str) -> String {
    let mut kept = String::new();
    let mut in_text = false;
    let mut escaped = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (in_text, c) {
            (false, '/') if chars.peek() == Some(&'/') => break,
            (false, '\'') if chars.peek() == Some(&'"') => {
                chars.next();
            }
            (_, '"') if !escaped => in_text = !in_text,
            (false, c) => kept.push(c),
            (true, _) => {}
        }
        escaped = in_text && c == '\\' && !escaped;
    }
    kept
}

#[test]
fn comments_texts_and_unit_tests_are_not_code() {
    let text =
        "let a = \"un//safe \\\" {\"; // tokio\n/// ractor\nb('\"');\n#[cfg(test)]\nmod tests {\nnix\n}\nc";

    assert_eq!(code_of(text), "let a = ; \n\nb(');\nc\n");
}

#[test]
fn let_chains_are_told_from_everything_that_looks_like_them() {
    let chains =
        ["if let Some(a) = b && c {", "if a && let Some(b) = c {", "while let S { a } = b\n    && c\n{"];
    let others = [
        "if let Some(a) = b { c && d }",
        "if let Some(a) = b(|c| c && d) {",
        "match a { b if c && d => e }",
        "if let (true, _) = (a && b, c) {",
        "let a = b && c;",
    ];

    assert!(chains.iter().all(|code| is_let_chain(code)));
    assert!(!others.iter().any(|code| is_let_chain(code)));
}
