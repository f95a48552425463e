//! Sockets at which the demo, or the service manager, listens for a process: `listen`.

use rootward::process::{Process, Socket};

use super::error::{FileError, Problem};
use super::ready::read_address;
use super::section::{Field, Keys};

const SOCKET: Keys = Keys { of: "a socket", known: &["tcp", "udp", "unix", "systemd", "name"], not_yet: &[] };

const WAYS: [&str; 4] = ["tcp", "udp", "unix", "systemd"];

pub(super) fn read(field: &Field<'_>) -> Result<Vec<Socket>, FileError> {
    field.list()?.iter().map(read_socket).collect()
}

fn read_socket(field: &Field<'_>) -> Result<Socket, FileError> {
    let section = field.section(&SOCKET)?;
    let found: Vec<_> = WAYS.iter().filter_map(|way| Some((*way, section.field(way)?))).collect();
    let [(way, value)] = &found[..] else {
        return Err(field.error(Problem::NotOneSocket { ways: &WAYS, found: found.len() }));
    };
    let socket = match *way {
        "tcp" => Socket::tcp(read_place(value)?),
        "udp" => Socket::udp(read_place(value)?),
        "systemd" => named(value, Socket::from_env(value.text()?))?,
        _ => Socket::unix(value.system_text()?),
    };
    match section.field("name") {
        Some(name) => named(&name, socket.name(name.text()?)),
        None => Ok(socket),
    }
}

/// A socket whose name stands in this field. The library says which names there are.
fn named(name: &Field<'_>, socket: Socket) -> Result<Socket, FileError> {
    match Process::new("program").listen(socket.clone()).problem() {
        Some(problem) => Err(name.error(Problem::Process { problem })),
        None => Ok(socket),
    }
}

/// An address at which clients find the process.
fn read_place(field: &Field<'_>) -> Result<String, FileError> {
    if field.text().is_ok_and(|text| text.rsplit_once(':').is_some_and(|(_, port)| port == "0")) {
        return Err(field.error(Problem::AnyPort));
    }
    read_address(field)
}
