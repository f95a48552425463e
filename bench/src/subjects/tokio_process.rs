//! `tokio::process` alone: one task for each program that is to be started again, and no supervisor.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Absent, Answer, of_processes, runtime};
use crate::machine::clock;
use crate::metrics::output::{Captured, Output};
use crate::metrics::processes::{Order, Processes};
use crate::metrics::ready::{ARGUMENTS, LINE, Readiness};
use crate::metrics::{Metric, output, ready};
use crate::programs::{CHATTER, IDLE, PidLog};

pub fn measure(metric: Metric, n: usize) -> Answer {
    match metric {
        Metric::ProcRestart => of_processes(&Again(runtime()), metric, n),
        Metric::Proc | Metric::ProcSpawn | Metric::ProcMemory | Metric::IdleProcesses => {
            of_processes(&Alone(runtime()), metric, n)
        }
        Metric::ProcReady => Ok(ready::measure(&Alone(runtime()), n)),
        Metric::ProcOutput => Ok(output::measure(&Alone(runtime()), n)),
        _ => Err(Absent::DoesNotApply),
    }
}

struct Alone(Runtime);

struct Running {
    order: Order,
    children: Vec<Child>,
}

impl Processes for Alone {
    type Running = Running;

    fn start(&self, n: usize, order: Order, pid_log: &PidLog) -> Running {
        let mut command = idle(pid_log);
        let starting = async move { (0..n).map(|_| spawn(&mut command)).collect() };
        Running { order, children: on(&self.0, starting) }
    }

    fn add(&self, running: &mut Running, pid_log: &PidLog) -> u64 {
        let mut command = idle(pid_log);
        let (begun, child) = on(&self.0, async move { (clock::now(), spawn(&mut command)) });
        running.children.push(child);
        begun
    }

    fn stop(&self, running: Running) {
        let Running { order, mut children } = running;
        on(&self.0, async move {
            if order == Order::AtOnce {
                children.iter().rev().for_each(ask);
            }
            for child in children.iter_mut().rev() {
                if order == Order::InTurn {
                    ask(child);
                }
                child.wait().await.expect("it is ours");
            }
        });
    }
}

impl Output for Alone {
    fn capture(&self, arguments: [String; 2]) -> Captured {
        on(&self.0, async move {
            let begun = clock::now();
            let mut child = spawn(Command::new(CHATTER).args(arguments).stdout(Stdio::piped()));
            let output = BufReader::with_capacity(64 * 1024, child.stdout.take().expect("it is a pipe"));
            let mut output = output.lines();
            let (mut bytes, mut lines) = (0, 0);
            while let Some(line) = output.next_line().await.expect("it can be read") {
                bytes += line.len();
                lines += 1;
            }
            child.wait().await.expect("it is ours");
            Captured { nanos: clock::now() - begun, bytes, lines }
        })
    }
}

impl Readiness for Alone {
    type Running = Vec<Child>;

    fn start_ready(&self, n: usize) -> Vec<Child> {
        on(&self.0, async move {
            let mut children = Vec::with_capacity(n);
            for _ in 0..n {
                let mut child = spawn(Command::new(IDLE).args(ARGUMENTS).stdout(Stdio::piped()));
                let mut line = String::new();
                let output = child.stdout.as_mut().expect("it is a pipe");
                BufReader::new(output).read_line(&mut line).await.expect("it can be read");
                assert_eq!(line.trim_end(), LINE);
                children.push(child);
            }
            children
        })
    }

    fn stop_ready(&self, mut running: Vec<Child>) {
        on(&self.0, async move {
            for child in &mut running {
                child.kill().await.expect("it is ours");
            }
        });
    }
}

struct Again(Runtime);

struct Looping {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Processes for Again {
    type Running = Looping;

    fn start(&self, _: usize, _: Order, pid_log: &PidLog) -> Looping {
        let mut command = idle(pid_log);
        let (stop, mut stopped) = oneshot::channel();
        let task = self.0.spawn(async move {
            loop {
                let mut child = spawn(&mut command);
                tokio::select! {
                    _ = child.wait() => {}
                    _ = &mut stopped => {
                        ask(&child);
                        child.wait().await.expect("it is ours");
                        return;
                    }
                }
            }
        });
        Looping { stop, task }
    }

    fn add(&self, _: &mut Looping, _: &PidLog) -> u64 {
        unreachable!("only restarts are measured with it")
    }

    fn stop(&self, running: Looping) {
        let _ = running.stop.send(());
        self.0.block_on(running.task).expect("it does not panic");
    }
}

fn on<T: Send + 'static>(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    runtime.block_on(runtime.spawn(work)).expect("it does not panic")
}

fn idle(pid_log: &PidLog) -> Command {
    let mut command = Command::new(IDLE);
    command.arg(pid_log.path());
    command
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().expect("it can be started")
}

fn ask(child: &Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).expect("it has not been waited for");
    kill(Pid::from_raw(pid), Signal::SIGTERM).expect("it is ours");
}
