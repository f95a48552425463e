//! What a process finds in its environment: files of variables, and variables in its description.

use std::fs;

use rootward_procs::Process;

use crate::given::{shell, tree, tree_with_intensity};

async fn lines(process: Process) -> Vec<String> {
    tree([process.into_child("child")]).lines().await
}

async fn error(process: Process) -> String {
    tree([process.into_child("child")]).start_error().await
}

#[tokio::test]
async fn env_wins_over_files_and_a_later_file_over_an_earlier_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("one"), "A=one\nB=one\nC=one\nD=one\nHOME=/one\n").unwrap();
    fs::write(dir.path().join("two"), "B=two\nC='two words'\nD=two\n").unwrap();
    let process = shell("echo $A, $B, $C, ${D-none}, $HOME")
        .env_file("one")
        .env_file(dir.path().join("two"))
        .env("C", "three")
        .env_remove("D")
        .current_dir(dir.path());

    assert_eq!(lines(process).await, ["one, two, three, none, /one"]);
}

#[tokio::test]
async fn a_file_is_read_again_at_each_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(".env");
    fs::write(&file, "A=first\n").unwrap();
    let script = "echo $A; test $A = second && exec sleep 1000; echo A=second > .env; exit 1";
    let process = shell(script).env_file(&file).current_dir(dir.path());
    let mut given = tree_with_intensity(1, [process.into_child("child")]);

    assert_eq!([given.line().await, given.line().await], ["first", "second"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_fails_the_start_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(".env");
    let missing = error(shell("").env_file(&file)).await;
    let named = format!("the environment file `{}` of `/bin/sh` cannot be read: ", file.display());
    assert_eq!(missing, format!("{named}No such file or directory (os error 2)"));

    fs::write(&file, "A=1\nsecret words\n").unwrap();
    let wrong = error(shell("").env_file(".env").current_dir(dir.path())).await;
    assert_eq!(wrong, format!("{named}line 2 is not of the form NAME=value"));

    for (text, expected) in [
        ("A=1\nB=x\0y\n", "line 2: the value of `B` holds a NUL byte"),
        (
            "URL=http://${NOPE_X}/\n",
            "line 1: the `$` in the value of `URL` stands for the variable `NOPE_X`, which",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let wrong = error(shell("").env_file(&file)).await;
        assert!(wrong.starts_with(&format!("{named}{expected}")), "{wrong}");
    }
}

#[tokio::test]
async fn variables_stand_for_values_in_command_arguments_directory_and_env() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "NAME=shop\n").unwrap();
    let process = Process::new("${SHELL_DIR}/sh")
        .args(["-c", "pwd; echo \"$0 $URL $$\" | sed s/$$/pid/", "${NAME}-${URL}", "$${NAME}"])
        .env("SHELL_DIR", "/bin")
        .env("ROOT", dir.path())
        .env("URL", "http://${NAME}")
        .env_file("file")
        .current_dir("${ROOT}")
        .expand_variables();

    let root = dir.path().display().to_string();
    assert_eq!(lines(process).await, [root, "shop-http://shop http://shop pid".to_owned()]);
}

#[tokio::test]
async fn a_cleared_environment_can_be_given_a_variable_of_this_program() {
    let process = Process::new("/usr/bin/env").env_clear().env("MY_PATH", "${PATH}").expand_variables();

    assert_eq!(lines(process).await, [format!("MY_PATH={}", std::env::var("PATH").unwrap())]);
}

#[tokio::test]
async fn a_variable_that_is_not_set_fails_the_start_and_is_named_with_its_place() {
    let unset = || shell("").expand_variables();

    assert_eq!(
        error(unset().arg("${ROOTWARD_NONE}")).await,
        "argument 3 of `/bin/sh` names the variable `ROOTWARD_NONE`, which is not set"
    );
    assert_eq!(
        error(unset().current_dir("/${ROOTWARD_NONE}")).await,
        "the working directory of `/bin/sh` names the variable `ROOTWARD_NONE`, which is not set"
    );
    let wrong = rootward_core::Supervisor::new("root").child(unset().arg("${A:-b}").into_child("child"));
    let wrong = wrong.into_tree().unwrap_err().to_string();
    assert!(wrong.starts_with("`root/child`: after `${` there is no name with a closing brace"), "{wrong}");
}
