//! What supervisor, warden and reapers say to each other.
//!
//! Everything is a message of a packet socket, in the byte order and word size of the machine: both ends are the same
//! build, or two that say so to each other with [`VERSION`]. Nothing here does I/O.

use crate::spec::{CGROUP_LIMITS, CgroupLimits};
use crate::sys::{Extra, LONGEST_PAYLOAD, Layout, MOST_EXTRA, Program, Session};

/// Both ends have to speak the same version.
pub(crate) const VERSION: u32 = 6;

/// The first word of a message to the warden.
const SETUP: usize = 0x5741_0001;
const REAPERS: usize = 0x5741_0002;

/// The first word of an order to a reaper.
const LAUNCH: usize = 0x5741_0003;

/// The descriptors that go with an order to launch, in this order. Any of them may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Descriptor {
    /// The directory from which relative paths count.
    BeginIn,
    Stdin,
    Stdout,
    Stderr,
    /// A file that holds the rest, if it is too long for a message.
    File,
}

impl Descriptor {
    pub(crate) const ALL: [Self; 5] = [Self::BeginIn, Self::Stdin, Self::Stdout, Self::Stderr, Self::File];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What the warden is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToWarden {
    /// Begin. A descriptor of the supervisor goes with it.
    Setup { version: u32, cgroup: bool },
    /// Start reapers. Their ends of their lines go with it. With a cgroup, each makes one before it is asked for it.
    Reapers { cgroup: bool },
}

/// How long a message to the warden is at most.
pub(crate) const LONGEST_TO_WARDEN: usize = 3 * WORD;

/// How an order begins, before the table and the strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaunchHeader {
    pub(crate) layout: Layout,
    /// Which descriptors there are.
    descriptors: u32,
    /// Whether the child is to have a cgroup, which takes a warden that has some, and what is limited there.
    pub(crate) cgroup: Option<CgroupLimits>,
    pub(crate) session: Session,
    /// The numbers of the descriptors that come behind those, in a list in front of the table.
    extra: usize,
    /// How long the whole order is; longer than the message if the order is in a file.
    pub(crate) bytes: usize,
}

const WORD: usize = size_of::<usize>();
/// The words of a header: kind, descriptors, length, three counts, whether a cgroup is wanted, how many words follow
/// that the program is to inherit, which session it leads, how many descriptors it gets beside the first three, and
/// 1 more than the place of the variable that it puts itself, or 0; and the limits of the cgroup.
const HEADER: usize = (LIMITS_AT + CGROUP_LIMITS) * WORD;
const LIMITS_AT: usize = 11;

impl ToWarden {
    pub(crate) fn encode(self) -> Vec<u8> {
        match self {
            Self::Setup { version, cgroup } => words(&[SETUP, version as usize, usize::from(cgroup)]),
            Self::Reapers { cgroup } => words(&[REAPERS, usize::from(cgroup)]),
        }
    }

    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        let word = |at| word(message, at);
        match word(0)? {
            SETUP => Some(Self::Setup { version: u32::try_from(word(1)?).ok()?, cgroup: word(2)? != 0 }),
            REAPERS => Some(Self::Reapers { cgroup: word(1)? != 0 }),
            _ => None,
        }
    }
}

/// An order to launch, ready to be sent.
pub(crate) struct LaunchOrder {
    pub(crate) bytes: Vec<u8>,
}

