//! Descriptors that the demo was started with and passes on: `descriptors`.
//!
//! Absent on purpose: files that the demo opens. The caller's shell opens them, with the rights and from the directory
//! of the caller, and there is nothing to say here about modes and appending.

use std::sync::Arc;

use super::error::{FileError, Problem};
use super::model::PassedDescriptor;
use super::section::{Field, Keys};
use crate::descriptor::given;

const DESCRIPTOR: Keys = Keys { of: "a descriptor", known: &["from", "to"], not_yet: &[] };

const WHY: &str = "a descriptor has a number in the demo (`from`) and one in the process (`to`)";

pub(super) fn read(field: &Field<'_>) -> Result<Vec<PassedDescriptor>, FileError> {
    field.list()?.iter().map(read_one).collect()
}

fn read_one(field: &Field<'_>) -> Result<PassedDescriptor, FileError> {
    let section = field.section(&DESCRIPTOR)?;
    let (from, to) = (section.required("from", WHY)?, section.required("to", WHY)?.count()?);
    let number = from.count()?;
    let descriptor = given(number).map_err(|cause| from.error(Problem::NotGiven { number, cause }))?;
    Ok(PassedDescriptor { from: Arc::new(descriptor), to })
}
