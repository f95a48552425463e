//! What keeps a program from being executed: its file, its interpreter, and the length of its texts.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::AccessFlags;

use super::failure::{DescribedPart, ForeseenFailure};
use super::files::{access, is_ours};
use super::today::Today;
use crate::launch::cause;
use crate::launch::image::{self, ProgramSight};
use crate::launch::interpreter::{ExecChain, ExecLink, Form};
use crate::spec::{Command, Limit, longest_text};

const ABOUT: DescribedPart = DescribedPart::Program;

/// Says why a program cannot be executed. `described` is the command as the description has it.
pub(super) fn foresee(today: &Today, described: &Command) -> Option<ForeseenFailure> {
    let directory = today.base.directory().filter(|_| today.knows_program);
    let of_file = directory.and_then(|directory| file(&today.command, described, directory));
    of_file.or_else(|| if today.knows_texts { texts(&today.command, described) } else { None })
}

fn file(command: &Command, described: &Command, directory: &Path) -> Option<ForeseenFailure> {
    let name = Path::new(&command.program).display();
    let found = match image::look(command) {
        ProgramSight::Found(found) => found,
        ProgramSight::Missing => {
            return Some(ForeseenFailure::possible(ABOUT, format!("the program `{name}` was not found")));
        }
        ProgramSight::NoPath(path, error) => {
            let reason = format!("`{name}` cannot be executed: `{}`: {error}", path.display());
            let is_fixed = command.program == described.program && command.directory == described.directory;
            return Some(if is_fixed {
                ForeseenFailure::certain(ABOUT, reason)
            } else {
                ForeseenFailure::possible(ABOUT, reason)
            });
        }
        // It may be there, for another user.
        ProgramSight::Hidden(path, error) => {
            let reason = format!("`{name}` cannot be executed: `{}`: {error}", path.display());
            return is_ours(command).then(|| ForeseenFailure::possible(ABOUT, reason));
        }
    };
    let chain = ExecChain::of(&found, directory);
    let [.., last] = chain.links() else { return None };
    let wrong = match chain.missing() {
        Some((missing, behind)) => {
            let behind = behind.map(|behind| behind.name.as_path());
            Some(format!("was not found{}", cause::about_interpreter(&missing.name, behind)))
        }
        None => {
            let error = fs::metadata(&last.file).err().filter(image::is_no_path);
            error.map(|error| format!("cannot be executed: {error}"))
        }
    };
    if let Some(wrong) = wrong {
        let reason = format!("the interpreter {:?} of `{name}` {wrong}", last.name);
        return Some(ForeseenFailure::possible(ABOUT, reason));
    }
    let reason = cause::reason(&chain, libc::EACCES);
    let reason = reason.or_else(|| cause::reason(&chain, libc::ELOOP));
    let reason =
        reason.or_else(|| if is_taught(&chain) { None } else { cause::reason(&chain, libc::ENOEXEC) });
    let reason = reason.map(|reason| format!("`{name}` is not executable, {reason}"));
    let reason = reason.or_else(|| if is_ours(command) { forbidden(&chain, &name) } else { None });
    reason.map(|reason| ForeseenFailure::possible(ABOUT, reason))
}

/// Says that this program may not execute one of these files.
fn forbidden(chain: &ExecChain, name: &dyn Display) -> Option<String> {
    let links = chain.links().iter();
    let denied = |link: &ExecLink| access(&link.file, AccessFlags::X_OK).err();
    let (link, error) = links.filter_map(|link| Some((link, denied(link)?))).next()?;
    let of = if *link == chain.links()[0] {
        String::new()
    } else {
        format!(", of its interpreter `{}`", link.name.display())
    };
    Some(format!("`{name}` is not executable{of}: {error}"))
}

/// Whether the kernel may have been told how to execute binaries for other machines (`binfmt_misc`).
fn is_taught(chain: &ExecChain) -> bool {
    let taught = || fs::read_dir("/proc/sys/fs/binfmt_misc").into_iter().flatten().flatten();
    let is_kind = |name: &OsStr| name != "register" && name != "status";
    matches!(chain.last().0.form, Form::Foreign(_)) && taught().any(|kind| is_kind(&kind.file_name()))
}

