//! On what it was measured: the machine and the versions.

use std::fs;
use std::process::Command;

use crate::subjects;

const LOCK: &str = include_str!("../../Cargo.lock");

/// Processor, cores, kernel.
pub fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let model = model.trim_start_matches([' ', '\t', ':']);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // What comes behind the version is a distributor's own affair.
    let kernel = kernel.trim().split('-').next().unwrap_or_default().to_owned();
    let memory = crate::machine::memory::total() / f64::from(1 << 30);
    let virtualised = if processors.contains(" hypervisor") { "A virtual machine" } else { "A machine" };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{virtualised} with {cores} cores ({model}) and {memory:.0} GiB of memory, Linux {kernel}")
}

/// The compiler, and what is compared.
pub fn versions() -> String {
    let crates = ["tokio", "tokio-graceful-shutdown", "task-supervisor", "kameo", "ractor"];
    let crates = crates.iter().map(|name| format!("{name} {}", locked(name)));
    let mut all = vec![env!("COMPILER").to_owned()];
    all.extend(crates);
    let print_release = "io:format(\"~s\",[erlang:system_info(otp_release)]),halt().";
    all.extend(
        said(Command::new("erl").args(["-noshell", "-eval", print_release]))
            .map(|it| format!("Erlang/OTP {it}")),
    );
    let print_version = "import importlib.metadata as m, platform; \
        print(m.version('simpervisor'), 'on Python', platform.python_version())";
    let python = said(Command::new(subjects::python_program()).args(["-c", print_version]));
    all.extend(python.map(|it| format!("simpervisor {it}")));
    all.join(", ")
}

fn locked(name: &str) -> &str {
    let package = format!("name = \"{name}\"\nversion = \"");
    let version = LOCK.split_once(package.as_str()).map_or("?", |(_, rest)| rest);
    version.split('"').next().unwrap_or("?")
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
