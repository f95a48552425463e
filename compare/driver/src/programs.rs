//! The programs that are compared.

/// A program, and what it consists of.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The library's name, which is that of the directory as well.
    pub library: &'static str,
    /// The files of `shared/` that a user of this library would have to write.
    pub shared: &'static [&'static str],
}

/// All of them, in the order of the tables.
pub const PROGRAMS: [Program; 7] = [
    Program { library: "rootward", shared: &[] },
    // Inside `#[tokio::main]`, as the peers are.
    Program { library: "rootward-embedded", shared: &[] },
    // The same, with a runtime of their own for tasks.
    Program { library: "rootward-two-runtimes", shared: &[] },
    Program { library: "tokio-graceful-shutdown", shared: &["process.rs", "run_process.rs", "limit.rs"] },
    Program { library: "task-supervisor", shared: &["process.rs", "run_process.rs"] },
    Program { library: "ractor-supervisor", shared: &["process.rs"] },
    Program { library: "tokio-util", shared: &["process.rs", "run_process.rs", "limit.rs"] },
];

impl Program {
    /// The name of its package and of its binary.
    pub fn package(&self) -> String {
        format!("with-{}", self.library)
    }
}
