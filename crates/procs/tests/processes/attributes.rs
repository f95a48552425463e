//! As whom a process runs, and within which limits. What takes root's rights is tested with them, and its refusal
//! without.

use rootward_core::Supervisor;
use rootward_procs::{Limit, Process};

use crate::given::{shell, tree};

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A number that no test system has a user for.
const STRANGER: &str = "61234";

async fn lines(process: Process) -> Vec<String> {
    tree([process.into_child("child")]).lines().await
}

async fn error(process: Process) -> String {
    tree([process.into_child("child")]).start_error().await
}

#[tokio::test]
async fn a_process_runs_as_a_user_with_its_groups_and_its_variables() {
    let process = shell(
        "id -u; id -g; id -G; echo $HOME $USER $LOGNAME; grep -E '^Cap(Prm|Eff|Amb)' /proc/self/status",
    )
    .user(if is_root() { "nobody" } else { "root" });
    if !is_root() {
        let refused = error(process).await;
        assert_eq!(
            refused,
            "`/bin/sh` cannot be given the user `root`: Operation not permitted (os error 1)"
        );
        return;
    }

    let lines = lines(process).await;

    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    assert_eq!(lines[..2], [nobody.uid.to_string(), nobody.gid.to_string()]);
    assert!(lines[2].split(' ').any(|group| group == nobody.gid.to_string()), "{lines:?}");
    assert!(!lines[2].split(' ').any(|group| group == "0"), "it has kept a group of root's: {lines:?}");
    assert_eq!(lines[3], format!("{} nobody nobody", nobody.dir.display()));
    assert!(lines[4..].iter().all(|line| line.ends_with("\t0000000000000000")), "{lines:?}");
}

#[tokio::test]
async fn user_and_groups_may_be_numbers() {
    let process = shell("id -u; id -g; id -G; echo ${HOME-none}")
        .user(STRANGER)
        .group("61235")
        .supplementary_groups(["61236"])
        .env_remove("HOME");
    if !is_root() {
        assert!(error(process).await.starts_with("`/bin/sh` cannot be given the user `61234`: "));
        return;
    }

    assert_eq!(lines(process).await, [STRANGER, "61235", "61235 61236", "none"]);
}

#[tokio::test]
async fn a_user_may_be_the_one_that_this_program_is() {
    let me = nix::unistd::geteuid();
    let process = shell("id -u").user(me.to_string()).group(nix::unistd::getegid().to_string());

    assert_eq!(lines(process).await, [me.to_string()]);
}

#[tokio::test]
async fn a_process_that_is_another_user_is_stopped_like_any_other() {
    if !is_root() {
        return;
    }
    let process = shell("echo here; while :; do read -r line < /dev/null; sleep 1; done").user("nobody");
    let mut given = tree([process.into_child("child")]);
    let pid = given.started().await;
    given.wait_for_line("here").await;

    let report = given.stop().await;

    assert!(report.outcome == rootward_core::Outcome::Graceful, "{report:?}");
    crate::given::wait_until_gone(pid);
}

#[tokio::test]
async fn a_working_directory_is_entered_as_the_user() {
    if !is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();

    let error = error(shell("pwd").user("nobody").current_dir(dir.path())).await;

    assert!(error.starts_with("the working directory `") && error.contains("Permission denied"), "{error}");
}

#[test]
fn an_unknown_user_or_group_is_a_mistake_in_the_description() {
    let problem = |process: Process| {
        let root = Supervisor::new("root").child(process.into_child("child"));
        root.into_tree().unwrap_err().to_string()
    };

    assert_eq!(problem(shell("").user("no-such-user")), "`root/child`: there is no user `no-such-user`");
    let group = shell("").supplementary_groups(["no-such-group"]);
    assert_eq!(problem(group), "`root/child`: there is no group `no-such-group`");
    assert!(problem(shell("").user("4000000001")).ends_with("so that one has to be named"));
}

