//! Descriptors that are passed on purpose.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rootward_core::Restart;
use rootward_procs::{Process, Ready, Socket};

use crate::given::{Given, shell, tree, tree_with_intensity};

/// What is open, without what the shell itself opens, and what the variables say.
const SHOW: &str = "for fd in /proc/self/fd/*; do test -e $fd && readlink $fd; done | grep -v /proc; \
                    echo $LISTEN_FDS $LISTEN_FDNAMES; test $LISTEN_PID = $$ && echo mine";

/// Takes connections at descriptor 3, answers each with its process id and what it is told, and ends after `quit`.
const SERVER: &str = r#"
    open(my $socket, '+<&=', 3) or die "no socket: $!";
    print "running\n";
    STDOUT->flush();
    while (accept(my $client, $socket)) {
        my $line = <$client>;
        syswrite($client, "$$ $line");
        close($client);
        exit(1) if $line eq "quit\n";
    }
    die "accept: $!";
"#;

fn server(path: &Path) -> Process {
    Process::new("perl").args(["-MIO::Handle", "-e", SERVER]).listen(Socket::unix(path))
}

fn ask(path: &Path, line: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn sockets_come_from_3_on_with_variables_for_the_process_alone_and_nothing_else_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell(SHOW)
        .listen(Socket::unix("one").name("http"))
        .listen(Socket::tcp(free_address()))
        .current_dir(dir.path())
        .env("LISTEN_PID", "1");

    let lines = tree([process.into_child("child")]).lines().await;

    let sockets = lines.iter().filter(|line| line.starts_with("socket:")).count();
    assert_eq!((sockets, lines.len()), (2, 2 + 3 + 2), "{lines:?}");
    assert_eq!(lines[5..], ["2 http:unknown", "mine"]);
    assert!(!dir.path().join("one").exists(), "the socket's file should go with the tree");
}

/// An address at which no process listens now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_is_refused_while_a_process_with_a_socket_is_restarted() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let mut given = tree_with_intensity(3, [server(&path).into_child("child")]);
    given.wait_for_line("running").await;

    let mut pids = Vec::new();
    for _ in 0..3 {
        for line in ["hello\n", "quit\n"] {
            let answer = ask(&path, line);
            let (pid, said) = answer.split_once(' ').unwrap();
            assert_eq!(said, line);
            pids.push(pid.to_owned());
        }
    }

    pids.dedup();
    assert_eq!(pids.len(), 3, "each was another process");
}

#[tokio::test]
async fn a_place_at_which_it_cannot_be_listened_fails_the_start_and_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = tree([shell("").listen(Socket::tcp(&address)).into_child("child")]).start_error().await;
    assert_eq!(
        error,
        format!("cannot listen at {address} for `/bin/sh`: Address already in use (os error 98)")
    );

    let error =
        tree([shell("").listen(Socket::unix("/no/such/socket")).into_child("child")]).start_error().await;
    assert_eq!(
        error,
        "cannot listen at /no/such/socket for `/bin/sh`: No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn a_descriptor_is_passed_as_the_number_that_it_is_to_have_in_each_incarnation() {
    let mut file = tempfile::tempfile().unwrap();
    let again = file.try_clone().unwrap();
    let script = "echo $$ >&9; echo one >&3; test -e /proc/self/fd/4 || exit 1";
    let process = shell(script).descriptor(9, again).descriptor(3, file.try_clone().unwrap());
    let child = process.into_child("child").restart(Restart::Permanent);
    let given = tree_with_intensity(1, [child]);

    given.rest().await;

    let mut text = String::new();
    std::io::Seek::rewind(&mut file).unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text.lines().filter(|line| *line == "one").count(), 2, "{text}");
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[tokio::test]
async fn numbers_may_be_those_that_the_starter_has_descriptors_at() {
    let mut process = shell("for n in 3 4 5 6 7 8 9 10 11 12 13; do echo $n: $(cat /proc/self/fd/$n); done");
    for number in (3..=13).rev() {
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "file {number}").unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        process = process.descriptor(number, file);
    }

    let lines = tree([process.into_child("child")]).lines().await;

    assert_eq!(lines, Vec::from_iter((3..=13).map(|number| format!("{number}: file {number}"))));
}

#[tokio::test]
async fn two_descriptors_may_have_each_others_numbers() {
    let files = ["one", "two"].map(|text| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    });
    let numbers = files.each_ref().map(|file| u32::try_from(file.as_raw_fd()).unwrap());
    let [one, two] = files;
    let show = format!("cat /proc/self/fd/{}; echo; cat /proc/self/fd/{}", numbers[0], numbers[1]);
    let process = shell(&show).descriptor(numbers[1], one).descriptor(numbers[0], two);

    assert_eq!(tree([process.into_child("child")]).lines().await, ["two", "one"]);
}

async fn started(given: &Given) -> bool {
    given.tree.started().await.is_ok()
}

#[tokio::test]
async fn a_newline_at_a_descriptor_says_that_the_process_is_ready() {
    let script = "printf almost >&7; echo >&7; exec 7>&-; exec sleep 1000";
    let process = shell(script).ready(Ready::descriptor(7)).ready_timeout(Duration::from_secs(500));

    assert!(started(&tree([process.into_child("child")])).await);
}

#[tokio::test]
async fn a_newline_just_before_the_end_counts() {
    let process =
        shell("echo >&3").ready(Ready::descriptor(3)).into_child("child").restart(Restart::Temporary);

    assert!(started(&tree([process])).await);
}

#[tokio::test]
async fn a_descriptor_that_is_closed_without_a_newline_is_named() {
    let begin = SystemTime::now();
    let process = shell("printf no >&3; exec 3>&-; exec sleep 1000").ready(Ready::descriptor(3));
    let process = process.ready_timeout(Duration::from_millis(500));

    let error = tree([process.into_child("child")]).start_error().await;

    assert_eq!(
        error,
        "`/bin/sh` was not ready within 500ms: waited for a newline at its descriptor 3; the last look: it has closed \
         the descriptor without a newline"
    );
    assert!(begin.elapsed().unwrap() >= Duration::from_millis(500));
}

#[tokio::test]
async fn a_command_beside_the_process_gets_none_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let look = "test -z \"$LISTEN_FDS\" && ! test -e /proc/self/fd/3";
    let process = shell("exec sleep 1000")
        .listen(Socket::unix(dir.path().join("socket")))
        .ready(Ready::command(["sh", "-c", look]))
        .ready_timeout(Duration::from_secs(500));

    assert!(started(&tree([process.into_child("child")])).await);
}
