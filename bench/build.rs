//! Builds the programs that are started as processes.
//!
//! They are static and have no runtime, so that what is measured is the start of a program and not its dynamic linker.
//! Cargo cannot build such programs beside ordinary ones, and so the compiler is called directly.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to"));
    println!("cargo::rerun-if-changed=programs");
    let compiler =
        Command::new(env::var_os("RUSTC").expect("cargo says which compiler")).arg("--version").output();
    let version = String::from_utf8(compiler.expect("it can be run").stdout).expect("it is text");
    println!("cargo::rustc-env=COMPILER={}", version.split('(').next().unwrap_or_default().trim());
    for program in ["idle", "chatter"] {
        let built = out.join(program);
        let status = Command::new(env::var_os("RUSTC").expect("cargo says which compiler"))
            .arg(format!("programs/{program}.rs"))
            .args([
                "--edition=2024",
                "-O",
                "-A",
                "dead_code",
                "-C",
                "panic=abort",
                "-C",
                "relocation-model=static",
            ])
            .args(["-C", "link-arg=-nostartfiles", "-C", "link-arg=-static", "-C", "strip=symbols"])
            .arg("-o")
            .arg(&built)
            .status()
            .expect("the compiler can be run");
        assert!(status.success(), "the program {program} cannot be built");
        println!("cargo::rustc-env=PROGRAM_{}={}", program.to_uppercase(), built.display());
    }
}
