// What is said, in words. Pure: it touches no element and asks no door.

/** How a child ended, as `Status` says it. */
function statusWords(status) {
  if (!status) return "";
  if ("ok" in status) return status.shutdown ? "shut down" : "ended normally";
  if ("error" in status) return `failed: ${status.error}`;
  if ("panic" in status) return `panicked: ${status.panic}${status.location ? ` at ${status.location}` : ""}`;
  if ("aborted" in status) return "aborted";
  const counted = status.success ? ", which counts as a success" : "";
  if ("code" in status) return `exit code ${status.code}${counted}`;
  if ("signal" in status) {
    const why = status.out_of_memory ? " (out of memory)" : status.core_dumped ? " (core dumped)" : "";
    return `killed by ${status.signal}${why}${counted}`;
  }
  return "gone, status unknown";
}

function isFailure(status) {
  return Boolean(status) && !("ok" in status) && !status.success && status.code !== 0;
}

/** Seconds as people read them: two digits are enough. */
function short(seconds) {
  const s = Math.max(0, seconds);
  if (s < 0.0005) return "0 ms";
  if (s < 0.9995) return `${Math.round(s * 1e3)} ms`;
  if (s < 9.995) return `${s.toFixed(2)} s`;
  if (s < 99.5) return `${s.toFixed(1)} s`;
  return clock(s);
}

/** Seconds that go by while they are looked at. */
function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const number = new Intl.NumberFormat("en");

function count(many, one, more = `${one}s`) {
  return `${number.format(many)} ${many === 1 ? one : more}`;
}

