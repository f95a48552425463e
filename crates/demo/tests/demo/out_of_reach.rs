//! A child that the demo may not signal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;

use nix::sys::signal::{Signal, kill};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{Pid, Uid};

use crate::few_processes::is_open_to_others;
use crate::support::{Demo, Temp, tree};

const NOBODY: u32 = 65_534;

/// The owner of the program: neither root nor the user of the demo.
const ANOTHER: u32 = 54_321;

/// P20: a database behind such a child was never asked, and got SIGKILL at the deadline.
#[test]
fn a_child_that_cannot_be_signalled_keeps_no_other_from_being_asked_with_its_whole_grace() {
    let temp = Temp::new();
    let flags = statvfs(temp.path(".").as_path()).expect("it is there").flags();
    let is_possible = !flags.intersects(FsFlags::ST_NOSUID | FsFlags::ST_NOEXEC);
    if !Uid::effective().is_root() || !is_possible || !is_open_to_others(&tree("leaver.toml")) {
        eprintln!("left out: a program that changes its user, and a demo that is open to all users");
        return;
    }
    // With the set-user-ID bit it becomes its owner for good.
    let perl = temp.path("perl");
    fs::copy("/usr/bin/perl", &perl).expect("perl is there");
    chown(&perl, Some(ANOTHER), None).expect("root may");
    fs::set_permissions(&perl, Permissions::from_mode(0o4755)).expect("it is ours");
    fs::set_permissions(temp.path("."), Permissions::from_mode(0o755)).expect("it is ours");
    let file = temp.write(
        "tree.toml",
        format!(
            r#"
                deadline = "500s"
                [[children]]
                id = "db"
                shutdown = "400s"
                process = {{ command = ["sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done"], ready = {{ line = "up" }} }}
                [[children]]
                id = "another"
                shutdown = "400s"
                process = {{ command = ["{}", "-e", "$| = 1; $< = $>; print qq(changed\\n); sleep 1000"], ready = {{ line = "changed" }} }}
            "#,
            perl.display()
        ),
    );
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("it is ours");

    for level in ["group", "tree"] {
        let arguments = [
            "run".as_ref(),
            file.as_os_str(),
            "--view=none".as_ref(),
            "--containment".as_ref(),
            level.as_ref(),
        ];
        let mut demo = Demo::start_with(arguments, |command| {
            command.uid(NOBODY).gid(NOBODY);
            // It writes its report there.
            let report = command.get_args().last().map(std::path::Path::new).expect("it has arguments");
            let directory = report.parent().expect("it is in a directory");
            fs::set_permissions(directory, Permissions::from_mode(0o777)).expect("it is ours");
        });
        let pid = demo.wait_for("started", "root/another")["pid"].as_i64().expect("it has one");
        demo.wait_for_start();

        demo.signal(Signal::SIGTERM);
        let stopped = demo.wait_for("stopped", "root/db");
        let pid = Pid::from_raw(i32::try_from(pid).expect("a process id"));
        kill(pid, Signal::SIGKILL).expect("it is still there, and root may");

        assert_eq!(
            (&stopped["outcome"], &stopped["status"]["code"]),
            (&"graceful".into(), &7.into()),
            "{level}"
        );
        demo.wait_for("stopped", "root/another");
    }
}
