"""Measures simpervisor: PROGRAM METRIC N prints lines METRIC VALUE UNIT.

PROGRAM says on a named pipe that it runs, as it does for every other subject.
"""

import asyncio
import fcntl
import os
import signal
import statistics
import struct
import sys
import tempfile
import threading
import time

from simpervisor import SupervisedProcess

F_SETPIPE_SZ = 1031


class PidLog:
    def __init__(self):
        self.path = os.path.join(tempfile.gettempdir(), f"rootward-bench-{os.getpid()}")
        os.mkfifo(self.path, 0o600)
        self.pipe = os.open(self.path, os.O_RDWR)
        fcntl.fcntl(self.pipe, F_SETPIPE_SZ, 1 << 20)

    async def entry(self):
        """When the next program began to run, and its process id."""
        # In a thread, so that the supervisor goes on meanwhile.
        word = await asyncio.get_running_loop().run_in_executor(None, os.read, self.pipe, 16)
        return struct.unpack("QQ", word)

    async def entries(self, n):
        return [await self.entry() for _ in range(n)]


async def start(n, program, pid_log):
    children = [SupervisedProcess(f"c{i}", program, pid_log.path, always_restart=True) for i in range(n)]
    for child in children:
        await child.start()
    return children


async def stop_at_once(children):
    await asyncio.gather(*(child.terminate() for child in reversed(children)))


async def stop_in_turn(children):
    for child in reversed(children):
        await child.terminate()


async def start_and_stop(n, program, pid_log):
    await stop_at_once(await warm(program, pid_log))
    for stop, name in [(stop_at_once, "proc.stop"), (stop_in_turn, "proc.stop.in-turn")]:
        begun = time.monotonic_ns()
        children = await start(n, program, pid_log)
        last = max(at for at, _ in await pid_log.entries(n))
        if stop is stop_at_once:
            tell("proc.start", (last - begun) / 1e3 / n, "us")
        await asyncio.sleep(0.003)
        stopping = time.monotonic_ns()
        await stop(children)
        tell(name, (time.monotonic_ns() - stopping) / 1e3 / n, "us")


async def restart(n, program, pid_log):
    children = await warm(program, pid_log, 1)
    pid = children[0].pid
    times = []
    for _ in range(n):
        await asyncio.sleep(0.003)
        killed = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        at, pid = await pid_log.entry()
        times.append((at - killed) / 1e3)
    tell("proc.restart", statistics.median(times), "us")
    await asyncio.sleep(0.003)
    await stop_at_once(children)


async def memory(n, program, pid_log):
    await stop_at_once(await warm(program, pid_log))
    before = resident()
    children = await start(n, program, pid_log)
    await pid_log.entries(n)
    tell("proc.memory", (resident() - before) / n, "B")
    await stop_at_once(children)


async def idle(n, program, pid_log):
    children = await start(n, program, pid_log)
    await pid_log.entries(n)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await stop_at_once(children)


async def warm(program, pid_log, n=4):
    children = await start(n, program, pid_log)
    await pid_log.entries(n)
    return children


def resident():
    with open("/proc/self/smaps_rollup") as lines:
        return next(1024 * float(line.split()[1]) for line in lines if line.startswith("Rss:"))


def tell(metric, value, unit):
    print(metric, f"{value:.3f}", unit, flush=True)


METRICS = {"proc": start_and_stop, "proc.restart": restart, "proc.memory": memory, "idle.processes": idle}


def end_with_input(pid_log):
    """The program that wants the figures holds the other end."""
    sys.stdin.read()
    os.unlink(pid_log.path)
    os._exit(1)


def main():
    program, metric, n = sys.argv[1:]
    pid_log = PidLog()
    if not metric.startswith("idle"):
        threading.Thread(target=end_with_input, args=[pid_log], daemon=True).start()
    try:
        asyncio.run(METRICS[metric](int(n), program, pid_log))
    finally:
        os.unlink(pid_log.path)


main()
