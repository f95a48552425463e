//! Pure: what a request asks for.

use hyper::header::HeaderName;
use hyper::{HeaderMap, Method, Uri};

use super::refusal::Refusal;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// What a browser shows.
    Page,
    Snapshot {
        /// Whether what each process uses is to be in it.
        usage: bool,
    },
    /// Events after this one, or from now on.
    Events {
        since: Option<u64>,
    },
    Why(String),
    Usage(String),
    Control(ControlRequest),
}

/// What is to be done to the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ControlRequest {
    Stop,
    Force,
    Terminate(String),
    Start(String),
    Restart(String),
    /// Sends a signal, by its name, to a process.
    Signal {
        signal: String,
        path: String,
    },
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

impl Route {
    pub(super) fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let path = uri.path().strip_prefix('/').ok_or(Refusal::ROUTE)?;
        let (name, child) = path.split_once('/').map_or((path, None), |(name, child)| (name, Some(child)));
        let child = || child.and_then(decoded).filter(|child| !child.is_empty()).ok_or(Refusal::ROUTE);
        let is_whole = !path.contains('/');
        let (route, asked_by) = match name {
            "" if is_whole && *method == Method::HEAD => (Self::Page, Method::HEAD),
            "" if is_whole => (Self::Page, Method::GET),
            "snapshot" if is_whole => (Self::Snapshot { usage: wants_usage(uri)? }, Method::GET),
            "events" if is_whole => (Self::Events { since: since(uri, headers)? }, Method::GET),
            "why" => (Self::Why(child()?), Method::GET),
            "usage" => (Self::Usage(child()?), Method::GET),
            "stop" if is_whole => (Self::Control(ControlRequest::Stop), Method::POST),
            "force" if is_whole => (Self::Control(ControlRequest::Force), Method::POST),
            "terminate" => (Self::Control(ControlRequest::Terminate(child()?)), Method::POST),
            "start" => (Self::Control(ControlRequest::Start(child()?)), Method::POST),
            "restart" => (Self::Control(ControlRequest::Restart(child()?)), Method::POST),
            "signal" => {
                let wanted = child()?;
                let (signal, path) = wanted.split_once('/').ok_or(Refusal::ROUTE)?;
                let (signal, path) = (signal.to_owned(), path.to_owned());
                (Self::Control(ControlRequest::Signal { signal, path }), Method::POST)
            }
            _ => return Err(Refusal::ROUTE),
        };
        if *method == asked_by { Ok(route) } else { Err(Refusal::METHOD) }
    }
}

fn wants_usage(uri: &Uri) -> Result<bool, Refusal> {
    match value_of(uri, "usage") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Refusal::USAGE),
    }
}

/// What the query says of this name last.
fn value_of<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
}

/// A watcher that connects again says with `Last-Event-ID` how far it has come, which is more than `since` then.
fn since(uri: &Uri, headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let asked = value_of(uri, "since");
    let last =
        headers.get(LAST_EVENT_ID).map(|last| last.to_str().map_err(|_| Refusal::NUMBER)).transpose()?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| Refusal::NUMBER);
    last.or(asked).map(number).transpose()
}

/// The text that stands behind the percent signs.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => 16 * hex(rest.next()?)? + hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &Method, uri: &str) -> Result<Route, Refusal> {
        Route::of(method, &uri.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn what_is_asked_for_is_said_by_method_and_path() {
        let (get, post) = (Method::GET, Method::POST);

        assert_eq!(route(&get, "/"), Ok(Route::Page));
        assert_eq!(route(&Method::HEAD, "/"), Ok(Route::Page));
        assert_eq!(route(&get, "/snapshot"), Ok(Route::Snapshot { usage: false }));
        assert_eq!(route(&get, "/snapshot?usage=false"), Ok(Route::Snapshot { usage: false }));
        assert_eq!(route(&get, "/snapshot?x=1&usage=true"), Ok(Route::Snapshot { usage: true }));
        assert_eq!(route(&get, "/events"), Ok(Route::Events { since: None }));
        assert_eq!(route(&get, "/events?x=1&since=17"), Ok(Route::Events { since: Some(17) }));
        assert_eq!(route(&get, "/why/root/a%20%C3%BC"), Ok(Route::Why("root/a ü".to_owned())));
        assert_eq!(route(&get, "/usage/root/a"), Ok(Route::Usage("root/a".to_owned())));
        assert_eq!(route(&post, "/stop"), Ok(Route::Control(ControlRequest::Stop)));
        let (signal, path) = ("SIGHUP".to_owned(), "root/a".to_owned());
        assert_eq!(
            route(&post, "/signal/SIGHUP/root/a"),
            Ok(Route::Control(ControlRequest::Signal { signal, path }))
        );
        assert_eq!(
            route(&post, "/restart/root/a"),
            Ok(Route::Control(ControlRequest::Restart("root/a".to_owned())))
        );
    }

    #[test]
    fn everything_else_is_refused() {
        let (get, post) = (Method::GET, Method::POST);

        for uri in [
            "//",
            "/snapshot/",
            "/why",
            "/usage",
            "/why/",
            "/why/%",
            "/why/%zz",
            "/why/%ff",
            "/stop/root",
            "/x",
            "/restart",
            "/signal",
            "/signal/SIGHUP",
        ] {
            let method = if uri.starts_with("/s") && uri != "/snapshot/" { &post } else { &get };
            assert_eq!(route(method, uri), Err(Refusal::ROUTE), "{uri}");
        }
        assert_eq!(route(&post, "/snapshot"), Err(Refusal::METHOD));
        assert_eq!(route(&post, "/"), Err(Refusal::METHOD));
        assert_eq!(route(&get, "/stop"), Err(Refusal::METHOD), "no link and no picture stops a tree");
        for since in ["-1", "x", "", "99999999999999999999"] {
            assert_eq!(route(&get, &format!("/events?since={since}")), Err(Refusal::NUMBER), "{since}");
        }
        for usage in ["", "1", "True", "true%20"] {
            assert_eq!(route(&get, &format!("/snapshot?usage={usage}")), Err(Refusal::USAGE), "{usage}");
        }
    }

    #[test]
    fn a_watcher_that_comes_back_says_how_far_it_has_come() {
        let mut headers = HeaderMap::new();
        headers.insert(LAST_EVENT_ID, "9".parse().unwrap());

        let route = Route::of(&Method::GET, &"/events?since=4".parse().unwrap(), &headers);

        assert_eq!(route, Ok(Route::Events { since: Some(9) }));
    }
}
