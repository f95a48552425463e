//! What a process is to have and this program may not give it.
//!
//! No rule of the system's is repeated here: a process between clone and exec is given the attributes by the code that
//! starts programs, and says which of them was refused. It executes nothing, and ends at once.

use std::fs;
use std::io;
use std::path::Path;

use super::failure::{DescribedPart, ForeseenFailure};
use crate::launch::attributes::{asked, wanted};
use crate::launch::identity;
use crate::spec::{Attributes, Limit};
use crate::sys::{self, Inherited, Program, Session, SpawnFailure, SpawnStage, Stack, Texts, is_transient};

/// What of these attributes is refused, and what of them has no effect.
pub(super) fn foresee(attributes: &Attributes) -> Vec<ForeseenFailure> {
    let mut attributes = attributes.clone();
    if attributes.names_an_identity() {
        // A name that is not known is a mistake in the description, and is told elsewhere.
        attributes.identity = identity::look_up(&attributes).ok();
    }
    let absent = absent_processors(&attributes);
    let mut failures = Vec::new();
    while let Some(SpawnFailure { stage, error }) = refusal(&attributes) {
        let Some(about) = part(&attributes, stage) else { break };
        if is_transient(&error) {
            break;
        }
        let refused = only(&attributes, about);
        let Some(what) = asked(&refused, stage) else { break };
        let has_none = about == DescribedPart::Cpus && refused.cpus.as_ref() == Some(&absent);
        let why = if has_none { "this machine has none of them".to_owned() } else { error.to_string() };
        failures.push(ForeseenFailure::certain(about, format!("it cannot be given {what}: {why}")));
        attributes = without(attributes, about);
    }
    if attributes.cpus.is_some() && !absent.is_empty() {
        let reason = format!("it will not run on the processors {absent:?}, which this machine has not");
        failures.push(ForeseenFailure::possible(DescribedPart::Cpus, reason));
    }
    failures
}

/// How far a process comes that is given these attributes: to the exec of what is no program, if it is given all of
/// them. `None` if there is nothing to give, or if it cannot be found out.
fn refusal(attributes: &Attributes) -> Option<SpawnFailure> {
    let inherited = wanted(Inherited::now().ok()?, attributes).beyond(&Inherited::as_it_is().ok()?);
    if inherited.is_empty() {
        return None;
    }
    // The empty name is no program.
    let mut nothing = Texts::with_room(1, 0);
    nothing.push(&[b""]).ok()?;
    let program = Program {
        candidates: nothing,
        argv: Texts::default(),
        env: Texts::default(),
        directory: None,
        stdio: [const { None }; 3],
        extra: Vec::new(),
        pid_variable: None,
        session: Session::Ours,
        inherited,
    };
    sys::spawn(&program, &mut Stack::new()).err()
}

/// The part of the description that is refused at this stage.
fn part(attributes: &Attributes, stage: SpawnStage) -> Option<DescribedPart> {
    match stage {
        SpawnStage::Limits => {
            let mut limits = attributes.limits.keys().map(|limit| DescribedPart::Limit(*limit));
            let stage_of = |limit| refusal(&only(attributes, limit)).map(|refusal| refusal.stage);
            limits.find(|limit| stage_of(*limit) == Some(SpawnStage::Limits))
        }
        SpawnStage::Nice => Some(DescribedPart::Nice),
        SpawnStage::Cpus => Some(DescribedPart::Cpus),
        SpawnStage::OomScore => Some(DescribedPart::OomScore),
        SpawnStage::Capabilities if attributes.capabilities.is_some() => Some(DescribedPart::Capabilities),
        SpawnStage::Identity | SpawnStage::Capabilities => {
            let named = [
                (attributes.user.is_some(), DescribedPart::User),
                (attributes.group.is_some(), DescribedPart::Group),
                (attributes.groups.is_some(), DescribedPart::SupplementaryGroups),
            ];
            named.into_iter().find_map(|(is_named, part)| is_named.then_some(part))
        }
        SpawnStage::Clone
        | SpawnStage::SetUp
        | SpawnStage::Directory
        | SpawnStage::Exec
        | SpawnStage::Descriptors
        | SpawnStage::Group
        | SpawnStage::DeathSignal
        | SpawnStage::MemoryHigh
        | SpawnStage::MemoryMax
        | SpawnStage::PidsMax
        | SpawnStage::CpuMax
        | SpawnStage::CpuWeight
        | SpawnStage::Terminal => None,
    }
}

/// The same, and of several limits this one alone.
fn only(attributes: &Attributes, part: DescribedPart) -> Attributes {
    let mut attributes = attributes.clone();
    if let DescribedPart::Limit(only) = part {
        attributes.limits.retain(|limit, _| *limit == only);
    }
    attributes
}