impl LaunchOrder {
    /// Describes a program. `descriptors` are those that will go along.
    pub(crate) fn encode(
        program: &Program,
        descriptors: &[Descriptor],
        cgroup: Option<CgroupLimits>,
    ) -> Self {
        let lists = [&program.candidates, &program.argv, &program.env];
        let directory = program.directory.as_ref().map_or(&[][..], |it| it.as_bytes_with_nul());
        let [candidates, argv, env] = lists.map(|list| list.places().len());
        let entries = candidates + argv + env + lists.len() + 1;
        let strings = lists.iter().map(|list| list.bytes().len()).sum::<usize>() + directory.len();
        let (inherited, extra) = (program.inherited.len(), program.extra.len());
        let mut place = HEADER + (extra + inherited) * size_of::<u64>() + entries * WORD;
        let bytes = place + strings.max(1);
        let descriptors = descriptors.iter().fold(0, |all, one| all | one.bit());
        let mut message = Vec::with_capacity(bytes);
        let mut put = |word: usize| message.extend_from_slice(&word.to_ne_bytes());
        let header = [LAUNCH, descriptors as usize, bytes, candidates, argv, env];
        let pid_variable = program.pid_variable.map_or(0, |at| at + 1);
        let more = [usize::from(cgroup.is_some()), inherited, program.session as usize, extra, pid_variable];
        header.into_iter().chain(more).for_each(&mut put);
        // A limit that does not fit into a word of this machine is none that it could reach.
        let limits = cgroup.unwrap_or_default().values;
        limits.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)).into_iter().for_each(&mut put);
        let numbers = program.extra.iter().map(|(number, _)| u64::from(*number));
        numbers.for_each(|word| message.extend_from_slice(&word.to_ne_bytes()));
        program.inherited.iter().for_each(|word| message.extend_from_slice(&word.to_ne_bytes()));
        let mut put = |word: usize| message.extend_from_slice(&word.to_ne_bytes());
        for list in lists {
            list.places().iter().for_each(|at| put(place + at));
            put(0);
            place += list.bytes().len();
        }
        put(if directory.is_empty() { 0 } else { place });
        lists.iter().for_each(|list| message.extend_from_slice(list.bytes()));
        message.extend_from_slice(directory);
        // An order ends with a zero, also if there is no string in it.
        message.resize(bytes, 0);
        Self { bytes: message }
    }

    /// Whether it is too long for a message, and has to go as a file.
    pub(crate) fn is_too_long(&self) -> bool {
        self.bytes.len() > LONGEST_PAYLOAD
    }

    /// What is sent if the whole is in a file that goes along.
    pub(crate) fn header(&self) -> &[u8] {
        &self.bytes[..HEADER]
    }
}

impl LaunchHeader {
    /// Reads the beginning of an order. Allocates nothing, for the reaper's sake.
    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        let word = |at| word(message, at);
        if word(0)? != LAUNCH {
            return None;
        }
        let (inherited, extra) = (word(7)?, word(9)?);
        let table = inherited.checked_add(extra)?.checked_mul(size_of::<u64>())?.checked_add(HEADER)?;
        let counts = [word(3)?, word(4)?, word(5)?];
        let layout = Layout { inherited, pid_variable: word(10)?.checked_sub(1), table, counts };
        let descriptors = u32::try_from(word(1)?).ok()?;
        let session = Session::from_number(word(8)?);
        let mut limits = CgroupLimits::default();
        for (number, limit) in limits.values.iter_mut().enumerate() {
            *limit = word(LIMITS_AT + number)? as u64;
        }
        let cgroup = (word(6)? != 0).then_some(limits);
        Some(Self { layout, descriptors, bytes: word(2)?, cgroup, session, extra })
    }

    /// Which descriptor is which, of those that came along, and those that come behind them with no kind. `None` if
    /// some are missing.
    pub(crate) fn sort(&self, came: &[i32]) -> Option<Sorted> {
        let mut sorted = [None; Descriptor::ALL.len()];
        let mut came = came.iter().copied();
        for (place, which) in sorted.iter_mut().zip(Descriptor::ALL) {
            if self.descriptors & which.bit() != 0 {
                *place = Some(came.next().filter(|fd| *fd >= 0)?);
            }
        }
        let mut rest = [None; MOST_EXTRA];
        for place in rest.get_mut(..self.extra)? {
            *place = Some(came.next().filter(|fd| *fd >= 0)?);
        }
        Some((sorted, rest))
    }

    /// What becomes of those without a kind, by the numbers in the order. `None` if it makes no sense.
    pub(crate) fn extra(&self, order: &[u8], came: [Option<i32>; MOST_EXTRA]) -> Option<Extra> {
        let mut extra = Extra::default();
        let first = self.layout.table - (self.extra + self.layout.inherited) * size_of::<u64>();
        let numbers = order.get(first..)?.chunks_exact(size_of::<u64>());
        for ((place, from), number) in extra.places.iter_mut().zip(came).zip(numbers).take(self.extra) {
            let number = u64::from_ne_bytes(number.try_into().ok()?);
            *place = Some((from?, i32::try_from(number).ok().filter(|number| *number > 2)?));
        }
        Some(extra)
    }
}

/// Descriptors by their kinds, and those that have none.
pub(crate) type Sorted = ([Option<i32>; Descriptor::ALL.len()], [Option<i32>; MOST_EXTRA]);

