//! Sockets that the service manager has opened for this program (`sd_listen_fds(3)`).

use std::env;
use std::io;
use std::os::fd::{OwnedFd, RawFd};

use crate::{Init, sys};

/// The number of the first.
const FIRST: RawFd = 3;

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
        let count: usize =
            count.parse().map_err(|_| format!("LISTEN_FDS is {count:?}, which is no number"))?;
        let names = self.names.as_deref().map_or_else(Vec::new, |names| names.split(':').collect());
        // Without names there are only unknown ones.
        let names: Vec<_> = (0..count).map(|n| names.get(n).copied().unwrap_or("unknown")).collect();
        let mut places = (FIRST..).zip(&names).filter(|(_, known)| **known == name);
        let found = places.nth(behind).map(|(number, _)| number);
        found.ok_or_else(|| match behind {
            0 => format!("the service manager has opened none of this name, only {}", names.join(", ")),
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
    fn what_is_not_there_or_not_meant_for_this_program_is_said() {
        let own = [Some(7), None];
        for (activation, expected) in [
            (given("", "", ""), "no service manager has opened sockets for this program"),
            (given("8", "1", "web"), "the sockets of LISTEN_FDS are those of process 8"),
            (given("x", "1", "web"), "LISTEN_PID is \"x\", which is no process"),
            (given("7", "many", "web"), "LISTEN_FDS is \"many\", which is no number"),
            (given("7", "1", "admin"), "the service manager has opened none of this name, only admin"),
            // More names than sockets are no sockets.
            (given("7", "1", "admin:web"), "the service manager has opened none of this name, only admin"),
        ] {
            assert_eq!(activation.find("web", 0, &own).unwrap_err(), expected);
        }
        let twice = given("7", "1", "web").find("web", 1, &own).unwrap_err();
        assert_eq!(twice, "the service manager has opened 1 of this name and no more");
    }
}