/// Says that arguments and environment are longer than the system takes.
fn texts(command: &Command, described: &Command) -> Option<ForeseenFailure> {
    let lengths: Vec<usize> = image::texts_of(command).into_iter().map(|(_, bytes)| bytes).collect();
    let (at, longest) = lengths.iter().copied().enumerate().max_by_key(|(_, bytes)| *bytes)?;
    let is_one = longest > longest_text();
    if !is_one && needed(&lengths) <= room(stack(command)) {
        return None;
    }
    let (about, is_fixed) = part(command, described, at);
    let name = Path::new(&command.program).display();
    let reason =
        format!("the arguments and the environment of `{name}` are too long: {}", cause::too_long(command));
    Some(if is_one && is_fixed {
        ForeseenFailure::certain(about, reason)
    } else {
        ForeseenFailure::possible(about, reason)
    })
}

/// The part of the description in which a text of the program stands, and whether it stands there as it is. What is of
/// this program or of a file is counted to the program.
fn part(command: &Command, described: &Command, at: usize) -> (DescribedPart, bool) {
    let args = command.args.len();
    match at {
        0 => (ABOUT, command.program == described.program),
        at if at <= args => {
            (DescribedPart::Argument(at - 1), described.args.get(at - 1) == command.args.get(at - 1))
        }
        at => {
            let key = image::environment(command).into_keys().nth(at - 1 - args);
            let own = key.and_then(|key| command.env.keys().position(|own| *own == key).zip(Some(key)));
            own.map_or((ABOUT, false), |(number, key)| {
                (DescribedPart::Variable(number), described.env.get(&key) == command.env.get(&key))
            })
        }
    }
}

/// What texts of these lengths take: each with its zero and the pointer to it, and the program's path once more.
fn needed(lengths: &[usize]) -> u64 {
    let path = lengths.first().map_or(0, |bytes| bytes + 1);
    let texts: usize = lengths.iter().map(|bytes| bytes + 1 + size_of::<usize>()).sum();
    (path + texts) as u64
}

/// What the kernel takes of all texts together, by the soft limit of the stack (`execve(2)`).
fn room(stack: u64) -> u64 {
    const LEAST: u64 = 128 * 1024;
    const MOST: u64 = 6 * 1024 * 1024;
    (stack / 4).clamp(LEAST, MOST)
}

