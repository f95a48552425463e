"use strict";
// The tree as it is shown: a fold of a snapshot and of the events since. Pure: events and documents go in, children and
// documents come out. It is the model of `src/model` once more, and `tests/page` holds it to that.

const LIVE = new Set(["starting", "running", "stopping"]);
/** What is known of a process beyond what it is doing. */
const DETAILS = ["readiness", "health", "said", "reloading", "stop_step"];
const KINDS = new Set(["process", "task", "actor", "supervisor"]);

/** The path of the child above. */
function above(path) {
  const cut = path.lastIndexOf("/");
  return cut < 0 ? null : path.slice(0, cut);
}

class Model {
  constructor(keep = 64) {
    this.keep = keep;
    this.asOf = 0;
    this.at = 0;
    this.root = null;
    /** Path → { child, asOf, childrenAsOf, children }, as `Node` has it. */
    this.nodes = new Map();
    this.containment = undefined;
    this.cause = undefined;
    this.degraded = [];
    this.newest = [];
  }

  static fromSnapshot(snapshot, keep) {
    const model = new Model(keep);
    const asOf = snapshot.as_of;
    for (const child of snapshot.children) {
      const parent = model.nodes.get(above(child.path));
      if (parent) parent.children.push(child.path);
      else model.root = child.path;
      const known = { ...child, kind: KINDS.has(child.kind) ? child.kind : "unknown" };
      // It is of that moment, and no event would keep it up to date.
      delete known.usage;
      model.nodes.set(child.path, { child: known, asOf, childrenAsOf: asOf, children: [] });
    }
    [model.asOf, model.at] = [asOf, snapshot.at];
    ({ containment: model.containment, cause: model.cause } = snapshot.tree);
    model.degraded = [...(snapshot.tree.degraded ?? [])];
    model.newest = snapshot.newest.slice(-model.keep);
    return model;
  }

  /** Applies the next event. One that is in the model already changes nothing. */
  apply(event) {
    this.asOf = Math.max(this.asOf, event.seq);
    this.at = Math.max(this.at, event.at);
    this.remember(event);
    switch (event.event) {
      case "degraded": {
        const line = `${event.what}: ${event.reason}`;
        if (!this.degraded.includes(line)) this.degraded.push(line);
        break;
      }
      case "starting": case "retrying": case "started": case "start_failed": case "ignored": case "exited":
      case "restarting": case "gave_up": case "draining": case "stopping": case "escalated": case "stopped":
        this.change(event);
        break;
      case "notified": case "unhealthy": case "healthy": case "asked": case "made_to_crash": {
        const node = this.nodes.get(event.path);
        if (!node || node.asOf >= event.seq) break;
        node.asOf = event.seq;
        tells(node.child, event);
        break;
      }
      case "output": case "signal": case "not_ready": case "stalled": case "guest_panicked":
      case "handler_failed":
        // They change nothing that is shown of a child.
    }
  }

  remember(event) {
    const last = this.newest.at(-1);
    if (this.keep === 0 || (last && last.seq >= event.seq)) return;
    const { schema, ...plain } = event;
    this.newest.push(plain);
    if (this.newest.length > this.keep) this.newest.splice(0, this.newest.length - this.keep);
  }

  change(event) {
    const node = this.place(event);
    if (!node) return;
    if (event.event === "starting") {
      this.clearBelow(node);
      this.orderAnew(node, event);
    }
    if (event.event === "stopping" && event.path === this.root) this.cause = event.cause;
    node.asOf = event.seq;
    node.childrenAsOf = Math.max(node.childrenAsOf, event.seq);
    node.child.kind = KINDS.has(event.kind) ? event.kind : "unknown";
    happens(node.child, event);
  }

  /** Finds the child of an event, and makes it and what is missing above it. Null if the model has the event. */
  place(event) {
    const missing = [];
    let path = event.path;
    while (path !== null && !this.nodes.has(path)) {
      missing.push(path);
      path = above(path);
    }
    let node = path === null ? null : this.nodes.get(path);
    if (node && event.seq <= (missing.length ? node.childrenAsOf : node.asOf)) return null;
    for (const path of missing.reverse()) {
      const child = { path, kind: event.kind, state: "down", incarnation: 0, restarts: 0 };
      if (node) node.children.push(path);
      else this.root = path;
      node = { child, asOf: 0, childrenAsOf: 0, children: [] };
      this.nodes.set(path, node);
    }
    return node;
  }

  clearBelow(node) {
    const left = node.children.splice(0);
    while (left.length) {
      const path = left.pop();
      left.push(...(this.nodes.get(path)?.children ?? []));
      this.nodes.delete(path);
    }
  }

