//! What a program is to have that this one has not, because its description says so.

use crate::spec::{Attributes, capability_set};
use crate::sys::{CpuSet, Inherited, SpawnStage};

/// What a program is to have, from what it would inherit.
pub(super) fn wanted(mut inherited: Inherited, attributes: &Attributes) -> Inherited {
    if let Some(identity) = &attributes.identity {
        // A program without rights may name itself, although it could not even give itself the groups that it has.
        let is_itself = identity
            .uid
            .zip(identity.gid)
            .is_some_and(|(uid, gid)| !identity.groups_asked && inherited.is_bound_to(uid, gid));
        let groups = identity.groups.as_deref().filter(|_| !is_itself);
        inherited.become_user(identity.uid, identity.gid, groups);
    }
    for (limit, value) in &attributes.limits {
        inherited.set_limit(limit.number(), *value);
    }
    if let Some(mask) = attributes.umask {
        inherited.set_mask(mask);
    }
    if let Some(nice) = attributes.nice {
        inherited.set_nice(nice);
    }
    if let Some(cpus) = &attributes.cpus {
        inherited.set_cpus(set_of(cpus));
    }
    if let Some(score) = attributes.oom_score {
        inherited.set_oom_score(score);
    }
    if let Some(Ok(set)) = attributes.capabilities.as_deref().map(capability_set) {
        inherited.set_capabilities(set);
    }
    if attributes.no_new_privs {
        inherited.set_humble();
    }
    inherited
}

fn set_of(cpus: &[usize]) -> CpuSet {
    let mut set = CpuSet::default();
    for cpu in cpus {
        if let Some(word) = set.get_mut(cpu / 64) {
            *word |= 1 << (cpu % 64);
        }
    }
    set
}

/// What the description asks for of that which the system has refused, in words that follow "cannot be given".
pub(super) fn asked(attributes: &Attributes, refused: SpawnStage) -> Option<String> {
    match refused {
        SpawnStage::Limits if !attributes.limits.is_empty() => {
            let limits = attributes.limits.iter().map(|(limit, (soft, hard))| {
                let (soft, hard) = (value(*soft), value(*hard));
                let value = if soft == hard { soft } else { format!("{soft} to {hard}") };
                format!("{} = {value}", limit.name())
            });
            Some(format!("the limits {}", Vec::from_iter(limits).join(", ")))
        }
        SpawnStage::Nice => attributes.nice.map(|nice| format!("the nice value {nice}")),
        SpawnStage::Cpus => attributes.cpus.as_ref().map(|cpus| format!("the processors {cpus:?}")),
        SpawnStage::OomScore => attributes.oom_score.map(|score| format!("the OOM score adjustment {score}")),
        SpawnStage::Capabilities if attributes.capabilities.is_some() => {
            let names = attributes.capabilities.iter().flatten().map(String::as_str);
            let names = names.collect::<Vec<_>>().join(", ");
            Some(if names.is_empty() {
                "no capabilities".to_owned()
            } else {
                format!("the capabilities {names}")
            })
        }
        SpawnStage::Identity | SpawnStage::Capabilities => {
            let named = [("user", &attributes.user), ("group", &attributes.group)];
            let named =
                named.into_iter().find_map(|(what, name)| Some(format!("the {what} `{}`", name.as_ref()?)));
            let groups = || {
                attributes
                    .groups
                    .as_ref()
                    .map(|groups| format!("the supplementary groups {}", groups.join(", ")))
            };
            named.or_else(groups)
        }
        SpawnStage::Limits
        | SpawnStage::Clone
        | SpawnStage::SetUp
        | SpawnStage::Directory
        | SpawnStage::Exec
        | SpawnStage::MemoryHigh
        | SpawnStage::MemoryMax
        | SpawnStage::PidsMax
        | SpawnStage::CpuMax
        | SpawnStage::CpuWeight
        | SpawnStage::Descriptors
        | SpawnStage::Group
        | SpawnStage::DeathSignal
        | SpawnStage::Terminal => None,
    }
}

fn value(limit: u64) -> String {
    if limit == u64::MAX { "unlimited".to_owned() } else { limit.to_string() }
}
