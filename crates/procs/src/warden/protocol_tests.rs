//! What is said is what is heard.

use std::ffi::CString;

use super::*;
use crate::sys::Texts;

#[test]
fn what_is_said_is_what_is_heard() {
    for said in [
        FromWarden::Ready { cgroup: true },
        FromWarden::Unable { errno: 2 },
        FromWarden::Started { pid: 4711, reaper: 4710, without: libc::ENOENT },
        FromWarden::Refused { stage: 4, errno: libc::ENOENT },
        FromWarden::Ended {
            how: libc::CLD_KILLED,
            status: 9,
            rest: SetRemainder::NothingAndExits,
            out_of_memory: true,
        },
        FromWarden::Ended {
            how: libc::CLD_EXITED,
            status: 0,
            rest: SetRemainder::Processes,
            out_of_memory: false,
        },
        FromWarden::Empty { rest: SetRemainder::Nothing },
        FromWarden::Swept { reaper: 4710 },
    ] {
        assert_eq!(FromWarden::decode(&said.encode()), Some(said));
    }
    for said in [ToReaper::Kill, ToReaper::Signal(15), ToReaper::GetReady] {
        assert_eq!(ToReaper::decode(&said.encode()), Some(said));
    }
    for said in [ToWarden::Setup { version: VERSION, cgroup: true }, ToWarden::Reapers { cgroup: false }] {
        assert_eq!(ToWarden::decode(&said.encode()), Some(said));
        assert!(said.encode().len() <= LONGEST_TO_WARDEN);
    }
}

#[test]
fn what_makes_no_sense_is_not_heard() {
    assert_eq!(FromWarden::decode(&[9; REPLY]), None);
    assert_eq!(FromWarden::decode(&[0; REPLY - 1]), None);
    assert_eq!(ToReaper::decode(&[0; 3]), None);
    assert_eq!(ToWarden::decode(b"nonsense nonsense"), None);
    assert_eq!(ToWarden::decode(&[]), None);
    assert!(LaunchHeader::decode(&ToReaper::Kill.encode()).is_none());
    assert!(LaunchHeader::decode(&[1; 200]).is_none());
}

#[test]
fn an_order_tells_where_everything_stands() {
    let mut program = program(&["PATH=/bin"], Some("/srv"));
    program.inherited = vec![7, 8, 9];
    let limits = CgroupLimits { values: [1, 0, 3, 4, u64::MAX] };

    let order = LaunchOrder::encode(&program, &[Descriptor::Stdin, Descriptor::Stdout], Some(limits));

    let header = LaunchHeader::decode(&order.bytes).unwrap();
    assert_eq!((header.layout.counts, header.bytes), ([1, 2, 1], order.bytes.len()));
    assert_eq!(header.cgroup, Some(limits));
    assert_eq!(header.session, Session::OwnWithTerminal);
    let inherited = word(&order.bytes[header.layout.table - 8..], 0);
    assert_eq!((header.layout.inherited, inherited), (3, Some(9)));
    let table: Vec<usize> =
        (0..8).map(|entry| word(&order.bytes[header.layout.table..], entry).unwrap()).collect();
    assert_eq!([table[1], table[4], table[6]], [0; 3]);
    let strings = [0, 2, 3, 5, 7].map(|entry| string_at(&order.bytes, table[entry]));
    assert_eq!(strings, ["/bin/cat", "cat", "file", "PATH=/bin", "/srv"]);
}

#[test]
fn descriptors_are_told_apart_by_what_is_said_of_them() {
    let order = LaunchOrder::encode(&program(&[], None), &[Descriptor::BeginIn, Descriptor::Stderr], None);

    let header = LaunchHeader::decode(&order.bytes).unwrap();

    let (kinds, rest) = header.sort(&[10, 11, -1]).unwrap();
    assert_eq!((kinds, rest), ([Some(10), None, None, Some(11), None], [None; MOST_EXTRA]));
    assert_eq!(header.sort(&[10, -1]), None);
}

#[test]
fn descriptors_without_a_kind_come_last_and_have_numbers() {
    let null = || std::sync::Arc::new(std::fs::File::open("/dev/null").unwrap().into());
    let mut program = program(&["LISTEN_PID="], None);
    (program.extra, program.inherited) = (vec![(3, null()), (9, null())], vec![7]);
    program.pid_variable = Some(0);

    let order = LaunchOrder::encode(&program, &[Descriptor::Stdout], None);

    let header = LaunchHeader::decode(&order.bytes).unwrap();
    let (kinds, rest) = header.sort(&[20, 21, 22, -1]).unwrap();
    assert_eq!((kinds[2], rest[..3].to_vec()), (Some(20), vec![Some(21), Some(22), None]));
    let extra = header.extra(&order.bytes, rest).unwrap();
    assert_eq!(extra.places[..3], [Some((21, 3)), Some((22, 9)), None]);
    assert_eq!((header.layout.pid_variable, header.layout.inherited), (Some(0), 1));
    assert_eq!(word(&order.bytes[header.layout.table - 8..], 0), Some(7));
    assert_eq!(header.sort(&[20, 21, -1]), None);
}

#[test]
fn a_long_order_is_known_as_one() {
    let long = format!("A={}", "a".repeat(LONGEST_PAYLOAD));

    let order = LaunchOrder::encode(&program(&[&long], None), &[Descriptor::File], None);

    assert!(order.is_too_long());
    assert_eq!(LaunchHeader::decode(order.header()).unwrap().bytes, order.bytes.len());
    assert!(!LaunchOrder::encode(&program(&[], None), &[], None).is_too_long());
}

fn program(env: &[&str], directory: Option<&str>) -> Program {
    let strings = |all: &[&str]| {
        let mut texts = Texts::default();
        all.iter().for_each(|one| texts.push(&[one.as_bytes()]).unwrap());
        texts
    };
    Program {
        candidates: strings(&["/bin/cat"]),
        argv: strings(&["cat", "file"]),
        env: strings(env),
        directory: directory.map(|directory| CString::new(directory).unwrap()),
        stdio: [const { None }; 3],
        extra: Vec::new(),
        pid_variable: None,
        session: Session::OwnWithTerminal,
        inherited: Vec::new(),
    }
}

fn string_at(bytes: &[u8], place: usize) -> &str {
    std::ffi::CStr::from_bytes_until_nul(&bytes[place..]).unwrap().to_str().unwrap()
}
