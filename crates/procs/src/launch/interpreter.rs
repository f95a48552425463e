//! What executes a file: the interpreters behind `#!` lines, one behind the other, or the loader of a binary, as the
//! kernel finds them.
//!
//! Reads as much of a file as the kernel does, and executes nothing. What a file cannot be read for is unknown.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::image;

/// How much of the beginning of a file the kernel looks at.
const HEAD: usize = 256;

/// How many interpreters the kernel follows (`exec_binprm` of its `fs/exec.c`).
const DEEPEST: usize = 5;

/// How many bytes the table may have in which a binary names its loader.
const LONGEST_TABLE: usize = 1 << 16;

/// What a file is for the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It begins with `#!`, and names an interpreter.
    Script(PathBuf),
    /// It begins with `#!`, and names none.
    Nameless,
    /// A binary that this machine may execute, with its loader if it has one.
    Binary(Option<PathBuf>),
    /// A binary for another machine, and the name of that, if it is known.
    Foreign(Option<&'static str>),
    Empty,
    Other,
    /// It is not there, is no regular file, or cannot be read.
    Unknown,
}

/// A file that takes part in the execution of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExecLink {
    /// As the file before it names it.
    pub(super) name: PathBuf,
    pub(super) file: PathBuf,
    pub(super) form: Form,
}

/// A program, its interpreter, the interpreter of that, and so on, or its loader.
#[derive(Debug)]
pub(super) struct ExecChain {
    /// One at least.
    links: Vec<ExecLink>,
    /// Whether the kernel does not follow it to its end.
    pub(super) is_too_long: bool,
}

impl ExecChain {
    /// Looks at the files that execute a program in this directory.
    pub(super) fn of(program: &Path, directory: &Path) -> Self {
        let mut links = vec![link(program.to_owned(), Path::new(""))];
        for _ in 0..=DEEPEST {
            let next = match links.last().map(|last| &last.form) {
                Some(Form::Script(interpreter)) => interpreter.clone(),
                Some(Form::Binary(Some(loader))) => {
                    let file = directory.join(loader);
                    links.push(ExecLink { name: loader.clone(), file, form: Form::Binary(None) });
                    return Self { links, is_too_long: false };
                }
                _ => return Self { links, is_too_long: false },
            };
            links.push(link(next, directory));
        }
        // The last one is not looked at.
        links.pop();
        Self { links, is_too_long: true }
    }

    pub(super) fn links(&self) -> &[ExecLink] {
        &self.links
    }

    /// What the program needs and is not there, and the interpreter that needs it if that is not the program itself.
    pub(super) fn missing(&self) -> Option<(&ExecLink, Option<&ExecLink>)> {
        let [.., needs, last] = &self.links[..] else { return None };
        let behind = Some(needs).filter(|_| self.links.len() > 2);
        image::is_not_there(&last.file).then_some((last, behind))
    }

    /// The file on whose form it depends whether the program is executed, and whether that is an interpreter.
    pub(super) fn last(&self) -> (&ExecLink, bool) {
        // A loader has the form that it needs, as far as this is looked at.
        let last = self.links.iter().rev().find(|link| link.form != Form::Binary(None));
        let last = last.or_else(|| self.links.last()).expect("the program is one");
        (last, *last != self.links[0])
    }
}

fn link(name: PathBuf, directory: &Path) -> ExecLink {
    let file = directory.join(&name);
    let form = form_of(&file).unwrap_or(Form::Unknown);
    ExecLink { name, file, form }
}

fn form_of(path: &Path) -> io::Result<Form> {
    // Only a regular file: to open a FIFO would wait.
    if !fs::metadata(path)?.is_file() {
        return Ok(Form::Unknown);
    }
    let file = File::open(path)?;
    let head = read_up_to(&file, 0, HEAD)?;
    Ok(match &head[..] {
        [] => Form::Empty,
        [b'#', b'!', line @ ..] => interpreter_in(line).map_or(Form::Nameless, Form::Script),
        [0x7f, b'E', b'L', b'F', ..] => binary(&file, &head),
        _ => Form::Other,
    })
}

