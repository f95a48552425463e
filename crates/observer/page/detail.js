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
      if (path === app.selected) detail.showWhy(why.because);
    } catch (error) {
      // What is known stays there when the program does not answer.
      if (path === app.selected && error instanceof Refused) detail.showWhy([]);
    }
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
    $("detail").dataset.look = look(child);
    setText($("sentence"), `${sentence(child)}.`.replace(/^./, (c) => c.toUpperCase()));
    const facts = [["Kind", child.kind], ["Incarnation", child.incarnation || "never started"]];
    if (child.pid) facts.push(["Process", child.pid]);
    facts.push(["Restarts", number.format(child.restarts)]);
    if (child.last_end) facts.push(["Last end", endWords(child.last_end)]);
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
    if (host.dataset.for === `${child.path}\n${wanted}`) return;
    host.dataset.for = `${child.path}\n${wanted}`;
    const hadFocus = host.contains(document.activeElement);
    host.replaceChildren(...wanted.map((what) => {
      const button = element("button", what === "terminate" ? "danger" : "", { start: "Start", restart: "Restart", terminate: "Terminate" }[what]);
      button.type = "button";
      button.dataset.do = what;
      return button;
    }));
    if (hadFocus) (host.firstElementChild ?? $("detail-title")).focus();
  },
};

/** The reasons have no status but its words. */
function lookOfReason({ event, says }) {
  if (event === "exited") return ["ended normally", "shut down", "exit code 0"].includes(says) ? "done" : "failed";
  return eventWords({ event })[0];
}

function select(path) {
  if (app.selected === path) return;
  app.selected = path;
  $("because").replaceChildren();
  setText($("answer"), "");
  tree.mark();
  detail.begin();
  if ($("only").checked) events.refilter();
}
