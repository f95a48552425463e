//! A program and its arguments.

use super::error::{FileError, Problem};
use super::section::Field;

/// Reads a list that begins with a program.
pub(super) fn read(field: &Field<'_>) -> Result<Vec<String>, FileError> {
    let words = field.list().map_err(|_| {
        field.expected("a list of the program and its arguments, such as [\"sleep\", \"1000\"]")
    })?;
    let [program, arguments @ ..] = words.as_slice() else {
        return Err(field.error(Problem::EmptyCommand));
    };
    if program.text()?.is_empty() {
        return Err(program.error(Problem::EmptyCommand));
    }
    let mut command = vec![program.text_without_nul()?.to_owned()];
    for argument in arguments {
        command.push(argument.text_without_nul()?.to_owned());
    }
    Ok(command)
}
