//! The programs that are compared.

/// A program, and what it consists of.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The library's name, which is that of the directory as well.
    pub library: &'static str,
    /// The files of `shared/` that a user of this library would have to write.
    pub shared: &'static [&'static str],
    /// Whether it is another program with a library that has one already, so that its build says nothing new.
    pub variant: bool,
}

/// All of them, in the order of the tables.
pub const PROGRAMS: [Program; 7] = [
    Program { library: "rootward", shared: &[], variant: false },
    // Inside `#[tokio::main]`, as the peers are.
    Program { library: "rootward-embedded", shared: &[], variant: true },
    // The same, with a runtime of their own for tasks.
    Program { library: "rootward-two-runtimes", shared: &[], variant: true },
    Program {
        library: "tokio-graceful-shutdown",
        shared: &["process.rs", "run_process.rs", "limit.rs"],
        variant: false,
    },
    Program { library: "task-supervisor", shared: &["process.rs", "run_process.rs"], variant: false },
    Program { library: "ractor-supervisor", shared: &["process.rs"], variant: false },
    Program { library: "tokio-util", shared: &["process.rs", "run_process.rs", "limit.rs"], variant: false },
];

impl Program {
    /// The name of its package and of its binary.
    pub fn package(&self) -> String {
        format!("with-{}", self.library)
    }
}
