//! The rules of OTP: the page about them has a verdict on each, and code and tests cite them by their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;

use super::sources::{Source, sources, workspace};

/// What the page says of one rule.
#[derive(Debug, Default)]
struct Rule {
    verdict: String,
    text: String,
}

/// What stands in one line of comment about rules.
#[derive(Debug, PartialEq)]
enum Mention {
    Cited(RangeInclusive<u32>),
    /// Words about a rule in another form than the one that is used.
    Wrong(String),
}

/// Where a rule is cited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Code,
    /// Right above a test or a scenario.
    Test,
    /// Where a citation proves nothing: at the head of a file, and beside what supports a test.
    Elsewhere,
}

#[test]
fn every_rule_has_a_verdict_and_says_what_is_done_instead_of_it() {
    let rules = rules();

    let numbers: Vec<u32> = rules.keys().copied().collect();
    assert_eq!(numbers, (1..=65).collect::<Vec<_>>(), "rules keep their numbers");
    for (number, Rule { verdict, text }) in &rules {
        let is_plain = match verdict.as_str() {
            "kept" => true,
            "kept by construction" | "differs" | "not applicable" => false,
            other => panic!("rule {number} has the verdict {other:?}"),
        };
        assert_eq!(is_plain, !text.contains("**Here:**"), "rule {number} is {verdict}");
        assert!(verdict != "differs" || tests_in(text).next().is_some(), "rule {number} names no test");
    }
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let sources = sources();
    let rules = rules();
    let is_there = |name: &str| {
        let function = format!("fn {name}(");
        sources.iter().any(|source| source.text.contains(&function))
    };

    let missing: Vec<_> =
        rules.values().flat_map(|rule| tests_in(&rule.text)).filter(|name| !is_there(name)).collect();

    assert!(missing.is_empty(), "no test is called like this: {missing:#?}");
}

#[test]
fn every_rule_is_cited_where_it_is_decided_and_where_it_is_tested() {
    let cited: BTreeSet<(u32, Place)> = mentions()
        .into_iter()
        .filter_map(|(_, place, mention)| match mention {
            Mention::Cited(range) => Some(range.map(move |number| (number, place))),
            Mention::Wrong(_) => None,
        })
        .flatten()
        .collect();
    let is_held = |rule: &Rule| ["kept", "differs"].contains(&rule.verdict.as_str());

    let mut missing = Vec::new();
    for (number, _) in rules().iter().filter(|(_, rule)| is_held(rule)) {
        let places = [Place::Code, Place::Test];
        missing.extend(
            places.iter().filter(|place| !cited.contains(&(*number, **place))).map(|place| (*number, *place)),
        );
    }

    assert!(missing.is_empty(), "these are not cited: {missing:?}");
}

#[test]
fn rules_are_cited_in_one_form_and_exist() {
    let rules = rules();
    let is_wrong = |mention: &Mention| match mention {
        Mention::Cited(range) => !range.clone().all(|number| rules.contains_key(&number)),
        Mention::Wrong(_) => true,
    };

    let wrong: Vec<_> = mentions().into_iter().filter(|(_, _, mention)| is_wrong(mention)).collect();

    assert!(wrong.is_empty(), "cite as in `OTP rule 26` and `OTP rules 37 to 39`, in one line: {wrong:#?}");
}

#[test]
fn a_citation_is_told_from_other_words_about_rules() {
    let range = |from, to| vec![Mention::Cited(from..=to)];
    let wrong = |text: &str| vec![Mention::Wrong(text.to_owned())];

    assert_eq!(mentions_in("one restart (OTP rule 26)."), range(26, 26));
    assert_eq!(mentions_in("OTP rules 37 to 39"), range(37, 39));
    assert_eq!(mentions_in("OTP rule 4, OTP rule 5").len(), 2);
    assert_eq!(mentions_in("the rules of two hundred houses"), []);
    for text in ["(rule 4)", "OTP's rule 17", "OTP's rules 42 to 46", "XOTP rule 1", "OTP rule", "Rule 7"] {
        assert_eq!(mentions_in(text), wrong(text));
    }
    for text in ["OTP rules 31 and 32", "OTP rules 9 to 9", "OTP rules 47 to", "OTP rule 3 to 5"] {
        assert_eq!(mentions_in(text), wrong(text));
    }
}

#[test]
fn a_citation_counts_in_code_and_above_tests_and_not_at_the_head_of_a_file() {
    let lines = ["//! a", "/// b", "fn f() {", "#[cfg(test)]", "mod tests {", "    // c", "    let d = 1;"];
    let text = lines.join("\n") + "\n    /// e\n    #[test]\n    #[should_panic]\n    fn g() {}\n";
    let source = Source { path: "crates/x/src/y.rs".into(), text };

    let places: Vec<_> = comments_of(&source).into_iter().map(|(_, place, _)| place).collect();

    assert_eq!(places, [Place::Elsewhere, Place::Code, Place::Elsewhere, Place::Test]);
}

