//! Pure: what a request has to bring to be let in.
//!
//! A web page of another origin can have a browser send requests to a port of this machine, and a name of its own can
//! lead there (DNS rebinding). The token keeps both out; that `Host` and `Origin` are looked at as well is a second
//! line.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue, ORIGIN};

use super::refusal::Refusal;
use super::token::Token;

/// What every request has to bring.
#[derive(Clone, Debug)]
pub(super) enum Admission {
    /// The system has said which user asks.
    Unix,
    Loopback {
        port: u16,
        token: Token,
    },
}

impl Admission {
    /// Whether a request is meant for this door, and comes from no page of another origin.
    pub(super) fn check_place(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match self {
            // No page can open a Unix socket. Something that forwards its requests must not lend it this user's rights.
            Self::Unix if headers.contains_key(ORIGIN) => Err(Refusal::ORIGIN),
            Self::Unix => Ok(()),
            Self::Loopback { port, .. } => {
                is_host_ours(headers, *port).then_some(()).ok_or(Refusal::HOST)?;
                is_origin_ours(headers, *port).then_some(()).ok_or(Refusal::ORIGIN)
            }
        }
    }

    /// Whether a request brings the secret, where one is needed.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match self {
            Self::Unix => Ok(()),
            Self::Loopback { token, .. } => brings(headers, token).then_some(()).ok_or(Refusal::TOKEN),
        }
    }
}

fn is_host_ours(headers: &HeaderMap, port: u16) -> bool {
    only(headers, HOST.as_str()).is_some_and(|host| is_this_machine(host.as_bytes(), port))
}

/// Programs that are no browsers send no origin.
fn is_origin_ours(headers: &HeaderMap, port: u16) -> bool {
    if !headers.contains_key(ORIGIN) {
        return true;
    }
    let origin = only(headers, ORIGIN.as_str()).map(HeaderValue::as_bytes);
    origin.and_then(|origin| origin.strip_prefix(b"http://")).is_some_and(|host| is_this_machine(host, port))
}

fn is_this_machine(host: &[u8], port: u16) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let Some((name, given)) = host.rsplit_once(':') else { return port == 80 && is_name_ours(host) };
    given.bytes().all(|digit| digit.is_ascii_digit()) && given.parse() == Ok(port) && is_name_ours(name)
}

fn is_name_ours(name: &str) -> bool {
    name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost")
}

fn brings(headers: &HeaderMap, token: &Token) -> bool {
    let Some(value) = only(headers, AUTHORIZATION.as_str()) else { return false };
    let Some((scheme, brought)) = value.as_bytes().split_at_checked("Bearer ".len()) else { return false };
    scheme.eq_ignore_ascii_case(b"Bearer ") && token.is(brought)
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef";

    fn answer(headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let admission = Admission::Loopback { port: 4321, token: Token::new(SECRET.to_owned()) };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = hyper::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, value.parse().unwrap());
        }
        admission.check_place(&map).and_then(|()| admission.check_token(&map))
    }

    #[test]
    fn a_request_of_this_machine_with_the_token_is_let_in() {
        let bearer = ("authorization", "Bearer 0123456789abcdef");

        assert_eq!(answer(&[("host", "127.0.0.1:4321"), bearer]), Ok(()));
        assert_eq!(
            answer(&[("host", "localhost:4321"), ("origin", "http://LOCALHOST:4321"), bearer]),
            Ok(())
        );
        assert_eq!(
            answer(&[("host", "localhost:4321"), ("authorization", "bearer 0123456789abcdef")]),
            Ok(())
        );
    }

    #[test]
    fn another_host_is_refused_also_with_the_token() {
        let bearer = ("authorization", "Bearer 0123456789abcdef");

        for host in [
            "evil.example:4321",
            "127.0.0.1:80",
            "127.0.0.1",
            "localhost:+4321",
            "",
            "[::1]:4321",
            "a@localhost:4321",
        ] {
            assert_eq!(answer(&[("host", host), bearer]), Err(Refusal::HOST), "{host}");
        }
        assert_eq!(answer(&[bearer]), Err(Refusal::HOST));
        assert_eq!(
            answer(&[("host", "localhost:4321"), ("host", "evil.example"), bearer]),
            Err(Refusal::HOST)
        );
    }

    #[test]
    fn another_origin_is_refused_also_with_the_token() {
        let (host, bearer) = (("host", "127.0.0.1:4321"), ("authorization", "Bearer 0123456789abcdef"));

        for origin in ["http://evil.example", "https://127.0.0.1:4321", "null", "http://127.0.0.1:4322", ""] {
            assert_eq!(answer(&[host, ("origin", origin), bearer]), Err(Refusal::ORIGIN), "{origin}");
        }
    }

    #[test]
    fn without_the_whole_token_a_request_is_refused() {
        let host = ("host", "127.0.0.1:4321");

        for value in
            ["Bearer 0123456789abcdeX", "Bearer 0123456789abcde", "Bearer", "Basic 0123456789abcdef", ""]
        {
            assert_eq!(answer(&[host, ("authorization", value)]), Err(Refusal::TOKEN), "{value}");
        }
        assert_eq!(answer(&[host]), Err(Refusal::TOKEN));
    }

    #[test]
    fn a_forwarded_page_is_refused_at_a_socket() {
        let mut headers = HeaderMap::new();
        assert_eq!(Admission::Unix.check_place(&headers), Ok(()));

        headers.insert(ORIGIN, HeaderValue::from_static("http://localhost"));

        assert_eq!(Admission::Unix.check_place(&headers), Err(Refusal::ORIGIN));
    }
}
