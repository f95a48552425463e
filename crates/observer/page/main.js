// Watches the door, and keeps what is shown up to date.

/** How often the door is tried again at most, in seconds. */
const SELDOM = 10;

/** Children that are down are forgotten by dynamic supervisors, which no event tells: a look now and then does. */
const LOOK_AGAIN = { every: 30e3, down: 50 };

/** The tree is shown from this snapshot on. */
function begin(snapshot) {
  app.model = Model.fromSnapshot(snapshot);
  app.ahead = app.endedAt = app.stop = null;
  app.control = Boolean(snapshot.door?.control);
  noteStop();
  lanes.begin(snapshot);
  events.begin(snapshot);
  if (!app.model.find(app.selected)) app.selected = phone.matches ? null : app.model.root;
  tree.begin();
  detail.begin();
  wish();
}

/** Has the tree as it is in place of what the events have told of it. What is known of its past is kept. */
async function lookAgain() {
  if (app.isLooking) return;
  app.isLooking = true;
  try {
    const snapshot = await door.ask("/snapshot");
    if (snapshot.as_of <= app.model.asOf) rebase(snapshot);
    else app.ahead = snapshot;
  } catch {
    // The stream tells if the program is gone.
  } finally {
    app.isLooking = false;
  }
}

/** Puts the events that came after a snapshot on it. */
function rebase(snapshot) {
  app.ahead = null;
  app.model = Model.fromSnapshot(snapshot);
  for (const event of events.all) if (event.seq > snapshot.as_of && event.event !== "lost") app.model.apply(event);
  lanes.settle(Array.from(app.model.walk(), ({ child }) => child));
  tree.begin();
  detail.begin();
  wish();
}

/** Whether this is the run that has been watched so far: it began at the same time, and has not fewer events. */
function isSameRun(snapshot, began) {
  return app.began !== null && Math.abs(began - app.began) < 2 && snapshot.as_of >= app.model.asOf;
}

async function watch() {
  for (let tries = 0, lostAt = null; ; tries++) {
    try {
      const snapshot = await door.ask("/snapshot");
      const began = performance.now() / 1e3 - (snapshot.door?.now ?? snapshot.at);
      const isSame = isSameRun(snapshot, began);
      app.began = began;
      if (!isSame) begin(snapshot);
      let lookedAt = performance.now();
      // Also after a pause it goes on behind the last event that has come.
      for await (const { name, data } of door.events(app.model.asOf, () => setLink("live"))) {
        [tries, lostAt] = [0, null];
        if (name === "event") take(data);
        if (name === "end") return over();
        if (name === "lost") events.gap(data.lost);
        const isLong = performance.now() - lookedAt > LOOK_AGAIN.every;
        if (isLong) lookedAt = performance.now();
        if (name === "lost" || (isLong && countDown() > LOOK_AGAIN.down)) lookAgain();
      }
      throw new TypeError("the stream broke");
    } catch (error) {
      if (error instanceof Refused && error.code === "ahead") continue;
      if (error instanceof Refused && error.status === 401) {
        await unlocked();
      } else {
        lostAt ??= performance.now();
        await pause(error, lostAt, Math.min(SELDOM, 0.5 * 2 ** tries));
      }
    }
  }
}

/** One event has come. */
function take(event) {
  app.model.apply(event);
  lanes.add(event);
  events.add(event);
  tree.touch(event);
  detail.touch(event);
  if (app.ahead && event.seq >= app.ahead.as_of) rebase(app.ahead);
  if (event.event === "stopping" && event.path === app.model.root) noteStop();
  tell(event);
  wish();
}

/** What is said aloud. */
function tell(event) {
  const [, words, weight] = eventWords(event);
  const isRoot = event.path === app.model.root;
  if (weight === 3 && event.event !== "degraded") announce(harmless(`${lastOf(event.path)} ${words}`));
  else if (isRoot && ["draining", "stopping", "stopped"].includes(event.event)) announce(`The tree: ${words}`);
}

function noteStop() {
  const root = app.model.find(app.model.root);
  if (!root?.stop || app.stop?.at === root.stop.at) return;
  const all = Array.from(app.model.walk(), ({ child }) => child);
  const isPart = (child) => LIVE.has(child.state) || child.state === "restarting" || child.last_end?.at >= root.stop.at;
  app.stop = { at: root.stop.at, paths: all.filter(isPart).map((child) => child.path) };
}

/** The record is over. Nothing more will come, but for a last answer of a door that is about to close. */
function over() {
  detail.showReasons();
  app.endedAt = app.model.at;
  setLink("over");
  tree.begin();
  render();
  announce("The tree is gone, and nothing more will come");
}

function countDown() {
  let down = 0;
  for (const { child } of app.model.nodes.values()) down += child.state === "down";
  return down;
}

