//! What a user writes down about a process child.

mod attributes;
mod capabilities;
mod cgroup;
mod command;
mod descriptors;
mod expand;
mod health;
mod http_get;
mod line_pattern;
mod log_file;
mod own_listener;
mod problem;
mod process;
mod ready;
mod success;
mod terminal;
mod well_formed;

pub use attributes::Limit;
pub(crate) use attributes::{Attributes, Identity, variables_of};
pub(crate) use capabilities::set_of as capability_set;
pub(crate) use cgroup::{CGROUP_LIMITS, CgroupLimits};
pub(crate) use command::Command;
pub use command::{Output, Stdin};
pub use descriptors::Socket;
pub(crate) use descriptors::{Descriptors, FIRST};
pub use health::Health;
pub use http_get::HttpGet;
pub use log_file::LogFile;
pub use process::Process;
pub use ready::{Ready, ReadyContext};
pub use terminal::Terminal;

pub(crate) use expand::{expand, has_variable};
pub(crate) use health::{HealthCheck, UsersCheck};
pub(crate) use line_pattern::LinePattern;
pub(crate) use problem::{longest_text, problem_with};
pub(crate) use ready::{Checking, ReadyCondition};
pub(crate) use success::Successes;
