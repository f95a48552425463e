//! A command as it would be started now: with its user, with what its files of variables hold, and with variables
//! replaced.
//!
//! All of it is read again at each start, and so nothing is certain here.

use std::ffi::OsStr;

use super::failure::{DescribedPart, ForeseenFailure};
use super::files::Base;
use crate::launch::resolve::{ExpandedText, expand_all, expanded_directory};
use crate::launch::{env_file, identity, image};
use crate::spec::{Command, has_variable};

/// A command as far as its texts are known now.
pub(super) struct Today {
    pub(super) command: Command,
    pub(super) base: Base,
    /// Whether it is known which program it is.
    pub(super) knows_program: bool,
    /// Whether all texts are known.
    pub(super) knows_texts: bool,
}

impl Today {
    /// The command, and what keeps its texts from being known. This reads files and may block.
    pub(super) fn of(command: &Command) -> (Self, Vec<ForeseenFailure>) {
        let mut command = command.clone();
        let mut failures = Vec::new();
        if command.attributes.names_an_identity() {
            // A name that is not known is a mistake in the description, and is told elsewhere.
            command.attributes.identity = identity::look_up(&command.attributes).ok();
        }
        let base = match expanded_directory(&command) {
            Ok(directory) => {
                command.directory = directory.or(command.directory);
                let (base, missing) = Base::of(&command);
                failures.extend(missing);
                base
            }
            Err(error) => {
                failures.push(ForeseenFailure::possible(DescribedPart::Directory, error.to_string()));
                Base::unknown()
            }
        };
        let knows_variables = read_files(&mut command, &base, &mut failures);
        let mut today = Self { command, base, knows_program: true, knows_texts: knows_variables };
        if today.command.expands {
            today.expand(knows_variables, &mut failures);
        }
        (today, failures)
    }

    fn expand(&mut self, knows_variables: bool, failures: &mut Vec<ForeseenFailure>) {
        if !knows_variables {
            // Those that are not set may be in a file that cannot be read now.
            let path = self.command.env.get(OsStr::new("PATH")).and_then(Option::as_ref);
            let mut texts = [Some(&self.command.program), path].into_iter().flatten();
            self.knows_program = !texts.any(|text| has_variable(text));
            return;
        }
        for (text, error) in expand_all(&mut self.command) {
            let about = match text {
                ExpandedText::Program => DescribedPart::Program,
                ExpandedText::Argument(at) => DescribedPart::Argument(at),
                ExpandedText::Variable(at) => DescribedPart::Variable(at),
            };
            self.knows_program &= matches!(text, ExpandedText::Argument(_));
            self.knows_texts = false;
            failures.push(ForeseenFailure::possible(about, error.to_string()));
        }
    }
}

/// Reads the files of variables. Says whether all of them could be read.
fn read_files(command: &mut Command, base: &Base, failures: &mut Vec<ForeseenFailure>) -> bool {
    let mut are_read = true;
    command.read_env.clear();
    for (at, file) in command.env_files.iter().enumerate() {
        let Some(path) = base.join(file) else {
            are_read = false;
            continue;
        };
        match env_file::read(&path) {
            Ok(variables) => command.read_env.extend(variables),
            Err(error) => {
                are_read = false;
                let file = path.display();
                let reason = if image::is_not_there(&path) {
                    format!("the environment file `{file}` is not there")
                } else {
                    format!("the environment file `{file}` cannot be read: {error}")
                };
                failures.push(ForeseenFailure::possible(DescribedPart::EnvFile(at), reason));
            }
        }
    }
    are_read
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(command: &Command) -> Vec<(DescribedPart, String)> {
        let (_, failures) = Today::of(command);
        assert!(!failures.iter().any(ForeseenFailure::is_certain), "it may be otherwise when the time comes");
        failures.iter().map(|it| (it.about(), it.to_string())).collect()
    }

    #[test]
    fn a_file_of_variables_that_cannot_be_read_is_told_with_the_line() {
        let place = tempfile::tempdir().unwrap();
        let at = place.path().display();
        fs::write(place.path().join("right"), "A=1\n").unwrap();
        fs::write(place.path().join("wrong"), "A=1\nB C=\"\n").unwrap();
        fs::write(place.path().join("unset"), "A=${NOPE_X}\n").unwrap();
        fs::write(place.path().join("nul"), "A=x\0y\n").unwrap();
        let mut command = Command::new("sh");
        command.directory = Some(place.path().to_owned());
        command.env_files = ["right", "wrong", ".", "none", "unset", "nul"].map(Into::into).into();

        let of =
            |number, why: String| (DescribedPart::EnvFile(number), format!("the environment file `{why}"));
        let expected = [
            of(1, format!("{at}/wrong` cannot be read: line 2 is not of the form NAME=value")),
            of(2, format!("{at}/.` cannot be read: Is a directory (os error 21)")),
            of(3, format!("{at}/none` is not there")),
            of(
                4,
                format!(
                    "{at}/unset` cannot be read: line 1: the `$` in the value of `A` stands for the variable \
                     `NOPE_X`, which is not set; in single quotes it is a plain `$`"
                ),
            ),
            of(5, format!("{at}/nul` cannot be read: line 1: the value of `A` holds a NUL byte")),
        ];
        assert_eq!(told(&command), expected);
    }

    #[test]
    fn each_text_that_names_a_variable_which_is_not_set_is_told() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("env"), "FROM_FILE=/srv\n").unwrap();
        let mut command = Command::new("${NO_SUCH_A}");
        command.expands = true;
        command.args = ["${FROM_FILE}", "${SET}", "x${NO_SUCH_B}"].map(Into::into).into();
        command.env_files = vec![place.path().join("env")];
        for (name, value) in [("SET", "1"), ("WRONG", "${NO_SUCH_C}")] {
            command.env.insert(name.into(), Some(value.into()));
        }

        let of = |part, place: &str, name: &str| {
            let reason = format!("{place} of `${{NO_SUCH_A}}` names the variable `{name}`, which is not set");
            (part, reason)
        };
        let expected = [
            of(DescribedPart::Variable(1), "the environment variable `WRONG`", "NO_SUCH_C"),
            of(DescribedPart::Program, "the program", "NO_SUCH_A"),
            of(DescribedPart::Argument(2), "argument 3", "NO_SUCH_B"),
        ];
        assert_eq!(told(&command), expected);
        // The same texts are no mistake if nothing is replaced in them.
        command.expands = false;
        assert_eq!(told(&command), []);
    }

    #[test]
    fn a_directory_of_a_variable_is_looked_at_as_it_is_today() {
        let place = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.expands = true;
        command.env.insert("PLACE".into(), Some(place.path().into()));
        let mut of = |directory: &str| {
            command.directory = Some(directory.into());
            told(&command)
        };

        assert_eq!(of("${PLACE}"), []);
        let missing = format!("the working directory `{}/none` is not there", place.path().display());
        assert_eq!(of("${PLACE}/none"), [(DescribedPart::Directory, missing)]);
        let unset = "the working directory of `sh` names the variable `NO_SUCH`, which is not set";
        assert_eq!(of("${NO_SUCH}"), [(DescribedPart::Directory, unset.to_owned())]);
    }

    /// What is not set may be in the file.
    #[test]
    fn variables_are_not_told_beside_a_file_that_cannot_be_read() {
        let mut command = Command::new("${NO_SUCH}");
        command.expands = true;
        command.env_files = vec!["/no/such/file".into()];

        let (today, failures) = Today::of(&command);

        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(!today.knows_program && !today.knows_texts);
    }
}
