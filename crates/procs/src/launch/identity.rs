//! Looks users and groups up in the system's database.

use std::ffi::CString;
use std::io;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use crate::spec::{Attributes, Identity, Process, variables_of};

/// Why a user or a group was not found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotFound {
    #[error("there is no user `{0}`")]
    User(String),
    #[error("there is no group `{0}`")]
    Group(String),
    /// There is a number for it and nothing else.
    #[error("the system knows no group for user {0}, so that one has to be named")]
    GroupOf(String),
    #[error("user or group `{name}` cannot be looked up: {source}")]
    Lookup { name: String, source: io::Error },
}

/// What cannot be looked up, in words that complete "`root/web`: …". This may block.
pub(crate) fn problem_with_identity(process: &Process) -> Option<String> {
    let attributes = &process.command().attributes;
    if !attributes.names_an_identity() {
        return None;
    }
    // What a database in the network does not say now it may say when the process is started.
    look_up(attributes)
        .err()
        .filter(|error| !matches!(error, NotFound::Lookup { .. }))
        .map(|it| it.to_string())
}

/// Looks up what is named. This may block.
pub(super) fn look_up(wanted: &Attributes) -> Result<Identity, NotFound> {
    let (uid, user) = match &wanted.user {
        Some(name) => find_user(name).map(|(uid, user)| (Some(uid), user))?,
        None => (None, None),
    };
    let gid = match (&wanted.group, &user, uid) {
        (Some(name), _, _) => Some(find_group(name)?),
        (None, Some(user), _) => Some(user.gid),
        (None, None, Some(uid)) => return Err(NotFound::GroupOf(uid.to_string())),
        (None, None, None) => None,
    };
    let groups = match (&wanted.groups, &user, gid) {
        (Some(names), _, _) => Some(names.iter().map(|name| find_group(name)).collect::<Result<_, _>>()?),
        (None, Some(user), Some(gid)) => Some(groups_of(&user.name, gid)?),
        // A number without an entry is in its one group.
        (None, None, Some(gid)) if uid.is_some() => Some(vec![gid]),
        (None, _, _) => None,
    };
    Ok(Identity {
        uid: uid.map(Uid::as_raw),
        gid: gid.map(Gid::as_raw),
        groups: groups.map(|groups: Vec<Gid>| groups.into_iter().map(Gid::as_raw).collect()),
        groups_asked: wanted.groups.is_some(),
        variables: user.map(|user| variables_of(&user.name, user.dir, user.shell)).unwrap_or_default(),
    })
}

/// A name before a number: a user may be called 1000.
fn find_user(name: &str) -> Result<(Uid, Option<User>), NotFound> {
    let lookup = |error| NotFound::Lookup { name: name.to_owned(), source: io::Error::from(error) };
    if let Some(user) = User::from_name(name).map_err(lookup)? {
        return Ok((user.uid, Some(user)));
    }
    let uid = number(name).map(Uid::from_raw).ok_or_else(|| NotFound::User(name.to_owned()))?;
    Ok((uid, User::from_uid(uid).map_err(lookup)?))
}

fn find_group(name: &str) -> Result<Gid, NotFound> {
    let lookup = |error| NotFound::Lookup { name: name.to_owned(), source: io::Error::from(error) };
    match Group::from_name(name).map_err(lookup)? {
        Some(group) => Ok(group.gid),
        None => number(name).map(Gid::from_raw).ok_or_else(|| NotFound::Group(name.to_owned())),
    }
}

/// The number that a text is. The last one stands for no user and no group.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number != u32::MAX)
}

fn groups_of(user: &str, gid: Gid) -> Result<Vec<Gid>, NotFound> {
    let lookup = |source| NotFound::Lookup { name: user.to_owned(), source };
    let name = CString::new(user).map_err(|_| NotFound::User(user.to_owned()))?;
    getgrouplist(&name, gid).map_err(|error| lookup(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(user: Option<&str>, group: Option<&str>) -> Attributes {
        Attributes { user: user.map(Into::into), group: group.map(Into::into), ..Default::default() }
    }

    #[test]
    fn a_user_has_a_group_and_groups_and_variables() {
        let root = look_up(&wanted(Some("root"), None)).unwrap();

        assert_eq!((root.uid, root.gid), (Some(0), Some(0)));
        assert!(root.groups.unwrap().contains(&0));
        assert!(root.variables.contains(&("USER", "root".into())), "{:?}", root.variables);
        assert_eq!(look_up(&wanted(Some("0"), None)).unwrap().variables, root.variables);
    }

    #[test]
    fn a_number_without_an_entry_needs_a_group() {
        let error = look_up(&wanted(Some("4000000001"), None)).unwrap_err().to_string();
        assert_eq!(error, "the system knows no group for user 4000000001, so that one has to be named");

        let it = look_up(&wanted(Some("4000000001"), Some("4000000002"))).unwrap();
        assert_eq!((it.uid, it.gid), (Some(4_000_000_001), Some(4_000_000_002)));
        assert_eq!((it.groups.as_deref(), it.variables.len()), (Some(&[4_000_000_002][..]), 0));
    }

    #[test]
    fn what_is_unknown_is_named() {
        let named = |user, group| look_up(&wanted(user, group)).unwrap_err().to_string();

        assert_eq!(named(Some("no-such-user"), None), "there is no user `no-such-user`");
        assert_eq!(named(None, Some("no-such-group")), "there is no group `no-such-group`");
        assert_eq!(named(Some("4294967295"), Some("0")), "there is no user `4294967295`");
    }
}
