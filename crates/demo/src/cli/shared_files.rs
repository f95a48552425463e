//! The completions and manual pages in `crates/demo/share`, which are made of the command line's own description.
//!
//! Absent on purpose: a command of the demo that writes them. They are files, for packages and for people.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;

const NAME: &str = "rootward-demo";

/// `UPDATE_SHARE=1 cargo test -p rootward-demo shared_files` writes them anew.
#[test]
fn completions_and_manual_pages_are_those_of_the_command_line() {
    let share = Path::new(env!("CARGO_MANIFEST_DIR")).join("share");
    let made = files();
    if env::var_os("UPDATE_SHARE").is_some() {
        let _ = fs::remove_dir_all(&share);
        for (file, text) in &made {
            let file = share.join(file);
            fs::create_dir_all(file.parent().expect("it stands in a directory")).expect("it can be made");
            fs::write(file, text).expect("it can be written");
        }
    }

    let kept = read(&share, &share);

    let names = |files: &BTreeMap<PathBuf, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&made), "write them anew with UPDATE_SHARE=1");
    for (file, text) in &made {
        assert_eq!(kept[file], *text, "{} is old: write it anew with UPDATE_SHARE=1", file.display());
    }
}

/// All of them, at the places that they have below a directory such as `/usr/share`.
fn files() -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for (shell, file) in [
        (Shell::Bash, format!("bash-completion/completions/{NAME}")),
        (Shell::Zsh, format!("zsh/site-functions/_{NAME}")),
        (Shell::Fish, format!("fish/vendor_completions.d/{NAME}.fish")),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), NAME, &mut text);
        files.insert(file.into(), String::from_utf8(text).expect("a script is text"));
    }
    let directory = tempfile::tempdir().expect("there is room for the pages");
    clap_mangen::generate_to(Cli::command(), directory.path()).expect("the pages can be written");
    for (page, text) in read(directory.path(), directory.path()) {
        files.insert(Path::new("man/man1").join(page), text);
    }
    files
}

fn read(top: &Path, directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files.extend(read(top, &path));
        } else {
            let text = fs::read_to_string(&path).expect("it is text");
            files.insert(path.strip_prefix(top).expect("it is below").to_owned(), text);
        }
    }
    files
}