/// The interpreter that stands behind `#!`.
fn interpreter_in(line: &[u8]) -> Option<PathBuf> {
    let line = line.split(|byte| *byte == b'\n').next()?;
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let begin = line.iter().position(|byte| !is_blank(byte))?;
    let line = &line[begin..];
    let end = line.iter().position(|byte| is_blank(byte) || *byte == 0).unwrap_or(line.len());
    (end > 0).then(|| PathBuf::from(OsStr::from_bytes(&line[..end])))
}

/// Where the fields stand in the headers of a binary.
struct HeaderLayout {
    table: usize,
    entry_size: usize,
    entries: usize,
    /// In an entry of the table.
    offset: usize,
    length: usize,
    /// How many bytes an offset has.
    word: usize,
}

const OF_32_BITS: HeaderLayout =
    HeaderLayout { table: 28, entry_size: 42, entries: 44, offset: 4, length: 16, word: 4 };
const OF_64_BITS: HeaderLayout =
    HeaderLayout { table: 32, entry_size: 54, entries: 56, offset: 8, length: 32, word: 8 };

fn binary(file: &File, head: &[u8]) -> Form {
    const NATIVE_ORDER: u8 = if cfg!(target_endian = "little") { 1 } else { 2 };
    let layout = match head.get(4) {
        Some(1) => OF_32_BITS,
        Some(2) => OF_64_BITS,
        _ => return Form::Other,
    };
    if head.get(5) != Some(&NATIVE_ORDER) {
        return Form::Foreign(None);
    }
    let Some(machine) = number(head, 18, 2) else { return Form::Other };
    if !OURS.is_empty() && !OURS.contains(&machine) {
        let known = MACHINES.iter().find(|(number, _)| *number == machine);
        return Form::Foreign(known.map(|(_, name)| *name));
    }
    Form::Binary(loader(file, head, &layout))
}

/// The loader that a binary names (`PT_INTERP`).
fn loader(file: &File, head: &[u8], layout: &HeaderLayout) -> Option<PathBuf> {
    const LOADER: u64 = 3;
    let entry_size = usize::try_from(number(head, layout.entry_size, 2)?).ok().filter(|size| *size > 0)?;
    let entries = usize::try_from(number(head, layout.entries, 2)?).ok()?;
    let bytes = entry_size.checked_mul(entries).filter(|bytes| *bytes <= LONGEST_TABLE)?;
    let table = read_up_to(file, number(head, layout.table, layout.word)?, bytes).ok()?;
    let entry = table.chunks_exact(entry_size).find(|entry| number(entry, 0, 4) == Some(LOADER))?;
    let length = usize::try_from(number(entry, layout.length, layout.word)?).ok()?;
    let longest = usize::try_from(libc::PATH_MAX).unwrap_or(4096);
    let text = read_up_to(
        file,
        number(entry, layout.offset, layout.word)?,
        Some(length).filter(|it| *it <= longest)?,
    )
    .ok()?;
    let text = text.split(|byte| *byte == 0).next().filter(|text| !text.is_empty())?;
    Some(PathBuf::from(OsStr::from_bytes(text)))
}

/// A number of so many bytes, in the machine's order.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    let byte = |(place, byte): (usize, &u8)| u64::from(*byte) << (8 * place);
    Some(if cfg!(target_endian = "little") {
        bytes.iter().enumerate().map(byte).sum()
    } else {
        bytes.iter().rev().enumerate().map(byte).sum()
    })
}