/// The page, rule by rule.
fn rules() -> BTreeMap<u32, Rule> {
    let page = fs::read_to_string(workspace().join("docs/otp-rules.md")).expect("the book has this page");
    let items = page.split("\n- **Rule ").skip(1).map(|item| item.split("\n#").next().unwrap_or(item));
    let mut rules = BTreeMap::new();
    for item in items {
        let (number, rest) = item.split_once("**").expect("a number ends with the emphasis");
        let number = number.parse().unwrap_or_else(|_| panic!("{number:?} is no number of a rule"));
        let verdict = rest.split('`').nth(1).unwrap_or_default().to_owned();
        let before = rules.insert(number, Rule { verdict, text: rest.to_owned() });
        assert!(before.is_none(), "rule {number} stands there twice");
    }
    rules
}

/// The tests that an item names: their names are sentences.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 3)
}

/// All that comments say about rules, with the file in which they say it.
fn mentions() -> Vec<(String, Place, Mention)> {
    let mut found = Vec::new();
    for source in sources() {
        let comments = comments_of(&source).into_iter();
        let path = source.path.display().to_string();
        found.extend(comments.flat_map(|(line, place, text)| {
            let path = format!("{path}:{line}");
            mentions_in(text).into_iter().map(move |mention| (path.clone(), place, mention))
        }));
    }
    let scenarios = "tests/scenarios/corners.txt";
    let text = fs::read_to_string(workspace().join(scenarios)).expect("the scenarios are there");
    for (comment, next) in text.lines().zip(text.lines().skip(1)) {
        let Some(comment) = comment.strip_prefix("# ") else { continue };
        let place = if next.starts_with("scenario ") { Place::Test } else { Place::Elsewhere };
        let mentions = mentions_in(comment).into_iter();
        found.extend(mentions.map(|mention| (scenarios.to_owned(), place, mention)));
    }
    found
}

/// The comments of a file, line by line, with the number of the line.
fn comments_of(source: &Source) -> Vec<(usize, Place, &str)> {
    let is_all_tests = source.is_in("tests") || source.is_test();
    let is_code = source.has_directory("src");
    let mut in_tests = is_all_tests;
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        in_tests |= *line == "mod tests {";
        let Some((code, comment)) = line.split_once("//") else { continue };
        let place = if !code.trim().is_empty() || comment.starts_with('!') {
            Place::Elsewhere
        } else if in_tests {
            if is_above_a_test(&lines[at..]) { Place::Test } else { Place::Elsewhere }
        } else if is_code {
            Place::Code
        } else {
            Place::Elsewhere
        };
        found.push((at + 1, place, comment));
    }
    found
}

/// Whether behind the comment with which these lines begin there is a test.
fn is_above_a_test(lines: &[&str]) -> bool {
    let mut behind = lines.iter().map(|line| line.trim()).skip_while(|line| line.starts_with("//"));
    behind.next().is_some_and(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

/// What one line of a comment says about rules.
fn mentions_in(comment: &str) -> Vec<Mention> {
    let lower = comment.to_ascii_lowercase();
    let mut found = Vec::new();
    for (at, word) in lower.match_indices("rule") {
        // A citation that is broken between two lines is none.
        let (before, after) = (&comment[..at], &comment[at + word.len()..]);
        let is_plural = after.starts_with('s');
        let after = after.strip_prefix('s').unwrap_or(after);
        let is_cut = after.trim().is_empty() && before.ends_with("OTP ");
        let is_numbered =
            after.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if is_cut || is_numbered {
            let range = before.strip_suffix("OTP ").filter(|before| !before.ends_with(char::is_alphanumeric));
            let range =
                range.filter(|_| comment[at..].starts_with(word)).and_then(|_| numbers(after, is_plural));
            found.push(range.map_or_else(|| Mention::Wrong(comment.to_owned()), Mention::Cited));
        }
    }
    found
}

/// One number, or two with a `to` between them.
fn numbers(text: &str, is_plural: bool) -> Option<RangeInclusive<u32>> {
    let mut words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    let from: u32 = words.next()?.parse().ok()?;
    let goes_on = words.next() == Some("to");
    match (is_plural, goes_on) {
        (true, true) => {
            let to = words.next()?.parse().ok()?;
            (from < to).then_some(from..=to)
        }
        (false, false) => Some(from..=from),
        (true, false) | (false, true) => None,
    }
}
