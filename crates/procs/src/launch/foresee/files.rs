//! Files that are not there now, or cannot be what they are to be.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use super::failure::{DescribedPart, ForeseenFailure};
use crate::launch::image;
use crate::listen_sockets::ListenAddress;
use crate::spec::{CgroupLimits, Command, Ready, ReadyCondition, Stdin};
use crate::warden::cgroup;

/// How long the path of a Unix socket may be, with the zero at its end.
const LONGEST_SOCKET: usize = size_of::<libc::sockaddr_un>() - size_of::<libc::sa_family_t>();

/// From where relative paths of a description count. `None` if that is not known, or not there.
pub(super) struct Base(Option<PathBuf>);

impl Base {
    /// The working directory, or what is wrong with it.
    pub(super) fn of(command: &Command) -> (Self, Option<ForeseenFailure>) {
        match directory(command) {
            Ok(directory) => (Self(directory), None),
            Err(reason) => (Self(None), Some(ForeseenFailure::possible(DescribedPart::Directory, reason))),
        }
    }

    /// Somewhere.
    pub(super) fn unknown() -> Self {
        Self(None)
    }

    pub(super) fn directory(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// A path, if it is known from where it counts.
    pub(super) fn join(&self, path: &Path) -> Option<PathBuf> {
        match &self.0 {
            Some(directory) => Some(directory.join(path)),
            None => path.is_absolute().then(|| path.to_owned()),
        }
    }
}

/// The command that a check runs, if it is one.
pub(super) fn command_of(ready: &Ready) -> Option<&[OsString]> {
    if let ReadyCondition::Command(argv) = &ready.condition { Some(argv) } else { None }
}

/// What is missing of a program's surroundings.
pub(super) fn foresee(command: &Command, base: &Base) -> Vec<ForeseenFailure> {
    let mut missing = Vec::new();
    let mut add = |about, reason: Option<String>| {
        missing.extend(reason.map(|reason| ForeseenFailure::possible(about, reason)));
    };
    if let Stdin::File(file) = &command.stdin {
        let file = base.join(file);
        add(DescribedPart::Stdin, file.and_then(|file| input(&file)));
    }
    if let Some(log) = &command.log {
        add(DescribedPart::LogFile, base.join(&log.path).and_then(|file| log_file(&file)));
    }
    add(DescribedPart::Cgroup, limit(&command.cgroup));
    missing
}

/// Why no Unix socket can be made at a place, if it is one of those.
pub(super) fn foresee_socket(
    about: DescribedPart,
    place: &ListenAddress,
    base: &Base,
) -> Option<ForeseenFailure> {
    let ListenAddress::Unix(path) = place else { return None };
    let path = base.join(path)?;
    if let Some(reason) = too_long(&path) {
        return Some(ForeseenFailure::certain(about, reason));
    }
    let reason = match fs::symlink_metadata(&path) {
        Ok(there) if !there.file_type().is_socket() => {
            Some(format!("`{}` is there and is no socket", path.display()))
        }
        Ok(_) | Err(_) => {
            no_room_for(&path).map(|why| format!("no socket can be made at `{}`: {why}", path.display()))
        }
    };
    reason.map(|reason| ForeseenFailure::possible(about, reason))
}

/// Why a check will find nothing at its path, if it looks at one.
pub(super) fn foresee_awaited(
    about: DescribedPart,
    condition: &ReadyCondition,
    base: &Base,
) -> Option<ForeseenFailure> {
    let path = match condition {
        ReadyCondition::Path(path) | ReadyCondition::Unix(path) => base.join(path)?,
        ReadyCondition::Line(_)
        | ReadyCondition::Tcp(_)
        | ReadyCondition::Http(_)
        | ReadyCondition::Command(_)
        | ReadyCondition::Notify
        | ReadyCondition::Completion
        | ReadyCondition::Descriptor(_)
        | ReadyCondition::Check(_) => return None,
    };
    if let (ReadyCondition::Unix(_), Some(reason)) = (condition, too_long(&path)) {
        return Some(ForeseenFailure::certain(about, reason));
    }
    let reason = no_directory(&path)?;
    Some(ForeseenFailure::possible(about, format!("`{}` cannot be there: {reason}", path.display())))
}

/// The directory in which the program begins, or what is wrong with it. `None` if it may not be looked at.
fn directory(command: &Command) -> Result<Option<PathBuf>, String> {
    let Some(directory) = &command.directory else { return Ok(Some(PathBuf::new())) };
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => {
            let entered = if is_ours(command) { access(directory, AccessFlags::X_OK) } else { Ok(()) };
            entered.map(|()| Some(directory.clone())).map_err(|error| forbidden(directory, &error))
        }
        Ok(_) => Err(format!("the working directory `{}` is no directory", directory.display())),
        Err(error) => match not_there("working directory", directory) {
            Some(reason) => Err(reason),
            None if is_ours(command) => Err(forbidden(directory, &error)),
            None => Ok(None),
        },
    }
}