fn word(message: &[u8], at: usize) -> Option<usize> {
    let bytes = message.get(at * WORD..)?.first_chunk::<WORD>()?;
    Some(usize::from_ne_bytes(*bytes))
}

fn words(words: &[usize]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// What a reaper says on its line, and the warden on its socket: a kind and three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FromWarden {
    /// The warden is there. Whether it can give each child a cgroup.
    Ready { cgroup: bool },
    /// The warden cannot do its work here.
    Unable { errno: i32 },
    /// The program runs. Its descriptor goes with this. `without` is 0, or why it has no cgroup although it was to have
    /// one.
    Started { pid: i32, reaper: i32, without: i32 },
    /// The program could not be started, and nothing is left of it.
    Refused { stage: i32, errno: i32 },
    /// The program has ended. `how` and `status` are waitid's. With `out_of_memory` the kernel has ended processes of
    /// its cgroup for want of memory. If no process is left, the reaper sends nothing after this.
    Ended { how: i32, status: i32, rest: SetRemainder, out_of_memory: bool },
    /// No process is left. The reaper sends nothing after this.
    Empty { rest: SetRemainder },
    /// A reaper has died, and the warden has ended all that it left behind.
    Swept { reaper: i32 },
}

/// What is left of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetRemainder {
    /// At least one process.
    Processes,
    /// Nothing, and the reaper waits for another order.
    Nothing,
    /// Nothing, and the reaper exits.
    NothingAndExits,
}

impl SetRemainder {
    fn from_number(number: i32) -> Option<Self> {
        [Self::Processes, Self::Nothing, Self::NothingAndExits]
            .into_iter()
            .find(|rest| *rest as i32 == number)
    }
}

/// Beside what is left of a set.
const OUT_OF_MEMORY: i32 = 0x100;

/// How long such a message is.
pub(crate) const REPLY: usize = 16;

impl FromWarden {
    pub(crate) fn encode(self) -> [u8; REPLY] {
        let numbers = match self {
            Self::Ready { cgroup } => [1, i32::from(cgroup), 0, 0],
            Self::Unable { errno } => [2, errno, 0, 0],
            Self::Started { pid, reaper, without } => [3, pid, reaper, without],
            Self::Refused { stage, errno } => [4, stage, errno, 0],
            Self::Ended { how, status, rest, out_of_memory } => {
                [5, how, status, rest as i32 | if out_of_memory { OUT_OF_MEMORY } else { 0 }]
            }
            Self::Empty { rest } => [6, rest as i32, 0, 0],
            Self::Swept { reaper } => [7, reaper, 0, 0],
        };
        let mut message = [0; REPLY];
        for (place, number) in message.chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_ne_bytes());
        }
        message
    }

    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        let message: &[u8; REPLY] = message.try_into().ok()?;
        let mut numbers = [0; 4];
        for (number, bytes) in numbers.iter_mut().zip(message.chunks_exact(4)) {
            *number = i32::from_ne_bytes(bytes.try_into().ok()?);
        }
        let [kind, a, b, c] = numbers;
        Some(match kind {
            1 => Self::Ready { cgroup: a != 0 },
            2 => Self::Unable { errno: a },
            3 => Self::Started { pid: a, reaper: b, without: c },
            4 => Self::Refused { stage: a, errno: b },
            5 => Self::Ended {
                how: a,
                status: b,
                rest: SetRemainder::from_number(c & !OUT_OF_MEMORY)?,
                out_of_memory: c & OUT_OF_MEMORY != 0,
            },
            6 => Self::Empty { rest: SetRemainder::from_number(a)? },
            7 => Self::Swept { reaper: a },
            _ => return None,
        })
    }
}

/// What a reaper is told: end everything, or send the program's group this signal while the program has not been
/// reaped. One that has nothing to do is told to get ready for the next order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ToReaper {
    Kill,
    Signal(i32),
    GetReady,
}

impl ToReaper {
    pub(crate) fn encode(self) -> [u8; 4] {
        match self {
            Self::Kill => 0_i32.to_ne_bytes(),
            Self::Signal(number) => number.to_ne_bytes(),
            Self::GetReady => (-1_i32).to_ne_bytes(),
        }
    }

    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        match i32::from_ne_bytes(message.try_into().ok()?) {
            0 => Some(Self::Kill),
            -1 => Some(Self::GetReady),
            number => Some(Self::Signal(number)),
        }
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