/// So many bytes of a file, or as many as it has.
fn read_up_to(file: &File, mut at: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match file.read_at(&mut bytes[filled..], at)? {
            0 => break,
            read => (filled, at) = (filled + read, at.saturating_add(read as u64)),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// The machines whose binaries this one may execute: itself, and the one of 32 bits that it can be. Empty if it is not
/// known.
const OURS: &[u64] = if cfg!(target_arch = "x86_64") {
    &[62, 3]
} else if cfg!(target_arch = "aarch64") {
    &[183, 40]
} else {
    &[]
};

/// What machines are called, by their numbers in a binary.
const MACHINES: [(u64, &str); 9] = [
    (3, "x86"),
    (8, "mips"),
    (20, "powerpc"),
    (21, "powerpc64"),
    (22, "s390"),
    (40, "arm"),
    (62, "x86-64"),
    (183, "aarch64"),
    (243, "riscv"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn form(contents: &[u8]) -> Form {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, contents).unwrap();
        form_of(&path).unwrap()
    }

    #[test]
    fn an_interpreter_is_what_the_kernel_takes_for_one() {
        let found = |contents: &str| form(contents.as_bytes());
        let script = |interpreter: &str| Form::Script(interpreter.into());

        assert_eq!(found("#!/bin/sh\n"), script("/bin/sh"));
        assert_eq!(found("#! \t/usr/bin/env sh -x\necho"), script("/usr/bin/env"));
        assert_eq!(found("#!/bin/sh\r\n"), script("/bin/sh\r"));
        assert_eq!(found("#!\r\n"), script("\r"));
        assert_eq!(
            (found("#!\n"), found("#!  "), found("#!")),
            (Form::Nameless, Form::Nameless, Form::Nameless)
        );
        assert_eq!((found("echo"), found("#"), found("")), (Form::Other, Form::Other, Form::Empty));
    }

    #[test]
    fn interpreters_are_followed_as_deep_as_the_kernel_does() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            use std::os::unix::fs::PermissionsExt as _;
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("0", "#!/bin/true\n");
        for depth in 1..8 {
            write(&depth.to_string(), &format!("#!{}\n", depth - 1));
        }
        for depth in 0..8 {
            let program = directory.path().join(depth.to_string());

            let ran = std::process::Command::new(&program).current_dir(directory.path()).status();

            let is_refused = ran.is_err_and(|error| error.raw_os_error() == Some(libc::ELOOP));
            assert_eq!(ExecChain::of(&program, directory.path()).is_too_long, is_refused, "{depth}");
        }
    }

    #[test]
    fn the_loader_of_a_binary_is_the_one_that_it_names() {
        for layout in [(1, OF_32_BITS, 52_usize), (2, OF_64_BITS, 64)] {
            let (class, layout, header) = layout;
            let entry_size = if class == 1 { 32 } else { 56 };
            let of = |machine: u64, length: u64| {
                let mut file = vec![0; header + 2 * entry_size];
                file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1]);
                let mut put = |at: usize, width: usize, value: u64| {
                    file[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
                };
                put(18, 2, machine);
                put(layout.table, layout.word, header as u64);
                put(layout.entry_size, 2, entry_size as u64);
                put(layout.entries, 2, 2);
                let second = header + entry_size;
                put(second, 4, 3);
                put(second + layout.offset, layout.word, (header + 2 * entry_size) as u64);
                put(second + layout.length, layout.word, length);
                file.extend(b"/no/ld.so\0rest");
                form(&file)
            };
            let Some(ours) = OURS.first().copied().filter(|_| cfg!(target_endian = "little")) else { return };

            assert_eq!(of(ours, 10), Form::Binary(Some("/no/ld.so".into())), "{class}");
            assert_eq!(of(ours, 1 << 20), Form::Binary(None), "longer than a path");
            assert_eq!(of(243, 10), Form::Foreign(Some("riscv")));
            assert_eq!(of(0xffff, 10), Form::Foreign(None));
        }
        assert_eq!(form(b"\x7fELF"), Form::Other);
        assert_eq!(form(b"\x7fELF\x02\x02"), Form::Foreign(None));
        let shell = ExecChain::of(Path::new("/bin/sh"), Path::new("/"));
        assert!(shell.missing().is_none() && !shell.last().1, "{shell:?}");
    }
}
