//! What would keep a program from being started now, as far as the system tells without a start.
//!
//! Nothing is certain here: another child may make a file first, and the program may run elsewhere. So only what is
//! plainly missing is told, and nothing that depends on variables or on another user's rights.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::{cause, image};
use crate::spec::{CgroupLimits, Command, HealthCheck, Process, Ready, ReadyCondition, Stdin, has_variable};
use crate::warden::cgroup;

impl Process {
    /// What would keep the process, its stop command or a command that says that it is ready or healthy from being
    /// started now, a sentence each: a program, an interpreter, a directory or an environment file that is not there, a
    /// file that cannot be executed, a limit for which there is no cgroup controller.
    ///
    /// None of it is a mistake in the description: it may be there when the time comes. What depends on variables or on
    /// the rights of another user is not told. This reads the file system, and starts nothing.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = foresee(self.command());
        let ready = self.readiness().and_then(command_of);
        let health = self.get_health().and_then(|health| match &health.how {
            HealthCheck::Look(ready) => command_of(ready),
            HealthCheck::Watchdog(_) => None,
        });
        let beside =
            [(self.get_stop_command(), "stop command"), (ready, "readiness check"), (health, "health check")];
        for (argv, what) in beside {
            let missing = argv.and_then(|argv| foresee_sibling(self.sibling(argv).command()));
            warnings.extend(missing.map(|missing| format!("its {what}: {missing}")));
        }
        warnings
    }
}

/// The command that a check runs, if it is one.
fn command_of(ready: &Ready) -> Option<&[OsString]> {
    if let ReadyCondition::Command(argv) = &ready.condition { Some(argv) } else { None }
}

/// What is missing, a sentence each.
fn foresee(command: &Command) -> Vec<String> {
    let mut missing = Vec::new();
    let is_known = |text: &std::ffi::OsStr| !command.expands || !has_variable(text);
    let Some(directory) = directory(command, &mut missing) else { return missing };
    if is_known(&command.program) {
        missing.extend(program(command, &directory));
    }
    for file in &command.env_files {
        missing.extend(not_there("environment file", &command.resolve(file)));
    }
    if let Stdin::File(file) = &command.stdin {
        missing.extend(not_there("standard input", &command.resolve(file)));
    }
    missing.extend(limit(&command.cgroup));
    missing
}

/// What is missing of a command that runs beside a process.
fn foresee_sibling(command: &Command) -> Option<String> {
    let is_known = !command.expands || !has_variable(&command.program);
    let directory = directory(command, &mut Vec::new()).filter(|_| is_known)?;
    program(command, &directory)
}

/// The directory in which the program begins, if that is known and there.
fn directory(command: &Command, missing: &mut Vec<String>) -> Option<PathBuf> {
    let Some(directory) = &command.directory else { return Some(PathBuf::new()) };
    if command.expands && has_variable(directory.as_os_str()) {
        return None;
    }
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => return Some(directory.clone()),
        Ok(_) => missing.push(format!("the working directory `{}` is no directory", directory.display())),
        Err(_) => missing.extend(not_there("working directory", directory)),
    }
    None
}

fn program(command: &Command, directory: &Path) -> Option<String> {
    let name = Path::new(&command.program).display();
    let Some(found) = image::found(command) else {
        // One that cannot be looked at may be there.
        return image::is_missing(command).then(|| format!("the program `{name}` was not found"));
    };
    if let Some(interpreter) = cause::interpreter_of(&found) {
        if interpreter.is_absolute() && image::is_not_there(&directory.join(&interpreter)) {
            let about = cause::about_interpreter(&interpreter);
            return Some(format!("the interpreter {interpreter:?} of `{name}` was not found{about}"));
        }
    }
    // Which others may do what is not asked: the process may have another user.
    cause::reason(&found, libc::EACCES).map(|reason| format!("`{name}` is not executable, {reason}"))
}

/// Says that a file is not there. One that cannot be looked at may be.
fn not_there(what: &str, path: &Path) -> Option<String> {
    image::is_not_there(path).then(|| format!("the {what} `{}` is not there", path.display()))
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_plainly_missing_is_told() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::write(path("script"), "#!/no/such/interpreter\r\n").unwrap();
        fs::write(path("plain"), "#!/bin/sh\n").unwrap();
        for (name, mode) in [("script", 0o755), ("plain", 0o644)] {
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let of = |program: &str| foresee(&Command::new(path(program)));

        // The directories of the test's own PATH may be some that its user may not search.
        let mut nowhere = Command::new("no-such-program");
        nowhere.env.insert("PATH".into(), Some("/bin:/usr/bin".into()));

        assert_eq!(foresee(&Command::new("sh")), [""; 0]);
        assert_eq!(foresee(&nowhere), ["the program `no-such-program` was not found"]);
        assert!(
            of("script")[0].contains("\"/no/such/interpreter\\r\"")
                && of("script")[0].ends_with("carriage return")
        );
        assert!(of("plain")[0].ends_with("is not executable, it has no permission to be executed"));
        let mut command = Command::new("sh");
        command.directory = Some(path("nowhere"));
        assert!(foresee(&command)[0].ends_with("nowhere` is not there"));
        command.directory = Some(place.path().to_owned());
        (command.env_files, command.stdin) = (vec!["env".into()], Stdin::File("in".into()));
        assert_eq!(foresee(&command).len(), 2);
    }

    /// A link to itself cannot be followed, whatever rights the test has. So it is with a directory that may not be
    /// searched.
    #[test]
    fn what_cannot_be_looked_at_is_not_told() {
        let place = tempfile::tempdir().unwrap();
        let (link, script) = (place.path().join("link"), place.path().join("script"));
        std::os::unix::fs::symlink(&link, &link).unwrap();
        fs::write(&script, format!("#!{}/interpreter\n", link.display())).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();

        for program in [&link, &link.join("program"), &script] {
            assert_eq!(foresee(&Command::new(program)), [""; 0], "{}", program.display());
        }
        let behind_a_file = script.join("program");
        assert_eq!(
            foresee(&Command::new(&behind_a_file)),
            [format!("the program `{}` was not found", behind_a_file.display())]
        );
    }

    #[test]
    fn what_depends_on_variables_is_not_told() {
        let mut command = Command::new("/no/${SUCH}");
        command.expands = true;
        command.directory = Some("/no/${SUCH}".into());

        assert_eq!(foresee(&command), [""; 0]);
    }
}
