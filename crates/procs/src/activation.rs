//! Sockets that the service manager has opened for this program (`sd_listen_fds(3)`).

use std::env;
use std::io;
use std::os::fd::{OwnedFd, RawFd};

use crate::{Init, sys};

/// The number of the first.
const FIRST: RawFd = 3;

/// So many there can be at most: their numbers are those of descriptors.
const MOST: usize = (RawFd::MAX - FIRST) as usize;

/// What a socket without a name is called.
const UNKNOWN: &str = "unknown";

/// What the environment says of them.
#[derive(Debug, Default)]
struct Activation {
    pid: Option<String>,
    count: Option<String>,
    names: Option<String>,
}

/// A socket of this name. Of several with the same name it is the one behind so many others.
///
/// # Errors
///
/// If there is none, or its descriptor is not open.
pub(crate) fn socket(name: &str, behind: usize) -> io::Result<OwnedFd> {
    let own = [Some(std::process::id()), Init::above().map(|init| init.pid())];
    let variable = |name| env::var(name).ok();
    let (pid, count, names) = (variable("LISTEN_PID"), variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"));
    let number = Activation { pid, count, names }.find(name, behind, &own).map_err(io::Error::other)?;
    sys::copy_of(number)
}

impl Activation {
    /// The number of a socket, or why there is none. The processes are those that the service manager may mean: this
    /// one, and the init above it.
    fn find(&self, name: &str, behind: usize, own: &[Option<u32>]) -> Result<RawFd, String> {
        let (Some(pid), Some(count)) = (&self.pid, &self.count) else {
            return Err("no service manager has opened sockets for this program".to_owned());
        };
        let pid: u32 = pid.parse().map_err(|_| format!("LISTEN_PID is {pid:?}, which is no process"))?;
        if !own.contains(&Some(pid)) {
            return Err(format!("the sockets of LISTEN_FDS are those of process {pid}"));
        }
        let parsed = count.parse().ok().filter(|count| *count <= MOST);
        let count: usize =
            parsed.ok_or_else(|| format!("LISTEN_FDS is {count:?}, which is no number of descriptors"))?;
        let names = self.names.as_deref().map_or_else(Vec::new, |names| names.split(':').collect());
        let named = names.into_iter().take(count);
        // The others are unknown. They are not gone through, because the environment may say any number.
        let unknown = count - named.len();
        let places: Vec<_> = (0..).zip(named.clone()).filter(|(_, known)| *known == name).collect();
        let found = match behind.checked_sub(places.len()) {
            None => places.get(behind).map(|(place, _)| *place),
            Some(rest) => (name == UNKNOWN && rest < unknown).then(|| named.len() + rest),
        };
        let number = found.and_then(|place| FIRST.checked_add(RawFd::try_from(place).ok()?));
        number.ok_or_else(|| match behind {
            0 => {
                let unknown = std::iter::repeat_n(UNKNOWN, unknown.min(1));
                let all: Vec<_> = named.chain(unknown).collect();
                format!("the service manager has opened none of this name, only {}", all.join(", "))
            }
            _ => format!("the service manager has opened {behind} of this name and no more"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pid: &str, count: &str, names: &str) -> Activation {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Activation { pid: some(pid), count: some(count), names: some(names) }
    }

    #[test]
    fn sockets_are_found_by_name_and_place_if_they_are_meant_for_this_program_or_its_init() {
        let own = [Some(7), Some(6)];
        for pid in ["7", "6"] {
            let activation = given(pid, "3", "web:admin:web");

            assert_eq!(activation.find("web", 0, &own), Ok(3));
            assert_eq!(activation.find("admin", 0, &own), Ok(4));
            assert_eq!(activation.find("web", 1, &own), Ok(5));
        }
        assert_eq!(given("7", "2", "").find("unknown", 1, &own), Ok(4));
    }

    #[test]
    fn sockets_without_a_name_are_found_by_their_place_however_many_there_are_said_to_be() {
        let own = [Some(7), None];
        let most = given("7", "2147483644", "unknown:web:unknown");

        assert_eq!(most.find("web", 0, &own), Ok(4));
        assert_eq!(most.find("unknown", 1, &own), Ok(5));
        assert_eq!(most.find("unknown", 2, &own), Ok(6));
        assert_eq!(most.find("unknown", 2_147_483_642, &own), Ok(i32::MAX - 1));
        assert!(most.find("unknown", 2_147_483_643, &own).is_err());
        let expected =
            "the service manager has opened none of this name, only unknown, web, unknown, unknown";
        assert_eq!(most.find("admin", 0, &own).unwrap_err(), expected);
    }

    #[test]
    fn what_is_not_there_or_not_meant_for_this_program_is_said() {
        let own = [Some(7), None];
        for (activation, expected) in [
            (given("", "", ""), "no service manager has opened sockets for this program"),
            (given("8", "1", "web"), "the sockets of LISTEN_FDS are those of process 8"),
            (given("x", "1", "web"), "LISTEN_PID is \"x\", which is no process"),
            (given("7", "many", "web"), "LISTEN_FDS is \"many\", which is no number of descriptors"),
            (given("7", "1", "admin"), "the service manager has opened none of this name, only admin"),
            // More names than sockets are no sockets.
            (given("7", "1", "admin:web"), "the service manager has opened none of this name, only admin"),
        ] {
            assert_eq!(activation.find("web", 0, &own).unwrap_err(), expected);
        }
        for count in ["2147483645", "18446744073709551615", "-1"] {
            let error = given("7", count, "web").find("web", 0, &own).unwrap_err();
            assert_eq!(error, format!("LISTEN_FDS is {count:?}, which is no number of descriptors"));
        }
        let twice = given("7", "1", "web").find("web", 1, &own).unwrap_err();
        assert_eq!(twice, "the service manager has opened 1 of this name and no more");
    }
}