/// The soft limit of the stack with which the program is executed.
fn stack(command: &Command) -> u64 {
    let own = command.attributes.limits.get(&Limit::StackSize).map(|(soft, _)| *soft);
    own.or_else(|| getrlimit(Resource::RLIMIT_STACK).ok().map(|(soft, _)| soft)).unwrap_or(Limit::UNLIMITED)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use nix::unistd::Uid;

    use super::*;
    use crate::launch::foresee::files::as_an_ordinary_user;

    fn foreseen(command: &Command) -> Option<ForeseenFailure> {
        let (today, _) = Today::of(command);
        foresee(&today, command)
    }

    /// What is told, and whether it is certain.
    fn told(command: &Command) -> Option<(bool, String)> {
        foreseen(command).map(|it| (it.is_certain(), it.to_string()))
    }

    /// Writes a file that may be executed.
    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_program_that_cannot_be_executed_is_told_with_the_cause() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let text = "it has no `#!` line and is no binary of this system";
        for (name, contents, mode, why) in [
            ("script", "#!/no/such/interpreter\r\n", 0o755, "carriage return"),
            ("plain", "#!/bin/sh\n", 0o644, "is not executable, it has no permission to be executed"),
            ("text", "echo\n", 0o755, text),
            ("short", "#", 0o755, text),
            ("empty", "", 0o755, "is not executable, the file is empty"),
            ("nothing", "#!\n", 0o755, "its `#!` line names no interpreter"),
        ] {
            write(&path(name), contents);
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();

            let (is_certain, reason) = told(&Command::new(path(name))).expect(name);
            assert!(!is_certain && reason.ends_with(why) && reason.contains(name), "{name}: {reason}");
        }

        let behind = |name: &str, interpreter: &str| {
            write(&path(name), &format!("#!{}\n", path(interpreter).display()));
            told(&Command::new(path(name))).expect(name).1
        };
        let reason = behind("behind", "script");
        assert!(reason.starts_with("the interpreter \"/no/such/interpreter\\r\" of `"), "{reason}");
        assert!(reason.ends_with("script` ends with a carriage return"), "{reason}");
        let reason = behind("through", "text");
        assert!(
            reason.ends_with(&format!(", of its interpreter `{}`: {text}", path("text").display())),
            "{reason}"
        );
        for depth in 0..6 {
            write(&path(&format!("{depth}")), &format!("#!{}\n", path(&format!("{}", depth + 1)).display()));
        }
        write(&path("6"), "#!/bin/sh\n");
        let reason = told(&Command::new(path("0"))).unwrap().1;
        assert!(reason.ends_with("more often than the system follows"), "{reason}");
        assert_eq!(told(&Command::new(path("2"))), None);

        // The directories of the test's own PATH may be some that its user may not search.
        let mut nowhere = Command::new("no-such-program");
        nowhere.env.insert("PATH".into(), Some("/bin:/usr/bin".into()));
        assert_eq!(told(&nowhere), Some((false, "the program `no-such-program` was not found".to_owned())));
        assert_eq!(told(&Command::new("sh")), None);
        let behind_a_file = path("script").join("program");
        let missing = format!("the program `{}` was not found", behind_a_file.display());
        assert_eq!(told(&Command::new(&behind_a_file)), Some((false, missing)));
    }

    #[test]
    fn a_path_that_leads_to_nothing_is_certain_and_that_of_an_interpreter_is_not() {
        let place = tempfile::tempdir().unwrap();
        let (link, script) = (place.path().join("link"), place.path().join("script"));
        symlink(&link, &link).unwrap();
        write(&script, &format!("#!{}/interpreter\n", link.display()));
        let long = place.path().join("x".repeat(256));

        for (program, is_certain, why) in [
            (&link, true, libc::ELOOP),
            (&link.join("program"), true, libc::ELOOP),
            (&script, false, libc::ELOOP),
            (&long, true, libc::ENAMETOOLONG),
        ] {
            let why = std::io::Error::from_raw_os_error(why).to_string();
            let told = told(&Command::new(program));
            let is_told = told
                .as_ref()
                .is_some_and(|(certain, it)| (*certain, it.ends_with(&why)) == (is_certain, true));
            assert!(is_told, "{}: {told:?}", program.display());
        }
        // What variables stand for today may be another program tomorrow.
        let mut command = Command::new("${PROGRAM}");
        command.expands = true;
        command.env.insert("PROGRAM".into(), Some(link.into()));
        assert!(told(&command).is_some_and(|(is_certain, _)| !is_certain));
    }

    #[test]
    fn what_this_programs_user_may_not_execute_is_told_unless_the_process_has_another_one() {
        let place = tempfile::tempdir().unwrap();
        let [closed, own, script] = ["closed", "own", "script"].map(|name| place.path().join(name));
        fs::create_dir(&closed).unwrap();
        write(&own, "#!/bin/sh\n");
        write(&script, &format!("#!{}\n", own.display()));
        // No permission for others, or none for the owner alone.
        let mode = if Uid::effective().is_root() { 0o700 } else { 0o611 };
        for (path, mode) in [(place.path(), 0o755), (&closed, 0), (&own, mode)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let denied = std::io::Error::from_raw_os_error(libc::EACCES);
        let [hidden, own, script] =
            [closed.join("program"), own, script].map(|path| path.display().to_string());

        for (program, expected) in [
            (&hidden, format!("`{hidden}` cannot be executed: `{hidden}`: {denied}")),
            (&own, format!("`{own}` is not executable: {denied}")),
            (&script, format!("`{script}` is not executable, of its interpreter `{own}`: {denied}")),
        ] {
            let mut command = Command::new(program);
            assert_eq!(as_an_ordinary_user(|| told(&command)), Some((false, expected)));
            command.attributes.user = Some("nobody".to_owned());
            assert_eq!(as_an_ordinary_user(|| told(&command)), None);
        }
    }

    #[test]
    fn a_variable_stands_for_what_it_is_today() {
        let mut command = Command::new("${TOOL}");
        command.expands = true;
        command.env.insert("TOOL".into(), Some("/no/such".into()));

        assert_eq!(told(&command), Some((false, "the program `/no/such` was not found".to_owned())));
        command.env.insert("TOOL".into(), Some("/bin/sh".into()));
        assert_eq!(told(&command), None);
    }

    #[test]
    fn a_path_to_search_may_have_variables() {
        let place = tempfile::tempdir().unwrap();
        write(&place.path().join("tool"), "#!/bin/sh\n");
        let mut command = Command::new("tool");
        command.expands = true;
        command.env.insert("PATH".into(), Some("/no/such:${PLACE}".into()));
        let file = place.path().join("env");
        fs::write(&file, format!("PLACE={}\n", place.path().display())).unwrap();
        command.env_files = vec![file.clone()];

        assert_eq!(told(&command), None);
        // Where the file cannot be read, it is not known which program it is.
        fs::remove_file(file).unwrap();
        assert_eq!(told(&command), None);
        command.env.insert("PATH".into(), Some("/no/such".into()));
        assert_eq!(told(&command), Some((false, "the program `tool` was not found".to_owned())));
    }

    #[test]
    fn one_text_that_is_too_long_is_certain_if_it_stands_in_the_description() {
        let long = "x".repeat(longest_text() + 1);
        let mut argument = Command::new("sh");
        argument.args = ["short".into(), long.clone().into()].into();
        let mut variable = Command::new("sh");
        variable.env.insert("LONG".into(), Some(long.clone().into()));
        let mut expanded = Command::new("sh");
        expanded.expands = true;
        let half = "x".repeat(longest_text() / 2 + 1);
        expanded.env.insert("HALF".into(), Some(half.into()));
        expanded.args = vec!["${HALF}${HALF}".into()];

        for (command, about, is_certain) in [
            (argument, DescribedPart::Argument(1), true),
            (variable, DescribedPart::Variable(0), true),
            (expanded, DescribedPart::Argument(0), false),
        ] {
            let failure = foreseen(&command).unwrap();
            assert_eq!((failure.about(), failure.is_certain()), (about, is_certain), "{failure}");
            assert!(failure.to_string().contains("and the system takes"), "{failure}");
        }
    }

    #[test]
    fn the_room_for_texts_is_a_quarter_of_the_stack_between_two_bounds() {
        for (stack, expected) in [
            (0, 128 * 1024),
            (8 << 20, 2 << 20),
            (24 << 20, 6 << 20),
            (1 << 40, 6 << 20),
            (Limit::UNLIMITED, 6 << 20),
        ] {
            assert_eq!(room(stack), expected, "{stack}");
        }
        assert_eq!(needed(&[1, 2]), 2 + (2 + 8) + (3 + 8));
    }

    /// The system is asked on both sides of the limit.
    #[test]
    fn texts_that_are_too_long_together_are_told_as_the_system_refuses_them() {
        let mut command = Command::new("/bin/true");
        command.clear_env = true;
        let limit = room(stack(&command)) as usize;
        let most = 100_000;
        let near = |margin: isize| {
            let mut command = command.clone();
            let mut left = limit.checked_add_signed(margin).unwrap();
            while left > 0 {
                let bytes = left.min(most);
                command.args.push("x".repeat(bytes.saturating_sub(1 + size_of::<usize>())).into());
                left -= bytes;
            }
            command
        };
        let refused = |command: &Command| {
            let mut real = std::process::Command::new(&command.program);
            let output = real.args(&command.args).env_clear().output();
            output.is_err_and(|error| error.raw_os_error() == Some(libc::E2BIG))
        };

        let (fits, does_not) = (near(-4096), near(4096));

        assert_eq!((told(&fits), refused(&fits)), (None, false));
        let (is_certain, reason) = told(&does_not).unwrap();
        assert!(!is_certain && reason.contains(" bytes altogether, and the longest, argument "), "{reason}");
        assert!(refused(&does_not));
    }
}
