//! Processes whose keys do not fit together: the key that does not fit is named.

use super::refused::{check, web};

/// What only the library knows to be wrong, or only wrong beside something else.
#[test]
fn what_does_not_fit_together_is_refused_with_the_key_that_does_not_fit() {
    let passed = |to: &[u32]| {
        let one = |to| format!("{{ from = 0, to = {to} }}");
        format!("descriptors = [{}]", to.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    let many: Vec<u32> = (3..20).collect();
    check(&[
        (
            web(&passed(&[2])),
            "tree.toml:5: root/web: process.descriptors[0].to: a descriptor that is passed has a number from 3",
        ),
        (web(&passed(&[9, 300, 4])), "process.descriptors[1].to: a descriptor that is passed has a number"),
        (web(&passed(&[5, 4, 5, 6])), "process.descriptors[2].to: the descriptor 5 is taken twice"),
        (web(&passed(&many)), "process.descriptors[16].to: more than 16 descriptors are passed"),
        (
            web("ready = { notify_fd = 3 }\nlisten = [{ unix = 's' }]"),
            "tree.toml:5: root/web: process.ready.notify_fd: the descriptor 3 is taken twice",
        ),
        (
            web("listen = [{ unix = 's' }]\nready = { unix = 's' }"),
            "tree.toml:6: root/web: process.ready.unix: this program listens at s itself",
        ),
        (
            web("listen = [{ tcp = '127.0.0.1:80' }]\nhealth = { tcp = 'localhost:80' }"),
            "tree.toml:6: root/web: process.health.tcp: this program listens at 127.0.0.1:80 itself",
        ),
        (
            web("expand = true\nenv = { A = 'a', B = '${', C = '${A}' }"),
            "tree.toml:6: root/web: process.env.B: after `${` there is no name",
        ),
        (
            web("expand = true\ncwd = '/${A-}'"),
            "tree.toml:6: root/web: process.cwd: after `${` there is no name",
        ),
        (
            "children = [{ id = 'web', process = { expand = true, command = ['a', 'b', '${', 'd'] } }]"
                .to_owned(),
            "root/web: process.command[2]: after `${` there is no name",
        ),
    ]);
}

#[test]
fn an_address_whose_host_is_none_is_refused() {
    check(&[
        (
            web("ready = { tcp = 'http://localhost:8080' }"),
            "process.ready.tcp: \"http://localhost:8080\" is not an address",
        ),
        (web("health = { tcp = 'my host:80' }"), "process.health.tcp: \"my host:80\" is not an address"),
        (
            web("listen = [{ udp = '256.1.1.1:80' }]"),
            "process.listen[0].udp: \"256.1.1.1:80\" is not an address",
        ),
        (
            web("ready = { http = 'http://[::1/' }"),
            "process.ready.http: the URL \"http://[::1/\" has a host that is none",
        ),
    ]);
}
