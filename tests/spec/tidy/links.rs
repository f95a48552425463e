//! Every link of a page leads to a page that is there, and to a section of it if it names one.

use std::fs;
use std::path::Path;

use super::language::pages;
use super::sources::workspace;

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut dead = Vec::new();
    let mut links = 0;
    for page in pages() {
        let text = fs::read_to_string(workspace().join(&page)).expect("a page can be read");
        for target in links_in(&text) {
            links += 1;
            if !is_there(&page, target) {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }

    assert!(links > 100, "they are found: {links}");
    assert!(dead.is_empty(), "these links lead nowhere: {dead:#?}");
}

#[test]
fn a_section_is_a_heading_as_it_is_linked() {
    assert_eq!(anchor_of("## A web server"), Some("a-web-server".to_owned()));
    assert_eq!(anchor_of("### `run` and `run_async`, or not"), Some("run-and-run_async-or-not".to_owned()));
    assert_eq!(anchor_of("no heading"), None);
}

#[test]
fn links_are_found_outside_of_code() {
    let text = "a [b](c.md#d) and ![e](f.svg)\n```\n[no](code)\n```\n`[no](code)` [g](https://h)\n";

    assert_eq!(links_in(text), ["c.md#d", "f.svg"]);
}

/// The links of a page that lead to this workspace.
fn links_in(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split(')').next().unwrap_or_default();
            let is_quoted = line[..at].matches('`').count() % 2 == 1;
            if !is_quoted && !target.contains("://") && !target.is_empty() {
                found.push(target);
            }
        }
    }
    found
}

/// Whether a link of this page, which stands below the workspace, leads to a file, and to a heading in it.
pub(super) fn is_there(page: &Path, target: &str) -> bool {
    let (file, section) = target.split_once('#').unwrap_or((target, ""));
    let page = workspace().join(page);
    let linked = match file {
        "" => page,
        file => page.parent().unwrap_or(Path::new("")).join(file),
    };
    if section.is_empty() {
        return linked.exists();
    }
    let Ok(text) = fs::read_to_string(linked) else { return false };
    text.lines().filter_map(anchor_of).any(|anchor| anchor == *section)
}

/// The anchor of a heading, as pages are linked on GitHub.
fn anchor_of(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect())
}
