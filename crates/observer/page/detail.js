// The child that is selected: what it does, why, and what can be done to it.

/** How long to wait for more events before the door is asked for the reasons again. */
const REST = 250;

const detail = {
  timer: null,
  /** The paths that the reasons tell of. */
  told: new Set(),

  begin() {
    detail.render();
    detail.askWhy();
  },

  touch(event) {
    if (event.path === app.selected || detail.told.has(event.path)) detail.askWhy();
  },

  /** Asks why, a moment later: there may be more to come. */
  askWhy() {
    if (detail.timer !== null || app.selected === null || app.link === "over") return;
    detail.timer = setTimeout(() => {
      detail.timer = null;
      if (app.link === "live") detail.showReasons();
    }, REST);
  },

  async showReasons() {
    const path = app.selected;
    if (path === null) return;
    try {
      const why = await door.why(path);
      if (path !== app.selected) return;
      detail.showWhy(why.because);
      detail.showOutlook(why);
    } catch (error) {
      // What is known stays there when the program does not answer.
      if (path === app.selected && error instanceof Refused) {
        detail.showWhy([]);
        detail.showOutlook({});
      }
    }
  },

  /** What it waits for and what would change that, and what the look has told of it. */
  showOutlook({ child, waits_for: waits = [], changed_by: changes = [] }) {
    const known = app.model.find(app.selected);
    const isSame = known && child && known.incarnation === child.incarnation && known.state === child.state;
    for (const key of isSame ? DETAILS : []) {
      if (child[key] === undefined) delete known[key];
      else known[key] = child[key];
    }
    const lines = (all) => all.map(({ says, at }) => {
      const due = at === undefined ? "" : ` (at ${at.toFixed(3)} s)`;
      return element("li", "", harmless(`${says}${due}`));
    });
    $("waits-for").replaceChildren(...(waits.length ? lines(waits) : [element("li", "quiet", "nothing")]));
    $("changed-by").replaceChildren(...lines(changes));
    $("outlook").hidden = !waits.length && !changes.length;
    $("outlook").dataset.of = known ? `${known.incarnation} ${known.state}` : "";
    detail.render();
  },

  /** What the process uses, asked when it is wanted and not again. */
  async showUsage() {
    const path = app.selected;
    let words;
    try {
      words = `Uses ${usageWords((await door.usage(path)).usage)}.`;
    } catch (error) {
      words = error instanceof Refused ? "It is no process that runs." : "The program does not answer.";
    }
    if (path === app.selected) setText($("used"), words);
  },

  showWhy(because) {
    detail.told = new Set(because.map((reason) => reason.path));
    const lines = because.map((reason) => {
      const line = element("li");
      const head = element("span", "reason");
      line.dataset.look = lookOfReason(reason);
      head.append(sign(line.dataset.look));
      const who = reason.path === app.selected ? "" : `${lastOf(reason.path)} `;
      head.append(element("span", "what", harmless(`${who}${reason.event.replaceAll("_", " ")}`)));
      line.append(head);
      if (reason.says) line.append(element("span", "says", harmless(reason.says)));
      line.append(element("span", "when num", `at ${reason.at.toFixed(3)} s · event ${reason.seq}`));
      return line;
    });
    $("because").replaceChildren(...lines);
    $("no-reason").hidden = lines.length > 0;
  },

  render() {
    const child = app.selected === null ? null : app.model.find(app.selected);
    $("detail").hidden = app.selected === null;
    if (app.selected === null) return;
    const parent = above(app.selected);
    setText($("above"), parent === null ? "" : harmless(`${parent}/`));
    setText($("selected"), harmless(lastOf(app.selected)));
    if (!child) {
      setText($("sentence"), "is not in the tree any more.");
      $("facts").replaceChildren();
      $("actions").replaceChildren();
      return;
    }
    // What was said of another state counts no more.
    if ($("outlook").dataset.of !== `${child.incarnation} ${child.state}`) $("outlook").hidden = true;
    $("detail").dataset.look = look(child);
    setText($("sentence"), `${sentence(child)}.`.replace(/^./, (c) => c.toUpperCase()));
    const facts = [["Kind", child.kind], ["Incarnation", child.incarnation || "never started"]];
    if (child.pid) facts.push(["Process", child.pid]);
    facts.push(["Restarts", number.format(child.restarts)]);
    if (child.last_end) facts.push(["Last end", endWords(child.last_end)]);
    facts.push(...detailWords(child, now()));
    if (parent === null && app.model.containment) facts.push(["Containment", app.model.containment]);
    for (const line of parent === null ? app.model.degraded : []) facts.push(["Weaker", line]);
    $("facts").replaceChildren(...facts.flatMap(([term, is]) => [element("dt", "", term), element("dd", "", harmless(String(is)))]));
    detail.renderActions(child);
  },

  /** Buttons stand only where the program allows it, and where they make sense. */
  renderActions(child) {
    const host = $("actions");
    const isBelow = above(child.path) !== null && app.control && app.link === "live" && !app.stop;
    const wanted = !isBelow ? [] : child.state === "down" ? ["start"]
      : child.state === "restarting" ? ["terminate"] : child.state === "stopping" ? [] : ["restart", "terminate"];
    const isProcess = child.kind === "process" && child.pid !== undefined && app.link === "live";
    if (isProcess && app.control) wanted.push("signal");
    if (isProcess) wanted.push("usage");
    if (host.dataset.for === `${child.path}\n${wanted}`) return;
    host.dataset.for = `${child.path}\n${wanted}`;
    const hadFocus = host.contains(document.activeElement);
    host.replaceChildren(...wanted.map((what) => {
      if (what === "signal") return signalChoice();
      const name = { start: "Start", restart: "Restart", terminate: "Terminate", usage: "What it uses" }[what];
      const button = element("button", what === "terminate" ? "danger" : "", name);
      button.type = "button";
      button.dataset.do = what;
      return button;
    }));
    if (hadFocus) (host.firstElementChild ?? $("detail-title")).focus();
  },
};

/** The signals that may be chosen, as in the view on a terminal. */
const SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGTERM", "SIGQUIT", "SIGSTOP", "SIGCONT", "SIGKILL"];

/** A choice of signals for the program of the process. What is chosen is asked back before it is sent. */
function signalChoice() {
  const choice = element("select");
  choice.setAttribute("aria-label", "Send a signal to its program");
  const first = element("option", "", "Send a signal …");
  first.value = "";
  choice.append(first, ...SIGNALS.map((signal) => element("option", "", signal)));
  return choice;
}

/** The reasons have no status but its words. */
function lookOfReason({ event, says }) {
  if (event === "exited") return ["ended normally", "shut down", "exit code 0"].includes(says) ? "done" : "failed";
  return eventWords({ event })[0];
}

function select(path) {
  if (app.selected === path) return;
  app.selected = path;
  $("because").replaceChildren();
  $("outlook").hidden = true;
  setText($("answer"), "");
  setText($("used"), "");
  tree.mark();
  detail.begin();
  if ($("only").checked) events.refilter();
}
