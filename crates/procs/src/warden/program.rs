//! The warden as a program of its own: where it is found, and how it is started. What is said to it stands elsewhere.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::sys::{self, Program, Session, Texts};

/// The program that can be the warden of programs whose `main` comes too late.
pub(super) const NAME: &str = "rootward-warden";

/// The program, if it is next to this one or in `PATH`.
pub(super) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    places(env::current_exe().ok(), &path).find(|program| program.is_file())
}

/// Where the program may be. Never in the current directory, which anything could have put it into: of the
/// directories in `PATH` those that are empty or relative are passed over.
fn places(own: Option<PathBuf>, path: &OsStr) -> impl Iterator<Item = PathBuf> {
    let beside = own.into_iter().map(|own| own.with_file_name(NAME));
    let in_path = env::split_paths(path).map(|directory| directory.join(NAME));
    beside.chain(in_path).filter(|program| program.is_absolute())
}

/// The program `rootward-warden` with its end of the conversation.
pub(super) fn image_of(program: &Path, socket: OwnedFd) -> io::Result<Program> {
    let path = std::ffi::CString::new(std::os::unix::ffi::OsStrExt::as_bytes(program.as_os_str()))?;
    Ok(Program {
        candidates: [path.as_c_str()].into_iter().collect(),
        argv: [path.as_c_str()].into_iter().collect(),
        env: Texts::default(),
        directory: None,
        stdio: [Some(above_stdio(socket)?), None, None],
        extra: Vec::new(),
        pid_variable: None,
        session: Session::Own,
        inherited: Vec::new(),
    })
}

/// This program itself, executed once more to be the warden, with its end of the conversation. It need not be in its
/// place any more.
pub(super) fn image_of_itself(socket: OwnedFd) -> io::Result<Program> {
    let variable = format!("{}=1", sys::VARIABLE.to_string_lossy());
    let variable = std::ffi::CString::new(variable)?;
    Ok(Program {
        candidates: [c"/proc/self/exe"].into_iter().collect(),
        argv: [c"rootward-warden"].into_iter().collect(),
        env: [variable.as_c_str()].into_iter().collect(),
        directory: None,
        stdio: [Some(above_stdio(socket)?), None, None],
        extra: Vec::new(),
        pid_variable: None,
        session: Session::Own,
        inherited: Vec::new(),
    })
}

fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    // The standard library never duplicates to one of the first three.
    if std::os::fd::AsRawFd::as_raw_fd(&fd) > 2 { Ok(fd) } else { fd.try_clone() }
}

/// Starts the warden's program, from a thread that waits for nothing else.
pub(super) fn start(image: Program) -> io::Result<(i32, OwnedFd)> {
    // The warden forgets at once that it should die with the thread that has started it, so that the thread waits for
    // the first word only, which is the caller's business: it is the caller's thread.
    match sys::spawn(&image, &mut sys::Stack::new()) {
        Ok(spawned) => Ok((spawned.pid, spawned.pidfd)),
        Err(failure) => Err(failure.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_looked_for_beside_this_one_and_in_absolute_directories_and_nowhere_else() {
        let all = |own: Option<&str>, path: &str| -> Vec<PathBuf> {
            places(own.map(PathBuf::from), OsStr::new(path)).collect()
        };
        let found = |places: &[&str]| -> Vec<PathBuf> {
            places.iter().map(|place| Path::new(place).join("rootward-warden")).collect()
        };

        assert_eq!(all(Some("/opt/it/program"), "/usr/bin:/bin"), found(&["/opt/it", "/usr/bin", "/bin"]));
        assert_eq!(all(None, ":/bin::.:bin:../bin:"), found(&["/bin"]));
        assert_eq!(all(None, ""), found(&[]));
        assert_eq!(all(Some("program"), "."), found(&[]));
    }
}
