//! The page that the door serves to a browser: what is sent, and what it may do there. `tests/page` shows it in one.

use rootward_observer::Door;

use crate::client::Place;
use crate::given::{given, given_at_a_port};

/// How large the page may become before it is asked why.
const MOST: usize = 96 * 1024;

/// An answer that is no JSON: its head in lower case, and its body.
async fn ask(place: &Place, what: &str, headers: &str) -> (String, String) {
    let mut client = place.connect().await;
    client.say(&format!("{what} HTTP/1.1\r\n{headers}connection: close\r\n\r\n")).await;
    let text = client.rest().await;
    let (head, body) = text.split_once("\r\n\r\n").expect("there is an answer");
    (head.to_ascii_lowercase(), body.to_owned())
}

/// The head and the text of the page, as a browser without a token asks for it.
async fn page() -> (String, String) {
    let given = given_at_a_port().await;
    let Place::Port(address) = &given.place else { panic!("it is at a port") };
    ask(&given.place, "GET /", &format!("host: {address}\r\n")).await
}

/// What stands between the quotes behind a word.
fn quoted<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    text.split(word).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_sent_without_the_token_and_has_nothing_of_the_tree_in_it() {
    let (head, body) = page().await;

    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
    assert!(body.starts_with("<!doctype html>") && body.trim_end().ends_with("</html>"));
    assert!(!body.contains("goes along") && !body.contains(crate::given::TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_refused_to_another_host_and_to_a_page_of_another_origin() {
    let given = given_at_a_port().await;
    let Place::Port(address) = &given.place else { panic!("it is at a port") };

    for (headers, code) in [
        ("host: evil.example\r\n".to_owned(), "host"),
        (String::new(), "host"),
        (format!("host: {address}\r\norigin: http://evil.example\r\n"), "origin"),
    ] {
        let (head, body) = ask(&given.place, "GET /", &headers).await;
        assert!(head.starts_with("http/1.1 40") && body.contains(&format!("\"code\":\"{code}\"")), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_its_own_scripts_run_and_they_reach_nothing_but_the_door() {
    let (head, body) = page().await;

    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert_eq!(nonce.len(), 64);
    let wanted = [
        "default-src 'none'".to_owned(),
        format!("script-src 'nonce-{nonce}'"),
        format!("style-src 'nonce-{nonce}'"),
        "connect-src 'self'".to_owned(),
        "img-src data:".to_owned(),
        "base-uri 'none'".to_owned(),
        "form-action 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
        "require-trusted-types-for 'script'".to_owned(),
        "trusted-types 'none'".to_owned(),
    ];
    assert_eq!(policy.split("; ").collect::<Vec<_>>(), wanted);
    for header in [
        "x-frame-options: deny",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    assert_eq!(quoted(&body, "nonce=\""), [nonce, nonce], "one for the styles, and one for the scripts");
    assert!(!head.contains("access-control") && !head.contains("set-cookie"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_has_a_nonce_of_its_own() {
    let given = given_at_a_port().await;
    let headers = given.place.headers();

    let (_, one) = ask(&given.place, "GET /", &headers).await;
    let (_, other) = ask(&given.place, "GET /", &headers).await;

    assert_ne!(quoted(&one, "nonce=\"")[0], quoted(&other, "nonce=\"")[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_the_page_comes_from_elsewhere_or_makes_text_into_elements() {
    let (_, body) = page().await;

    let addresses: Vec<_> = body.match_indices("://").map(|(at, _)| &body[at.saturating_sub(5)..]).collect();
    let is_name = |rest: &&str| rest.contains("://www.w3.org/2000/svg");
    assert!(addresses.iter().all(|rest| is_name(&&rest[..40.min(rest.len())])), "an address elsewhere");
    assert!(!body.contains("src=\"") && !body.contains("@import") && !body.contains("url("));
    for word in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "setHTML"]
    {
        assert!(!body.contains(word), "{word}");
    }
    for attribute in [" onclick=", " onload=", " onerror=", " oninput=", " onsubmit=", " style="] {
        assert!(!body.contains(attribute), "{attribute}");
    }
    assert_eq!((body.matches("<script").count(), body.matches("</script").count()), (1, 1));
    assert_eq!((body.matches("<style").count(), body.matches("</style").count()), (1, 1));
    let is_filled = ["{nonce}", "{style}", "{script}"].iter().all(|place| !body.contains(place));
    assert!(is_filled, "nothing is left out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_small() {
    let (_, body) = page().await;

    println!("the page has {} bytes", body.len());
    assert!(body.len() < MOST, "the page has {} bytes", body.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_of_the_page_can_be_asked_for_and_nothing_can_be_sent_to_it() {
    let given = given_at_a_port().await;
    let headers = given.place.headers();

    let (head, body) = ask(&given.place, "HEAD /", &headers).await;
    let (refused, _) = ask(&given.place, "POST /", &headers).await;
    let (loaded, _) = ask(&given.place, "GET /", &format!("{headers}content-length: 3\r\n")).await;

    assert!(head.starts_with("http/1.1 200 ") && body.is_empty(), "{head}");
    assert!(head.contains("content-security-policy: ") && head.contains("content-length: "), "{head}");
    assert!(refused.starts_with("http/1.1 405 "), "{refused}");
    assert!(loaded.starts_with("http/1.1 413 "), "{loaded}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_at_a_socket_as_well_for_what_forwards_it() {
    let given = given(|door| door).await;

    let (head, body) = ask(&given.place, "GET /", "host: localhost:8080\r\n").await;

    assert!(head.starts_with("http/1.1 200 ") && body.contains("role=\"tree\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_says_whether_control_is_allowed_and_what_the_time_is() {
    let (looks, steers) = (given(|door| door).await, given(Door::allow_control).await);

    for (given, control) in [(looks, false), (steers, true)] {
        let snapshot = given.place.ask("GET /snapshot").await.body;
        assert_eq!(snapshot["door"]["control"], control);
        assert!(snapshot["door"]["now"].as_f64() >= snapshot["at"].as_f64());
        let later = given.place.ask("GET /snapshot").await.body;
        assert!(
            later["door"]["now"].as_f64() > snapshot["door"]["now"].as_f64(),
            "it goes on without events"
        );
        assert_eq!(later["at"], snapshot["at"]);
    }
}