fn forbidden(directory: &Path, error: &io::Error) -> String {
    format!("the working directory `{}` cannot be entered: {error}", directory.display())
}

/// Whether the process has this program's user, so that it may do with files what this program may.
pub(super) fn is_ours(command: &Command) -> bool {
    !command.attributes.names_an_identity()
}

/// Why a file cannot be the standard input. This program opens it, whatever user the process has.
fn input(file: &Path) -> Option<String> {
    not_there("standard input", file).or_else(|| {
        let why = match fs::metadata(file) {
            Ok(there) if there.is_dir() => "it is a directory".to_owned(),
            Ok(_) | Err(_) => access(file, AccessFlags::R_OK).err()?.to_string(),
        };
        Some(format!("the standard input `{}` cannot be opened: {why}", file.display()))
    })
}

/// Why a log file cannot be written.
fn log_file(file: &Path) -> Option<String> {
    let why = match fs::metadata(file) {
        Ok(there) if there.is_dir() => Some("it is a directory".to_owned()),
        Ok(_) => access(file, AccessFlags::W_OK).err().map(|error| error.to_string()),
        // If it is only that it cannot be looked at, there is nothing to say.
        Err(_) => no_room_for(file),
    };
    why.map(|why| format!("the log file `{}` cannot be opened: {why}", file.display()))
}

/// Why no file can be made at a path.
fn no_room_for(path: &Path) -> Option<String> {
    no_directory(path).or_else(|| {
        let directory = directory_of(path);
        let error = access(directory, AccessFlags::W_OK | AccessFlags::X_OK).err()?;
        // One that cannot be looked at may be otherwise.
        directory.exists().then(|| format!("no file can be made in `{}`: {error}", directory.display()))
    })
}