function setLink(link) {
  if (app.link === link) return;
  app.link = link;
  document.body.dataset.link = link;
  setText($("link"), { connecting: "Connecting", live: "Live", lost: "Not connected", over: "Over", locked: "Locked" }[link]);
  $("banner").hidden = link === "live" || link === "connecting";
  $("lock").hidden = link !== "locked";
  $("again").hidden = link === "locked";
  if (link === "over") {
    setText($("notice"), "The tree is gone, and nothing more will come. What stands here is how it ended.");
    setText($("again"), "Look for a new run");
  }
  if (link === "locked") {
    setText($("notice"), "This door needs a token, and has not been given the right one. The program that opened it has the whole address.");
    $("token").focus();
  }
  wish();
}

/** Says that the program does not answer, and waits a little. */
async function pause(error, lostAt, seconds) {
  const reason = error instanceof Refused ? `The door refuses: ${error.message}.`
    : `Nothing answers at ${location.host}: the program has ended, or its door is closed.`;
  if (app.link !== "lost") announce(reason);
  setLink("lost");
  setText($("again"), "Try now");
  const isDue = new Promise((resolve) => {
    $("again").onclick = resolve;
  });
  const until = performance.now() + seconds * 1e3;
  for (let left = seconds; left > 0; left = (until - performance.now()) / 1e3) {
    const since = clock((performance.now() - lostAt) / 1e3);
    setText($("notice"), `${reason} Since ${since}; the next try is in ${Math.ceil(left)} s. What stands here is how it was.`);
    const second = new Promise((resolve) => setTimeout(resolve, Math.min(1e3, left * 1e3), "second"));
    if ((await Promise.race([isDue, second])) !== "second") return;
  }
}

function unlocked() {
  setLink("locked");
  return new Promise((resolve) => {
    $("lock").onsubmit = (event) => {
      event.preventDefault();
      // The whole address will do as well.
      door.setToken($("token").value.trim().replace(/^.*#token=/, ""));
      $("token").value = "";
      setLink("connecting");
      resolve();
    };
  });
}

const wish = once(render);

function render() {
  tree.render();
  detail.render();
  events.render();
  renderHead();
  renderStop();
  draw();
}

function renderHead() {
  const { model } = app;
  const root = model.find(model.root);
  const name = root ? harmless(root.path) : "rootward";
  setText($("root"), name);
  const is = root ? look(root) : "never";
  const drains = root?.draining ? `draining until ${root.draining.until.toFixed(3)} s` : undefined;
  const words = drains ?? { gone: "stopped", done: "ended", failed: "failed" }[is] ?? LOOKS[is];
  $("state").dataset.look = is;
  turnSign($("state-sign"), is);
  setText($("state-words"), root ? words : "no tree yet");
  document.title = root ? `${words} · ${name}` : "rootward";
  const tally = new Map();
  for (const { child } of model.nodes.values()) {
    const each = LOOKS[look(child)] ?? "unknown";
    tally.set(each, (tally.get(each) ?? 0) + 1);
  }
  const order = Object.values(LOOKS);
  const parts = [...tally].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  setText($("tally"), parts.map(([each, many]) => `${number.format(many)} ${each}`).join(" · "));
  setText($("count"), `${count(model.asOf, "event")}`);
  const isLive = app.control && app.link === "live";
  // A stop that is put off has been asked for: the next request forces it.
  const isAsked = Boolean(app.stop || root?.draining);
  $("stop-tree").hidden = !isLive || isAsked;
  $("force-tree").hidden = !isLive || !isAsked;
}

/** The stop of the whole tree: how far it has come down, and how far its acknowledgements have come up. */
function renderStop() {
  $("stop").hidden = !app.stop;
  if (!app.stop) return;
  const { model, stop } = app;
  const children = stop.paths.map((path) => model.find(path));
  const isGone = (child) => !child || child.state === "down";
  const gone = children.filter(isGone).length;
  const asked = gone + children.filter((child) => child?.state === "stopping").length;
  const forced = children.filter((child) => child?.forced || ["killed", "unreapable"].includes(child?.last_end?.outcome)).length;
  const all = children.length;
  for (const [id, many] of [["asked", asked], ["gone", gone]]) {
    $(id).style.setProperty("--part", all ? many / all : 1);
    $(id).setAttribute("aria-valuenow", many);
    $(id).setAttribute("aria-valuemax", all);
    setText($(`${id}-count`), `${many} of ${all}`);
  }
  const long = short(now() - stop.at);
  const root = model.find(model.root);
  const isOver = root && root.state === "down";
  const how = forced ? `${count(forced, "child", "children")} had to be forced` : "nothing had to be forced";
  const why = model.cause ? ` ${causeWords(model.cause)}` : "";
  setText($("stop-head"), isOver ? `The tree came down in ${long}: ${how}` : `The tree stops${why}: ${long} so far`);
  const waits = children.filter((child) => child?.state === "stopping" && !model.nodes.get(child.path).children
    .some((below) => !isGone(model.find(below))));
  $("waits").hidden = isOver || !waits.length;
  const named = waits.slice(0, 4).map((child) => `${lastOf(child.path)} (${short(now() - child.since)}${child.forced ? ", forced" : ""})`);
  const more = waits.length > 4 ? ` and ${waits.length - 4} more` : "";
  setText($("waits"), harmless(`Waits for ${named.join(", ")}${more}`));
}

function draw() {
  tree.drawLanes();
  const root = app.model.find(app.model.root);
  setText($("uptime"), root?.since === undefined ? "" : root.state === "down" ? `after ${clock(now())}` : `up ${clock(now())}`);
}

/** Draws again when the lanes have moved by something that can be seen. */
function beat() {
  const { from, to } = lanes.window();
  const still = motion.matches ? 1000 : ((to - from) / Math.max(100, $("axis").clientWidth || 300)) * 1000;
  setTimeout(() => requestAnimationFrame(() => {
    if (!document.hidden && app.endedAt === null && app.link !== "locked") {
      tree.tick();
      if (app.stop) renderStop();
      draw();
    }
    beat();
  }), Math.min(1000, Math.max(50, still)));
}

/** Does what was asked for, and says what the program answered. */
async function act(what, path) {
  setText($("answer"), path === undefined ? "" : `${what} …`);
  try {
    await door.control(what, path);
    setText($("answer"), path === undefined ? "" : `${what}: done`);
  } catch (error) {
    const words = error instanceof Refused ? error.message : "the program does not answer";
    setText($("answer"), `${what} was refused: ${words}`);
    announce(`${what} was refused: ${words}`);
  }
}

/** Asks back before something is stopped. */
function confirm(question, consequence, what, path) {
  const dialog = $("confirm");
  setText($("question"), question);
  setText($("consequence"), consequence);
  setText($("yes"), question.replace("?", ""));
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue === "yes") act(what, path);
  };
  dialog.showModal();
}