  /** A child that was down and is another one now, because its incarnations begin anew, stands behind its siblings. */
  orderAnew(node, event) {
    if (event.incarnation > 1 || node.child.incarnation === 0) return;
    const siblings = this.nodes.get(above(event.path))?.children;
    if (siblings) siblings.push(...siblings.splice(siblings.indexOf(event.path), 1));
  }

  find(path) {
    return this.nodes.get(path)?.child;
  }

  /** Every child with its depth, each before its children, in start order. */
  *walk(isOpen = () => true) {
    const stack = this.root === null ? [] : [[this.root, 1, 1, 1]];
    while (stack.length) {
      const [path, level, place, of] = stack.pop();
      const node = this.nodes.get(path);
      if (!node) continue;
      yield { node, child: node.child, level, place, of };
      if (!isOpen(path)) continue;
      const { children } = node;
      for (let at = children.length - 1; at >= 0; at--) stack.push([children[at], level + 1, at + 1, children.length]);
    }
  }

  tree() {
    const tree = { state: this.find(this.root)?.state ?? "down" };
    if (this.containment !== undefined) tree.containment = this.containment;
    if (this.cause !== undefined) tree.cause = this.cause;
    if (this.degraded.length) tree.degraded = this.degraded;
    return tree;
  }

  /** The document that says all of it. */
  snapshot() {
    const children = Array.from(this.walk(), ({ child }) => child);
    return { schema: 1, as_of: this.asOf, at: this.at, tree: this.tree(), children, newest: this.newest };
  }
}

/** What an event says of its child. What is absent has no key, as in the documents. */
function happens(child, event) {
  switch (event.event) {
    case "starting":
      if (event.incarnation <= 1) {
        child.restarts = 0;
        delete child.last_end;
      }
      child.incarnation = event.incarnation;
      for (const key of ["pid", "stop", "draining", "restart", "forced", ...DETAILS]) delete child[key];
      turn(child, "starting", event.at);
      break;
    case "started":
      child.incarnation = event.incarnation;
      delete child.pid;
      delete child.readiness;
      if (event.pid !== undefined) child.pid = event.pid;
      // Not that of a start that had been called off.
      if (child.state !== "stopping") turn(child, "running", event.at);
      break;
    case "restarting":
      child.restarts += 1;
      child.restart = { seq: event.seq, at: event.at + event.delay_ms / 1e3, attempt: event.attempt };
      child.state = "restarting";
      break;
    case "draining":
      child.draining = { cause: event.cause, until: event.at + event.delay_ms / 1e3 };
      break;
    case "stopping":
      delete child.draining;
      child.stop = { seq: event.seq, at: event.at, cause: event.cause };
      if (event.signal !== undefined) child.stop.signal = event.signal;
      if (event.grace_ms !== undefined) child.stop.due = event.at + event.grace_ms / 1e3;
      delete child.readiness;
      turn(child, "stopping", event.at);
      break;
    case "escalated":
      child.forced = true;
      if (child.stop) child.stop.escalated = event.to;
      break;
    case "start_failed":
      // The root's end is told by itself, after this.
      if (above(child.path) !== null) ends(child, event);
      break;
    case "exited": case "stopped": case "ignored":
      ends(child, event);
  }
}

function ends(child, event) {
  const end = { seq: event.seq, at: event.at, incarnation: event.incarnation, event: event.event };
  for (const key of ["status", "outcome", "error"]) if (event[key] !== undefined) end[key] = event[key];
  if (child.stop) end.cause = child.stop.cause;
  child.last_end = end;
  child.incarnation = event.incarnation;
  for (const key of ["pid", "stop", "draining", "restart", "forced", ...DETAILS]) delete child[key];
  turn(child, "down", event.at);
}

/** What an event tells of a process that goes on. */
function tells(child, event) {
  switch (event.event) {
    case "notified":
      if (event.said !== undefined) child.said = event.said;
      if (event.reloading || (child.reloading && !event.reloaded)) child.reloading = true;
      else delete child.reloading;
      break;
    case "unhealthy": {
      const checks = child.health?.checks;
      const { failures, threshold, error } = event;
      // The event names what is checked, too.
      const isNamed = checks !== undefined && error.startsWith(`${checks}: `);
      child.health = { failures, threshold, error: isNamed ? error.slice(checks.length + 2) : error };
      if (checks !== undefined) child.health.checks = checks;
      break;
    }
    case "healthy":
      if (!child.health) break;
      child.health.failures = 0;
      delete child.health.error;
      break;
    case "asked":
      child.stop_step = { with: event.with };
  }
}

function turn(child, state, at) {
  child.state = state;
  child.since = at;
}
