//! The HTTP request that says that a process is ready.

use std::ops::RangeInclusive;

use super::well_formed::{is_host, is_port};

/// A GET request, and which answer is expected: for [`Ready::http`](super::Ready::http).
///
/// Without [`status`](Self::status), any status from 200 to 299 will do. Redirects are not followed: they are an answer
/// with their own status. There is no TLS, and a URL with `https` is a mistake in the description of the tree.
///
/// # Examples
///
/// ```
/// use rootward_procs::{HttpGet, Process, Ready};
///
/// let get = HttpGet::new("http://127.0.0.1:8080/health").status(204).header("Host", "shop.example");
/// let shop = Process::new("shop").ready(Ready::http(get));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpGet {
    url: String,
    statuses: RangeInclusive<u16>,
    headers: Vec<(String, String)>,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HttpTarget {
    /// Host and port, to connect to.
    pub(crate) address: String,
    /// Host, and the port if the URL has one.
    authority: String,
    path: String,
}

impl HttpGet {
    /// A request to this URL (`http://host:port/path`). The port is 80 if the URL has none.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), statuses: 200..=299, headers: Vec::new() }
    }

    /// Expects this status and no other.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.statuses = status..=status;
        self
    }

    /// Adds a header to the request. `Host` replaces the one that is sent by itself.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Where it goes, as it was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn expects(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    /// What is wrong with it, in words that complete "`root/web`: …". `None` if it can be sent.
    ///
    /// A supervisor that is built asks for this itself; here is a way to ask before.
    pub fn problem(&self) -> Option<String> {
        let url = &self.url;
        if let Err(problem) = self.target() {
            return Some(format!("the URL {url:?} {problem}"));
        }
        if !(100..=599).contains(self.statuses.start()) {
            return Some(format!("{} is no HTTP status", self.statuses.start()));
        }
        let is_token =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        let is_value = |value: &str| !value.contains(['\r', '\n', '\0']);
        let wrong = self.headers.iter().find(|(name, value)| !is_token(name) || !is_value(value));
        wrong.map(|(name, value)| format!("the header {name:?} = {value:?} is not one that HTTP can send"))
    }

    /// Where it goes, or what is wrong with the URL.
    pub(crate) fn target(&self) -> Result<HttpTarget, &'static str> {
        if self.url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
            return Err(
                "asks for TLS, which these checks do not speak: take http, or a command such as curl",
            );
        }
        let is_http = self.url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let rest = is_http.then(|| &self.url[7..]).ok_or("does not begin with http://")?;
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has a character that has to be escaped");
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("has a user, which has to go into a header");
        }
        let port = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']'));
        let host = port.map_or(authority, |(host, _)| host);
        if host.is_empty() {
            return Err("has no host");
        }
        if port.is_some_and(|(_, port)| !is_port(port)) {
            return Err("has a port that is none");
        }
        if host.contains(':') && !host.starts_with('[') {
            return Err("has an IPv6 address without brackets");
        }
        if !is_host(host) {
            return Err("has a host that is none");
        }
        let address = if port.is_some() { authority.to_owned() } else { format!("{authority}:80") };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(HttpTarget { address, authority: authority.to_owned(), path })
    }

    /// The request as it is sent.
    pub(crate) fn request(&self, target: &HttpTarget) -> String {
        let mut request = format!("GET {} HTTP/1.1\r\n", target.path);
        let own = [("Host", target.authority.as_str()), ("User-Agent", "rootward"), ("Accept", "*/*")];
        let replaced = |name: &str| self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let own = own.into_iter().filter(|(name, _)| !replaced(name));
        let given = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(given) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("Connection: close\r\n\r\n");
        request
    }

    /// What is expected, in words.
    pub(super) fn describe(&self) -> String {
        let (first, last) = (self.statuses.start(), self.statuses.end());
        let status = if first == last { first.to_string() } else { format!("{first} to {last}") };
        format!("HTTP status {status} from {}", self.url)
    }
}

impl From<&str> for HttpGet {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for HttpGet {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_to_connect_and_what_to_ask_for() {
        let table = [
            ("http://localhost", "localhost:80", "localhost", "/"),
            ("HTTP://localhost:8080/health?deep=1#top", "localhost:8080", "localhost:8080", "/health?deep=1"),
            ("http://[::1]:8080/", "[::1]:8080", "[::1]:8080", "/"),
            ("http://[::1]", "[::1]:80", "[::1]", "/"),
            ("http://localhost?x", "localhost:80", "localhost", "/?x"),
        ];

        for (url, address, authority, path) in table {
            let expected =
                HttpTarget { address: address.into(), authority: authority.into(), path: path.into() };
            assert_eq!(HttpGet::new(url).target(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_request_is_said_in_words() {
        let table = [
            (HttpGet::new("https://localhost"), "asks for TLS"),
            (HttpGet::new("localhost:80"), "does not begin with http://"),
            (HttpGet::new("http://:80"), "has no host"),
            (HttpGet::new("http://h:80a/"), "has a port that is none"),
            (HttpGet::new("http://::1/"), "has an IPv6 address without brackets"),
            (HttpGet::new("http://[::1/"), "has a host that is none"),
            (HttpGet::new("http://256.1.1.1/"), "has a host that is none"),
            (HttpGet::new("http://a..b:80/"), "has a host that is none"),
            (HttpGet::new("http://http://h/"), "has a port that is none"),
            (HttpGet::new("http://me@h/"), "has a user"),
            (HttpGet::new("http://h/a b"), "has to be escaped"),
            (HttpGet::new("http://h").status(7), "7 is no HTTP status"),
            (HttpGet::new("http://h").header("a b", "c"), "is not one that HTTP can send"),
            (HttpGet::new("http://h").header("a", "c\r\nd: e"), "is not one that HTTP can send"),
        ];

        for (get, problem) in table {
            let found = get.problem().unwrap_or_default();
            assert!(found.contains(problem), "{get:?}: {found}");
        }
        assert_eq!(HttpGet::new("http://h").problem(), None);
    }

    #[test]
    fn a_header_that_is_given_takes_the_place_of_one_that_is_sent_by_itself() {
        let get = HttpGet::new("http://h:1/x").header("host", "shop");

        let request = get.request(&get.target().unwrap());

        assert!(request.starts_with("GET /x HTTP/1.1\r\n") && request.ends_with("\r\n\r\n"), "{request}");
        assert!(request.contains("host: shop\r\n") && !request.contains("Host: "), "{request}");
    }
}
