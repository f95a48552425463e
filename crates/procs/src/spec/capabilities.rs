//! Which capabilities a process keeps.

/// The kernel's capabilities in the order of their numbers (`capabilities(7)`).
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The set of these capabilities, as the kernel has it.
///
/// # Errors
///
/// The first name that is none.
pub(crate) fn set_of(names: &[String]) -> Result<u64, &str> {
    names.iter().try_fold(0, |set, name| match number(name) {
        Some(number) => Ok(set | 1 << number),
        None => Err(name.as_str()),
    })
}

/// `net_raw`, and also `CAP_NET_RAW`.
fn number(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("cap_").unwrap_or(&name);
    NAMES.iter().position(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_the_kernels_numbers() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            set_of(&names).map_err(str::to_owned)
        };

        assert_eq!(of(&[]), Ok(0));
        assert_eq!(of(&["chown", "CAP_NET_BIND_SERVICE", "checkpoint_restore"]), Ok(1 | 1 << 10 | 1 << 40));
        assert_eq!(of(&["chown", "chwon"]), Err("chwon".to_owned()));
    }
}