/// The rest, without this part.
fn without(mut attributes: Attributes, part: DescribedPart) -> Attributes {
    match part {
        DescribedPart::Limit(refused) => attributes.limits.retain(|limit: &Limit, _| *limit != refused),
        DescribedPart::Nice => attributes.nice = None,
        DescribedPart::Cpus => attributes.cpus = None,
        DescribedPart::OomScore => attributes.oom_score = None,
        DescribedPart::Capabilities => attributes.capabilities = None,
        // What has no right to change the one has none to change the others.
        DescribedPart::User | DescribedPart::Group | DescribedPart::SupplementaryGroups => {
            (attributes.user, attributes.group, attributes.groups) = (None, None, None);
            attributes.identity = None;
        }
        DescribedPart::Program
        | DescribedPart::Argument(_)
        | DescribedPart::Variable(_)
        | DescribedPart::Directory
        | DescribedPart::EnvFile(_)
        | DescribedPart::Stdin
        | DescribedPart::LogFile
        | DescribedPart::Socket(_)
        | DescribedPart::Ready
        | DescribedPart::Health
        | DescribedPart::StopCommand
        | DescribedPart::Cgroup => {}
    }
    attributes
}

/// The processors that the machine has not. None where it does not tell.
fn absent_processors(attributes: &Attributes) -> Vec<usize> {
    let all = Path::new("/sys/devices/system/cpu");
    if !all.join("cpu0").exists() {
        return Vec::new();
    }
    let is_absent = |cpu: &usize| {
        let looked_at = fs::metadata(all.join(format!("cpu{cpu}")));
        looked_at.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    attributes.cpus.iter().flatten().copied().filter(is_absent).collect()
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::{Resource, getrlimit};
    use nix::unistd::Uid;

    use super::*;

    /// No machine has this one.
    const NO_CPU: usize = 1023;

    fn told(attributes: &Attributes) -> Vec<(DescribedPart, bool, String)> {
        let of = |it: &ForeseenFailure| (it.about(), it.is_certain(), it.to_string());
        foresee(attributes).iter().map(of).collect()
    }

    #[test]
    fn what_may_be_given_is_not_told() {
        let limits = [(Limit::OpenFiles, (64, 64))].into();
        let attributes = Attributes {
            limits,
            nice: Some(19),
            umask: Some(0o77),
            no_new_privs: true,
            ..Attributes::default()
        };

        assert_eq!(told(&attributes), []);
        assert_eq!(told(&Attributes::default()), []);
    }

    #[test]
    fn processors_that_the_machine_has_not_are_told_and_are_certain_if_there_is_no_other() {
        let on = |cpus: &[usize]| told(&Attributes { cpus: Some(cpus.to_vec()), ..Attributes::default() });
        let ours = std::fs::read_to_string("/proc/self/status").unwrap();
        let ours = ours.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        let one = ours.trim().split([',', '-']).next().unwrap().parse().unwrap();

        let none = "it cannot be given the processors [1023]: this machine has none of them";
        assert_eq!(on(&[NO_CPU]), [(DescribedPart::Cpus, true, none.to_owned())]);
        let some = "it will not run on the processors [1023], which this machine has not";
        assert_eq!(on(&[one, NO_CPU]), [(DescribedPart::Cpus, false, some.to_owned())]);
        assert_eq!(on(&[one]), []);
    }

    /// Each is told, and not the first alone. Root may give all of it.
    #[test]
    fn what_a_user_has_no_right_to_is_told_each_at_its_part() {
        let (_, hard) = getrlimit(Resource::RLIMIT_CORE).unwrap();
        let attributes = Attributes {
            user: Some(if Uid::effective().is_root() { "nobody" } else { "root" }.to_owned()),
            limits: [(Limit::OpenFiles, (64, u64::MAX)), (Limit::CoreSize, (0, hard))].into(),
            capabilities: Some(vec!["net_bind_service".to_owned()]),
            ..Attributes::default()
        };

        let told = told(&attributes);

        let parts: Vec<_> = told.iter().map(|(part, is_certain, _)| (*part, *is_certain)).collect();
        // Also for root there are no more descriptors than the system has.
        let limit = (DescribedPart::Limit(Limit::OpenFiles), true);
        if Uid::effective().is_root() {
            assert_eq!(parts, [limit], "{told:?}");
        } else {
            let (capabilities, user) = ((DescribedPart::Capabilities, true), (DescribedPart::User, true));
            assert!([limit, capabilities, user].iter().all(|part| parts.contains(part)), "{told:?}");
        }
        assert!(told[0].2.contains("the limits open_files = 64 to unlimited: "), "{told:?}");
    }
}
