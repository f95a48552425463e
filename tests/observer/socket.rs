//! A door at a Unix socket: the file, and other users.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rootward_observer::{Door, OpenError};
use rootward_tests::InTime as _;
use tempfile::TempDir;

use crate::given::{given, team, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_is_its_owners_alone_and_goes_with_the_tree() {
    let given = given(|door| door).await;
    let path = given.path();

    let made = fs::symlink_metadata(&path).unwrap();
    assert!(made.file_type().is_socket());
    assert_eq!(made.permissions().mode() & 0o777, 0o600);

    within(given.tree.stop()).await;
    within(given.door.closed()).await;
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_an_earlier_run_has_left_is_replaced() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("door.sock");
    drop(UnixListener::bind(&path).unwrap());
    let tree = team(Default::default()).start().await.unwrap();

    Door::unix(&path).open(&tree).unwrap();

    assert_eq!(crate::client::Place::Unix(path).ask("GET /snapshot").await.status, 200);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_a_dead_socket_of_this_user_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let tree = team(Default::default()).start().await.unwrap();
    let (file, alive, link) =
        (directory.path().join("file"), directory.path().join("alive"), directory.path().join("link"));
    fs::write(&file, "precious").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let _listener = UnixListener::bind(&alive).unwrap();

    assert!(matches!(Door::unix(&file).open(&tree), Err(OpenError::NotOurs(_))));
    assert!(matches!(Door::unix(&link).open(&tree), Err(OpenError::NotOurs(_))));
    assert!(matches!(Door::unix(&alive).open(&tree), Err(OpenError::InUse(_))));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_to_which_others_may_write_is_no_place_for_a_door() {
    let directory = TempDir::new().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let tree = team(Default::default()).start().await.unwrap();

    let refused = Door::unix(directory.path().join("door")).open(&tree);

    assert!(matches!(refused, Err(OpenError::Exposed(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_of_another_user_is_no_place_for_a_door_with_any_mode() {
    const ANOTHER: u32 = 65_534;
    if !nix::unistd::geteuid().is_root() {
        println!("NOT TESTED: only root can make a directory of another user");
        return;
    }
    let directory = TempDir::new().unwrap();
    let tree = team(Default::default()).start().await.unwrap();
    let open = |owner: u32, mode: u32| {
        let place = directory.path().join(format!("{owner}-{mode:o}"));
        fs::create_dir(&place).unwrap();
        std::os::unix::fs::chown(&place, Some(owner), Some(owner)).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        Door::unix(place.join("door")).open(&tree)
    };

    for mode in [0o755, 0o700, 0o500, 0o1755, 0o1777] {
        let refused = open(ANOTHER, mode);

        assert!(matches!(refused, Err(OpenError::Exposed(_))), "{mode:o}: {refused:?}");
    }
    for mode in [0o755, 0o700, 0o1777] {
        assert!(open(0, mode).is_ok(), "{mode:o}: its own, or sticky and that of root");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_of_a_socket_names_its_path_and_the_cause() {
    let directory = TempDir::new().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("file"), "").unwrap();
    fs::create_dir(at("open")).unwrap();
    fs::set_permissions(at("open"), fs::Permissions::from_mode(0o777)).unwrap();
    let _alive = UnixListener::bind(at("alive")).unwrap();
    let tree = team(Default::default()).start().await.unwrap();
    let long = "x".repeat(200);

    for (name, cause) in [
        ("none/door", "No such file or directory"),
        ("file/door", "Not a directory"),
        ("file", "no socket"),
        ("alive", "another program listens"),
        ("open/door", "other users may write"),
        (long.as_str(), "path"),
    ] {
        let refused = Door::unix(at(name)).open(&tree).unwrap_err().to_string();

        let path = at(name).display().to_string();
        assert!(refused.contains(&path) && refused.replace(&path, "").contains(cause), "{name}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_that_is_gone_has_no_door() {
    let directory = TempDir::new().unwrap();
    let tree = team(Default::default()).start().await.unwrap();
    let reference = tree.downgrade();
    drop(tree);

    let refused = Door::unix(directory.path().join("door")).open(reference);

    assert!(matches!(refused, Err(OpenError::Gone)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_user_is_refused_also_if_the_file_lets_it_in() {
    const ANOTHER: u32 = 65_534;
    if !nix::unistd::geteuid().is_root() {
        println!("NOT TESTED: only root can be another user");
        return;
    }
    let given = given(|door| door).await;
    let path = given.path();
    let directory = path.parent().unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    // Where the other user can run it.
    let program = directory.join("asks_a_door");
    fs::copy(env!("CARGO_BIN_EXE_asks_a_door"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let ask = |user: u32| {
        let (program, path) = (program.clone(), path.clone());
        tokio::task::spawn_blocking(move || {
            let output = Command::new(program).arg(path).uid(user).gid(user).output_in_time();
            String::from_utf8(output.stdout).unwrap()
        })
    };

    let refused = within(ask(ANOTHER)).await.unwrap();
    let let_in = within(ask(0)).await.unwrap();

    assert!(refused.starts_with("HTTP/1.1 403 ") && refused.contains("other_user"), "{refused:?}");
    assert!(let_in.starts_with("HTTP/1.1 200 "), "{let_in:?}");
}