/** Text from outside without what acts on the text around it: colours go, other control characters are shown. */
function harmless(text) {
  return text
    .replace(/\x1b\[[0-9;:]*m/g, "")
    .replace(/[\x00-\x08\x0b-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) =>
      `⟨U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** What a child looks like: its state, and for one that is down how it came to that. */
function look(child) {
  if (child.state === "stopping" && child.forced) return "forced";
  if (child.state !== "down") return child.state;
  const end = child.last_end;
  if (!end) return child.incarnation === 0 ? "never" : "down";
  if (end.outcome === "unreapable") return "lost";
  if (end.outcome === "killed") return "killed";
  if (end.event === "start_failed" || (end.event === "exited" && isFailure(end.status))) return "failed";
  return end.event === "stopped" ? "gone" : "done";
}

const LOOKS = {
  starting: "starting", running: "running", stopping: "stopping", forced: "forced", restarting: "restarting",
  down: "down", never: "not started", failed: "failed", killed: "killed", lost: "will not go", gone: "stopped",
  done: "done", unknown: "unknown",
};

const CAUSES = {
  signal: "because of a signal", api: "by a call", parent: "by its supervisor", sibling: "because a sibling failed",
  gave_up: "because there were too many restarts", auto_shutdown: "because a significant child ended",
  start_failed: "because a start failed", dropped: "because its last handle was dropped", token: "by a token",
  uncontained: "because the containment is gone",
};

/** Why a stop has begun, as the end of a sentence. */
function causeWords(cause) {
  return CAUSES[cause] ?? `because of ${cause}`;
}

/** How a child ended, in a few words. */
function endWords(end) {
  if (end.error !== undefined) return `could not be started: ${end.error}`;
  if (end.event === "ignored") return "had nothing to run";
  const words = statusWords(end.status);
  const forced = { killed: "forced", unreapable: "would not go" }[end.outcome];
  return [forced, words].filter(Boolean).join(", ") || (end.event === "stopped" ? "stopped in order" : "ended");
}

/** What a child is doing, in a sentence that does not change while nothing happens. */
function sentence(child) {
  const nth = child.incarnation > 1 ? `, incarnation ${child.incarnation}` : "";
  const end = child.last_end ? `: ${endWords(child.last_end)}` : "";
  switch (look(child)) {
    case "running":
      if (child.draining) return `drains, and stops at ${child.draining.until.toFixed(3)} s ${causeWords(child.draining.cause)}`;
      return `runs${child.pid ? ` as process ${child.pid}` : ""}${nth}`;
    case "starting": return `is starting${nth}`;
    case "stopping": return `was asked to stop ${causeWords(child.stop?.cause ?? "parent")}`;
    case "forced": return `was forced${child.stop?.escalated ? ` by ${child.stop.escalated}` : ""} and is still there`;
    case "restarting": return `is down${end}; a new start is due`;
    case "never": return "has not been started";
    case "failed": return `is down${end}`;
    case "killed": return `is gone${end}`;
    case "lost": return "could not be brought down";
    case "gone": return `is gone${end}`;
    default: return `is down${end}`;
  }
}

/** What an event says: [look, words, weight]. Weights: 0 output, 1 ordinary, 2 part of a stop, 3 a failure. */
function eventWords(event) {
  const { event: name, status } = event;
  switch (name) {
    case "starting": return ["starting", "starting", 1];
    case "started": return ["running", `started${event.pid ? `, pid ${event.pid}` : ""}`, 1];
    case "start_failed": return ["failed", `could not be started: ${event.error}`, 3];
    case "retrying":
      return ["restarting", `attempt ${event.attempt} to start it has failed, the next in ${short(event.delay_ms / 1e3)}: ${event.error}`, 3];
    case "ignored": return ["done", "has nothing to run", 1];
    case "exited":
      return isFailure(status) || !status
        ? ["failed", `ended by itself${status ? `: ${statusWords(status)}` : ""}${left(event)}${hint(event)}`, 3]
        : ["done", `done: ${statusWords(status)}${left(event)}${hint(event)}`, 1];
    case "restarting":
      return ["restarting", `restart ${event.attempt}, ${event.delay_ms ? `in ${short(event.delay_ms / 1e3)}` : "at once"}`, 1];
    case "gave_up":
      return ["failed", `gave up: more than ${count(event.restarts, "restart")} in ${short(event.within_ms / 1e3)}`, 3];
    case "signal": return ["stopping", `${event.signal}: ${event.action}`, 2];
    case "draining":
      return ["stopping", `drains for ${short(event.delay_ms / 1e3)} before it stops ${causeWords(event.cause)}`, 2];
    case "stopping":
      return ["stopping", `asked to stop ${causeWords(event.cause)}${event.signal ? `, with ${event.signal}` : ""}`, 2];
    case "asked": {
      const why = event.error === undefined ? "" : `: ${event.error}`;
      return ["stopping", `asked with ${event.with} after ${short(event.elapsed_ms / 1e3)}${why}`, 2];
    }
    case "escalated": return ["forced", `forced: ${event.to}`, 3];
    case "stopped": {
      const forced = { killed: "forced, ", unreapable: "will not go, " }[event.outcome] ?? "";
      const words = [statusWords(status), `after ${short(event.elapsed_ms / 1e3)}`].filter(Boolean).join(", ");
      const looks = { killed: "killed", unreapable: "lost" }[event.outcome] ?? "gone";
      return [looks, `gone: ${forced}${words}${left(event)}`, forced ? 3 : 2];
    }
    case "not_ready": return ["restarting", `has not been ready for ${short(event.elapsed_ms / 1e3)}`, 3];
    case "unhealthy": return ["restarting", `unhealthy, ${event.failures} of ${event.threshold}: ${event.error}`, 3];
    case "made_to_crash": return ["failed", `is made to crash by ${event.by}`, 3];
    case "notified": return ["output", notifiedWords(event), 1];
    case "healthy": return ["running", "healthy again", 1];
    case "stalled": return ["forced", `has not yielded for ${short(event.elapsed_ms / 1e3)} on thread ${event.thread}`, 3];
    case "handler_failed": return ["forced", `handler of ${event.handler} failed: ${event.error}`, 3];
    case "guest_panicked": return ["failed", `a guest panicked: ${event.panic}${event.location ? `, at ${event.location}` : ""}`, 3];
    case "degraded": return ["restarting", `weaker ${event.what} than usual: ${event.reason}`, 3];
    case "output": return ["output", event.line, 0];
    default: return ["unknown", name, 1];
  }
}

/** What a process says of itself. */
function notifiedWords(event) {
  return [
    event.said !== undefined && `says ${event.said}`,
    event.stopping && "says that it stops",
    event.reloading && "reads its configuration again",
    event.reloaded && "has read its configuration again",
    event.main_pid !== undefined && `main process ${event.main_pid}`,
    event.errno !== undefined && `error ${event.errno}`,
    event.exit_status !== undefined && `will exit with ${event.exit_status}`,
  ].filter(Boolean).join(" · ");
}

/** What is known of a process beyond what it is doing: [term, words] each. */
function detailWords(child, time) {
  const facts = [];
  const { readiness, health, said, reloading, stop_step: step } = child;
  if (readiness) {
    const left = readiness.until === undefined ? "" : `, ${short(readiness.until - time)} left`;
    facts.push(["Is ready with", `${readiness.awaits}${left}`]);
    if (readiness.last_miss !== undefined) facts.push(["Last look", readiness.last_miss]);
  }
  if (health) {
    const of = health.threshold === undefined ? "" : ` of ${health.threshold}`;
    facts.push(["Health", health.failures ? `${health.failures}${of} misses in a row` : "healthy"]);
    if (health.checks !== undefined) facts.push(["Is checked", health.checks]);
    if (health.error !== undefined) facts.push(["Last check", health.error]);
  }
  if (said !== undefined) facts.push(["Says", said]);
  if (reloading) facts.push(["Reloads", "it reads its configuration again"]);
  if (step) facts.push(["Asked with", step.with]);
  return facts;
}

/** Bytes in the unit that makes them short. */
function bytes(many) {
  const [size, unit] = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]].find(([size]) => many >= size) ?? [1, "B"];
  return `${size === 1 ? many : (many / size).toFixed(1)} ${unit}`;
}

/** What a process uses, with all that it has started. */
function usageWords({ cpu_ms, memory, processes, stopped, threads, descriptors, read, written }) {
  return [
    `${short(cpu_ms / 1e3)} of processor time`, `${bytes(memory)} of memory`,
    count(processes, "process", "processes"), stopped && `${stopped} stopped`, count(threads, "thread"),
    descriptors !== undefined && count(descriptors, "descriptor"),
    read !== undefined && `${bytes(read)} read`, written !== undefined && `${bytes(written)} written`,
  ].filter(Boolean).join(" · ");
}

function hint(event) {
  return event.hint ? `. ${event.hint}` : "";
}

function left(event) {
  const behind = event.stragglers?.length ?? 0;
  return behind ? `, left ${count(behind, "process", "processes")} behind` : "";
}