function listen() {
  $("tree").addEventListener("keydown", keyInTree);
  $("tree").addEventListener("focusin", ({ target }) => {
    if (target.dataset.path !== undefined) select(target.dataset.path);
  });
  $("tree").addEventListener("click", ({ target }) => {
    const row = target.closest(".row");
    if (!row) return;
    const { path } = row.dataset;
    const isTwist = target.closest(".twist") && row.hasAttribute("aria-expanded");
    if (isTwist && !$("find").value) tree.fold(path, !tree.folded.has(path));
    tree.focus(path);
    select(path);
    wish();
  });
  for (const id of ["find", "done"]) {
    $(id).addEventListener("input", () => {
      tree.isStructureDirty = true;
      wish();
    });
  }
  for (const id of ["filter", "kind", "only"]) $(id).addEventListener("input", events.refilter);
  $("window").addEventListener("input", wish);
  $("scroll").addEventListener("scroll", events.scrolled, { passive: true });
  $("newer").addEventListener("click", events.follow);
  $("events").addEventListener("click", ({ target }) => {
    const { path } = target.dataset;
    if (path === undefined || !app.model.find(path)) return;
    tree.focus(path);
    select(path);
    wish();
  });
  $("actions").addEventListener("click", ({ target }) => {
    const { do: what } = target.dataset;
    if (!what) return;
    if (what === "usage") {
      detail.showUsage();
      return;
    }
    const name = harmless(lastOf(app.selected));
    if (what !== "terminate") act(what, app.selected);
    else confirm(`Terminate ${name}?`, "It is stopped in order, with everything below it, and stays down until it is started again.", what, app.selected);
  });
  $("actions").addEventListener("change", ({ target }) => {
    const signal = target.value;
    target.value = "";
    if (!signal) return;
    const name = harmless(lastOf(app.selected));
    confirm(`Send ${signal} to ${name}?`, "Its program gets it, and nothing that it has started. What it does then is its own business.",
      `signal/${signal}`, app.selected);
  });
  $("close").addEventListener("click", () => {
    const path = app.selected;
    app.selected = null;
    wish();
    tree.rows.get(path)?.element.focus({ preventScroll: true });
    app.selected = null;
  });
  $("stop-tree").addEventListener("click", () =>
    confirm("Stop the tree?", "All children are asked to stop, the last started first. The program decides what it does then.", "stop"));
  $("force-tree").addEventListener("click", () =>
    confirm("Force the tree?", "Every grace ends now: what is still there is killed or aborted.", "force"));
  $("again").addEventListener("click", () => {
    if (app.link !== "over") return;
    setLink("connecting");
    watch();
  });
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.matches?.("input, select, dialog *");
    if (event.key === "/" && !isWriting && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      $("find").focus();
    }
    if (event.key === "Escape" && event.target.matches?.("#find, #filter")) {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
      if (event.target.id === "find") tree.focus(app.selected ?? app.model.root);
    }
  });
  const redraw = () => {
    lanes.readColours();
    wish();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(wish).observe($("tree"));
  new ResizeObserver(() => events.isFollowing && events.follow()).observe($("scroll"));
  document.addEventListener("visibilitychange", wish);
  addEventListener("hashchange", () => {
    if (location.hash.includes("token=")) location.reload();
  });
  setInterval(lanes.prune, 60e3);
}

door.takeToken();
lanes.readColours();
listen();
beat();
watch();
