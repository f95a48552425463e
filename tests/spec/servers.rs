//! Real servers as children of the demo work: one of them, that is quick. `tests/servers/run` has the others.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

#[test]
fn a_real_server_is_started_crashes_is_restarted_on_the_same_port_and_stops() {
    let demo = Path::new(env!("CARGO_BIN_EXE_soak")).with_file_name("rootward-demo");
    if !demo.exists() {
        eprintln!("left out: the demo has not been built; `cargo build -p rootward-demo` does that");
        return;
    }
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port is free");

    let run = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/servers/run"))
        .arg("redis")
        .env("ROOTWARD_DEMO", demo)
        .env("ROOTWARD_PORT", free.port().to_string())
        .output()
        .expect("bash is there");

    let said = String::from_utf8_lossy(&run.stdout);
    if said.starts_with("LEFT OUT: redis: there is no ") {
        eprintln!("{}", said.trim_end());
        return;
    }
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.lines().any(|line| line == "ok: redis"), "{said}");
}