#[tokio::test]
async fn limits_mask_nice_processors_and_session_are_those_of_the_description() {
    let process = shell(
        "ulimit -Sn; ulimit -Hn; ulimit -c; umask; nice; grep Cpus_allowed_list /proc/self/status; \
         cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status; test $(ps -o sid= -p $$) = $$ && echo leads",
    )
    .limit_between(Limit::OpenFiles, 100, 200)
    .limit(Limit::CoreSize, 0)
    .umask(0o027)
    .nice(19)
    .cpus([first_cpu()])
    .oom_score_adjust(1000)
    .no_new_privs()
    .own_session();

    let cpus = format!("Cpus_allowed_list:\t{}", first_cpu());
    let expected = ["100", "200", "0", "0027", "19", &cpus, "1000", "NoNewPrivs:\t1", "leads"];
    assert_eq!(lines(process).await, expected);
}

/// A processor on which this program may run.
fn first_cpu() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
    list.split(['-', ',']).next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_not_in_the_description_is_not_changed() {
    let ours = |process: Process| async { lines(process).await };
    let script = "ulimit -Hn; umask; nice; ulimit -c; id -G; cat /proc/self/oom_score_adj";
    let plain = ours(shell(script)).await;

    let changed = ours(shell(script).umask(0o077)).await;

    assert_eq!(changed[1], "0077");
    assert_eq!((&changed[0], &changed[2..]), (&plain[0], &plain[2..]));
}

#[tokio::test]
async fn what_is_refused_is_named_with_its_value() {
    let no_cpu = error(shell("").cpus([1023])).await;
    assert_eq!(no_cpu, "`/bin/sh` cannot be given the processors [1023]: Invalid argument (os error 22)");
    if is_root() {
        // No process may have more descriptors than the system allows.
        let most: u64 = std::fs::read_to_string("/proc/sys/fs/nr_open").unwrap().trim().parse().unwrap();
        let error = error(shell("").limit(Limit::OpenFiles, most + 1)).await;
        assert!(
            error.starts_with(&format!("`/bin/sh` cannot be given the limits open_files = {}", most + 1)),
            "{error}"
        );
        return;
    }
    let nice = error(shell("").nice(-20)).await;
    assert_eq!(nice, "`/bin/sh` cannot be given the nice value -20: Permission denied (os error 13)");
    let group = error(shell("").group("0")).await;
    assert_eq!(group, "`/bin/sh` cannot be given the group `0`: Operation not permitted (os error 1)");
    let score = error(shell("").oom_score_adjust(-1000)).await;
    assert!(score.starts_with("`/bin/sh` cannot be given the OOM score adjustment -1000: "), "{score}");
}

/// A change of the user between clone and exec is one of memory that is shared with the starter.
#[tokio::test]
async fn a_process_that_is_another_user_changes_nothing_here() {
    if !is_root() {
        return;
    }

    assert_eq!(lines(shell("id -u").user(STRANGER).group(STRANGER)).await, [STRANGER]);

    // Another test may start such a process right now.
    crate::until::until("it comes back", || nix::sys::prctl::get_dumpable().unwrap());
}

/// What `/proc` shows of a process that has these capabilities.
fn shown(inheritable: u64, own: u64, ambient: u64) -> Vec<String> {
    let sets = [("Inh", inheritable), ("Prm", own), ("Eff", own), ("Bnd", own), ("Amb", ambient)];
    sets.map(|(name, set)| format!("Cap{name}:\t{set:016x}")).to_vec()
}

#[tokio::test]
async fn a_process_keeps_the_capabilities_that_it_is_to_keep() {
    let show = || shell("grep ^Cap /proc/self/status");
    if !is_root() {
        let refused = error(show().capabilities(["chown"])).await;
        let expected =
            "`/bin/sh` cannot be given the capabilities chown: Operation not permitted (os error 1)";
        assert_eq!(refused, expected);
        return;
    }
    let (chown, bind) = (1, 1 << 10);

    let root = show().capabilities(["chown", "CAP_NET_BIND_SERVICE"]);
    assert_eq!(lines(root).await, shown(0, chown | bind, 0));
    let user = show().user("nobody").capabilities(["net_bind_service"]);
    assert_eq!(lines(user).await, shown(bind, bind, bind));
    assert_eq!(lines(show().user("nobody").capabilities([""; 0])).await, shown(0, 0, 0));
    assert_eq!(lines(show().capabilities([""; 0])).await, shown(0, 0, 0));
}
