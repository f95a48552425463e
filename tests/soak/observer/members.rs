//! Every process that has reported.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use rootward_tests::Known;

/// The register to which processes report, and those that are not known to be dead.
#[derive(Debug)]
pub(super) struct Members {
    directory: PathBuf,
    path: String,
    known: Arc<Mutex<BTreeSet<Known>>>,
}

impl Members {
    pub(super) fn open() -> Result<Self, String> {
        let directory = std::env::temp_dir().join(format!("rootward-soak-{}", std::process::id()));
        std::fs::create_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let file = directory.join("register");
        let path =
            file.to_str().ok_or("the directory for temporary files has no path of letters")?.to_owned();
        let members = Self { directory, path, known: Arc::default() };
        mkfifo(&file, Mode::S_IRUSR | Mode::S_IWUSR).map_err(|error| format!("{}: {error}", members.path))?;
        // Also a way in, so that there is no end of it. The thread goes with this program.
        let both_ways = OpenOptions::new().read(true).write(true).open(&file);
        let register = both_ways.map_err(|error| format!("{}: {error}", members.path))?;
        let known = Arc::clone(&members.known);
        thread::spawn(move || {
            for line in BufReader::new(register).lines().map_while(Result::ok) {
                if let Some(Ok(member)) = line.strip_prefix("member ").map(str::parse) {
                    locked(&known).insert(member);
                }
            }
        });
        Ok(members)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Forgets the processes that have ended: in a long soak there are many.
    pub(super) fn forget_the_dead(&self) {
        locked(&self.known).retain(|member| member.is_alive());
    }

    /// The processes that are alive, whether or not they have reported.
    pub(super) fn survivors(&self) -> BTreeSet<Known> {
        let mut alive: BTreeSet<Known> = Known::all_that_mention(&self.path).into_iter().collect();
        alive.extend(locked(&self.known).iter().copied().filter(|member| member.is_alive()));
        alive
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn locked(known: &Mutex<BTreeSet<Known>>) -> MutexGuard<'_, BTreeSet<Known>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
