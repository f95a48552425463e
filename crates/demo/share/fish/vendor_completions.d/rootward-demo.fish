# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rootward_demo_global_optspecs
    string join \n events= report= timeline= chaos= chaos-seed= view= deadline= containment= observe= observe-port= allow-control probes= drain= termination-message= h/help V/version
end

function __fish_rootward_demo_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rootward_demo_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rootward_demo_using_subcommand
    set -l cmd (__fish_rootward_demo_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l events -d 'Write one JSON object a line for everything that happens (- is standard output)' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l report -d 'Write the stop report as one JSON document, after the root has stopped (- is standard output)' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l timeline -d 'Draw every child\'s life and what the stop waited for, when it is over (.svg, .json for Perfetto, .txt)' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l chaos -d 'Have random children crash: so many a second (2, 0.5), a minute (30/m) or an hour (10/h)' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l chaos-seed -d 'Which children crash: the same seed chooses the same ones' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l view -d 'What to show on standard error' -r -f -a "auto\t'The best there is, which is `lines`'
tui\t'A picture of the tree, and keys'
lines\t'One line for everything that happens'
none\t'Nothing'"
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l deadline -d 'By when a stop has to be over, such as 10s, or `auto`: 3 s less than ROOTWARD_GRACE; overrides the tree file\'s' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l containment -d 'How far a process child is followed' -r -f -a "auto\t'The strongest that this system allows'
tree\t'All descendants, which also die with the demo, however it dies'
group\t'The process and its process group'"
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l observe -d 'Open a door for watchers at this Unix socket' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l observe-port -d 'Open a door for watchers at this port of 127.0.0.1 (0 is any), with a page for a browser' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l probes -d 'Answer /livez, /readyz and /startupz, at an ADDRESS:PORT or at unix:PATH' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l drain -d 'How long the tree goes on after the first request to stop, not ready any more; overrides the tree file\'s' -r
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l termination-message -d 'Explain the end in this file, in at most 4096 bytes (Kubernetes: /dev/termination-log)' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -l allow-control -d 'Let watchers stop and force the tree, stop, start and restart children, and send signals to processes'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -s V -l version -d 'Print version'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "run" -d 'Run a tree file (.toml, or .json with the same shape)'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "check" -d 'Read and validate a tree file, and start nothing'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "attach" -d 'Look into a running program\'s tree, through the door that it has opened'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "status" -d 'Show a running program\'s tree'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "why" -d 'Say why a child is in its state: since when, by which events, what it waits for'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "wait" -d 'Wait until a child is ready, or gone'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "restart" -d 'Stop a child, wait until it is gone, and start it; start it if it is down'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "stop" -d 'Stop a child and leave it down, or the whole tree, and wait until it is gone'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "signal" -d 'Send a signal to the program of a process child, and to nothing that it has started'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "events" -d 'Show the newest events'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "logs" -d 'Show the newest lines that a child and what is below it have written'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "timeline" -d 'Draw recorded events: every child\'s life, and what the start and the stop waited for'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "probe" -d 'Ask a program that runs with --probes, and exit with 0 or 1: for the exec probes of an orchestrator'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "exec" -d 'Run one program contained: it is gone with all that it has started, however it or this one ends'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "restore-terminal" -d 'Give the terminal of a view back when the view has died'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "sample" -d 'Run one of the programs of the built-in tree'
complete -c rootward-demo -n "__fish_rootward_demo_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l events -d 'Write one JSON object a line for everything that happens (- is standard output)' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l report -d 'Write the stop report as one JSON document, after the root has stopped (- is standard output)' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l timeline -d 'Draw every child\'s life and what the stop waited for, when it is over (.svg, .json for Perfetto, .txt)' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l chaos -d 'Have random children crash: so many a second (2, 0.5), a minute (30/m) or an hour (10/h)' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l chaos-seed -d 'Which children crash: the same seed chooses the same ones' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l view -d 'What to show on standard error' -r -f -a "auto\t'The best there is, which is `lines`'
tui\t'A picture of the tree, and keys'
lines\t'One line for everything that happens'
none\t'Nothing'"
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l deadline -d 'By when a stop has to be over, such as 10s, or `auto`: 3 s less than ROOTWARD_GRACE; overrides the tree file\'s' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l containment -d 'How far a process child is followed' -r -f -a "auto\t'The strongest that this system allows'
tree\t'All descendants, which also die with the demo, however it dies'
group\t'The process and its process group'"
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l observe -d 'Open a door for watchers at this Unix socket' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l observe-port -d 'Open a door for watchers at this port of 127.0.0.1 (0 is any), with a page for a browser' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l probes -d 'Answer /livez, /readyz and /startupz, at an ADDRESS:PORT or at unix:PATH' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l drain -d 'How long the tree goes on after the first request to stop, not ready any more; overrides the tree file\'s' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l termination-message -d 'Explain the end in this file, in at most 4096 bytes (Kubernetes: /dev/termination-log)' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -l allow-control -d 'Let watchers stop and force the tree, stop, start and restart children, and send signals to processes'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand check" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand attach" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand attach" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand status" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand status" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand status" -l usage -d 'Show what each process uses, with all that it has started; the program looks it up for that'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand status" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand why" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand why" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand why" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand wait" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand wait" -l until -d 'What to wait for' -r -f -a "ready\t'It runs, and is ready if it has a way to say so'
gone\t'It is down, and no restart is due'"
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand wait" -l timeout -d 'How long' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand wait" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand restart" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand restart" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand restart" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand stop" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand stop" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand stop" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand signal" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand signal" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand signal" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand events" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand events" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand events" -s f -l follow -d 'Go on with what happens, until the tree is gone'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand events" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand logs" -l token-file -d 'Where the token of a port stands' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand logs" -l json -d 'Write JSON: the documents of the door, and those in docs/schema/commands-1.json'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand logs" -s f -l follow -d 'Go on with what is written, until the tree is gone'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand logs" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand timeline" -s o -l output -d 'Where to draw; its ending says how: .svg, .json for Perfetto, .txt (standard output without it, as text)' -r -F
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand timeline" -l format -d 'How to draw, whatever the file is called' -r -f -a "svg\t'A picture that a browser opens'
perfetto\t'A trace in Chrome\'s JSON format, for ui.perfetto.dev'
text\t'Text for a terminal or a log'"
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand timeline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand exec" -l grace -d 'How long what the program leaves behind may take to go after it was asked' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand exec" -l stop-signal -d 'What asks the program to stop: a SIGTERM reaches it as this signal, and so is asked what it leaves behind' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand exec" -l kill-after -d 'Kill the program and all that it has started so long after it was first asked to stop' -r
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand exec" -l containment -d 'What is ended with the program' -r -f -a "tree\t'All that it has started'
session\t'What has stayed in its session: a daemon that it has started lives on'"
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand restore-terminal" -s h -l help -d 'Print help'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand sample" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "run" -d 'Run a tree file (.toml, or .json with the same shape)'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "check" -d 'Read and validate a tree file, and start nothing'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "attach" -d 'Look into a running program\'s tree, through the door that it has opened'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "status" -d 'Show a running program\'s tree'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "why" -d 'Say why a child is in its state: since when, by which events, what it waits for'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "wait" -d 'Wait until a child is ready, or gone'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "restart" -d 'Stop a child, wait until it is gone, and start it; start it if it is down'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "stop" -d 'Stop a child and leave it down, or the whole tree, and wait until it is gone'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "signal" -d 'Send a signal to the program of a process child, and to nothing that it has started'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "events" -d 'Show the newest events'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "logs" -d 'Show the newest lines that a child and what is below it have written'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "timeline" -d 'Draw recorded events: every child\'s life, and what the start and the stop waited for'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "probe" -d 'Ask a program that runs with --probes, and exit with 0 or 1: for the exec probes of an orchestrator'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "exec" -d 'Run one program contained: it is gone with all that it has started, however it or this one ends'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "restore-terminal" -d 'Give the terminal of a view back when the view has died'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "sample" -d 'Run one of the programs of the built-in tree'
complete -c rootward-demo -n "__fish_rootward_demo_using_subcommand help; and not __fish_seen_subcommand_from run check attach status why wait restart stop signal events logs timeline probe exec restore-terminal sample help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