/// Says that a path has no directory.
fn no_directory(path: &Path) -> Option<String> {
    let directory = directory_of(path);
    if fs::metadata(directory).is_ok_and(|there| !there.is_dir()) {
        return Some(format!("`{}` is no directory", directory.display()));
    }
    not_there("directory", directory)
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Asks with the rights that this program acts with.
pub(super) fn access(path: &Path, how: AccessFlags) -> io::Result<()> {
    Ok(faccessat(AT_FDCWD, path, how, AtFlags::AT_EACCESS)?)
}

fn too_long(socket: &Path) -> Option<String> {
    let bytes = socket.as_os_str().as_bytes().len();
    (bytes >= LONGEST_SOCKET).then(|| {
        let most = LONGEST_SOCKET - 1;
        format!("the path of a socket has {most} bytes at most, and `{}` has {bytes}", socket.display())
    })
}

/// Says that a file is not there, or that its path leads to nothing. One that may not be looked at may be there.
fn not_there(what: &str, path: &Path) -> Option<String> {
    let error = fs::metadata(path).err()?;
    if image::is_no_path(&error) {
        return Some(format!("the {what} `{}` cannot be reached: {error}", path.display()));
    }
    image::is_absence(&error).then(|| format!("the {what} `{}` is not there", path.display()))
}

/// Says which limit of a cgroup cannot be set here, whatever rights this program has.
fn limit(limits: &CgroupLimits) -> Option<String> {
    if !limits.is_any() {
        return None;
    }
    let Some(place) = cgroup::place_for_children() else {
        return Some("limits of a cgroup need cgroups of version 2, and there are none".to_owned());
    };
    let known = fs::read_to_string(place.join("cgroup.controllers")).ok()?;
    let (name, controller) = limits
        .each()
        .map(CgroupLimits::name_of)
        .find(|(_, controller)| !known.split_ascii_whitespace().any(|one| one == *controller))?;
    Some(format!(
        "`{name}` cannot be set: the controller `{controller}` is not passed on to this program's cgroup"
    ))
}

/// Root is asked as another user, who may not do everything with files.
#[cfg(test)]
pub(super) fn as_an_ordinary_user<T: Send>(ask: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            // The rights to files are the thread's own.
            if nix::unistd::Uid::effective().is_root() {
                nix::unistd::setfsuid(nix::unistd::Uid::from_raw(65534));
            }
            ask()
        });
        other.join().expect("it does not panic")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn told(command: &Command) -> Vec<String> {
        let (base, missing) = Base::of(command);
        let failures = foresee(command, &base);
        assert!(!failures.iter().any(ForeseenFailure::is_certain), "it may be there when the time comes");
        missing.iter().chain(&failures).map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_plainly_missing_is_told() {
        let place = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        assert_eq!(told(&command), [""; 0]);

        command.directory = Some(place.path().join("nowhere"));
        assert!(told(&command)[0].ends_with("nowhere` is not there"));
        command.directory = Some(place.path().to_owned());
        command.stdin = Stdin::File("in".into());
        assert!(told(&command)[0].ends_with("in` is not there"));

        command.stdin = Stdin::File(place.path().to_owned());
        assert!(told(&command)[0].ends_with("` cannot be opened: it is a directory"));

        let link = place.path().join("link");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        let circle = io::Error::from_raw_os_error(libc::ELOOP).to_string();
        command.stdin = Stdin::File(link.clone());
        assert!(told(&command)[0].ends_with(&circle));
        command.directory = Some(link);
        assert!(told(&command)[0].ends_with(&circle));
    }

    #[test]
    fn what_this_programs_user_may_not_do_is_told_unless_the_process_has_another_one() {
        let place = tempfile::tempdir().unwrap();
        let (closed, input) = (place.path().join("closed"), place.path().join("in"));
        fs::create_dir(&closed).unwrap();
        fs::write(&input, "").unwrap();
        for (path, mode) in [(place.path(), 0o755), (&closed, 0), (&input, 0)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let of = |directory: &Path, user: Option<&str>| {
            let mut command = Command::new("sh");
            command.directory = Some(directory.to_owned());
            command.stdin = Stdin::File(input.clone());
            command.attributes.user = user.map(str::to_owned);
            as_an_ordinary_user(|| told(&command))
        };

        let denied = "Permission denied (os error 13)";
        let stdin = format!("the standard input `{}` cannot be opened: {denied}", input.display());
        for directory in [closed.clone(), closed.join("below")] {
            let reason =
                format!("the working directory `{}` cannot be entered: {denied}", directory.display());
            assert_eq!(of(&directory, None), [reason, stdin.clone()]);
            // This program opens it.
            assert_eq!(of(&directory, Some("nobody")), std::slice::from_ref(&stdin));
        }
    }

    #[test]
    fn a_log_file_that_cannot_be_opened_is_told_with_the_cause() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        let of = |file: &str| {
            let mut command = Command::new("sh");
            command.directory = Some(place.path().to_owned());
            command.log = Some(crate::LogFile::new(file));
            told(&command)
        };

        assert_eq!((of("file"), of("new")), (vec![], vec![]));
        let at = place.path().display();
        for (file, why) in [
            ("none/log", format!("the directory `{at}/none` is not there")),
            ("file/log", format!("`{at}/file` is no directory")),
            (".", "it is a directory".to_owned()),
        ] {
            let file_at = place.path().join(file);
            let expected = format!("the log file `{}` cannot be opened: {why}", file_at.display());
            assert_eq!(of(file), [expected], "{file}");
        }
    }

    #[test]
    fn a_socket_for_which_there_is_no_place_is_told() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "").unwrap();
        let base = Base(Some(place.path().to_owned()));
        let about = DescribedPart::Socket(0);
        let of = |path: &str| foresee_socket(about, &ListenAddress::Unix(path.into()), &base);
        let reason = |path: &str| of(path).unwrap().to_string();

        assert_eq!(of("socket"), None);
        assert!(reason("none/socket").ends_with("/none` is not there"));
        assert!(reason("file").ends_with("/file` is there and is no socket"));
        let long = "x".repeat(LONGEST_SOCKET);
        assert!(
            of(&long).unwrap().is_certain()
                && reason(&long).starts_with("the path of a socket has 107 bytes")
        );
    }

    #[test]
    fn a_path_that_a_check_looks_at_has_a_directory() {
        let place = tempfile::tempdir().unwrap();
        let base = Base(Some(place.path().to_owned()));
        let of = |condition| {
            let foreseen = foresee_awaited(DescribedPart::Ready, &condition, &base);
            foreseen.map(|it| (it.is_certain(), it.to_string()))
        };

        assert_eq!(of(ReadyCondition::Path("up".into())), None);
        for condition in [ReadyCondition::Path("none/up".into()), ReadyCondition::Unix("none/up".into())] {
            let (is_certain, reason) = of(condition).unwrap();
            assert!(!is_certain && reason.ends_with("/none` is not there"), "{reason}");
        }
        let long = PathBuf::from("x".repeat(LONGEST_SOCKET));
        assert!(of(ReadyCondition::Unix(long.clone())).unwrap().0);
        assert_eq!(of(ReadyCondition::Path(long)), None);
    }
}
