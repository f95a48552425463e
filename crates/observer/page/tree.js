// The tree: a row for every child, with its lane. By keyboard it is a tree as the ARIA practices describe it.

/** More rows than this help no reader, and cost every frame. */
const ROWS = 1500;

/** Of children that have done their work, a supervisor of many has so many shown: the newest. */
const DONE = 3;

const tree = {
  /** Path → { element, parts…, child as it was shown, isSeen }. */
  rows: new Map(),
  folded: new Set(),
  /** The paths that are shown, from the top. */
  shown: [],
  dirty: new Set(),
  isStructureDirty: true,
  ids: 0,
  /** Lanes are drawn only where they can be seen. */
  seen: new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const row = tree.rows.get(target.dataset.path);
      if (row) row.isSeen = isIntersecting;
    }
    wish();
  }, { rootMargin: "100px" }),

  begin() {
    tree.isStructureDirty = true;
    for (const path of tree.rows.keys()) tree.dirty.add(path);
  },

  /** An event has changed a child. */
  touch(event) {
    if (["starting", "started", "stopping", "start_failed", "exited"].includes(event.event)) tree.isStructureDirty = true;
    tree.dirty.add(event.path);
  },

  render() {
    if (tree.isStructureDirty) tree.arrange();
    for (const path of tree.dirty) {
      const row = tree.rows.get(path);
      const child = app.model.find(path);
      if (row && child) fill(row, child);
    }
    tree.dirty.clear();
  },

  arrange() {
    tree.isStructureDirty = false;
    const wanted = $("find").value.trim().toLowerCase();
    const matching = wanted ? matches(wanted) : null;
    const isOpen = (path) => matching !== null || !tree.folded.has(path);
    const left = matching || $("done").checked ? new Set() : finished();
    setText($("left"), left.size ? ` (${number.format(left.size)} more)` : "");
    const host = $("tree");
    const shown = [];
    let place = host.firstElementChild;
    for (const { node, child, level, place: at, of } of app.model.walk(isOpen)) {
      if (left.has(child.path) || (matching && !matching.has(child.path))) continue;
      if (shown.length === ROWS) break;
      let row = tree.rows.get(child.path);
      if (!row) {
        tree.rows.set(child.path, (row = makeRow(child.path)));
        tree.dirty.add(child.path);
      }
      const { element: line } = row;
      line.setAttribute("aria-level", level);
      line.setAttribute("aria-setsize", of);
      line.setAttribute("aria-posinset", at);
      line.style.setProperty("--level", Math.min(level - 1, 12));
      if (node.children.length) line.setAttribute("aria-expanded", isOpen(child.path));
      else line.removeAttribute("aria-expanded");
      if (line === place) place = place.nextElementSibling;
      else host.insertBefore(line, place);
      shown.push(child.path);
    }
    const kept = new Set(shown);
    for (const [path, row] of tree.rows) {
      if (kept.has(path)) continue;
      if (row.element.contains(document.activeElement)) tree.focus(above(path) ?? app.model.root);
      tree.seen.unobserve(row.element);
      row.element.remove();
      tree.rows.delete(path);
    }
    tree.shown = shown;
    const cut = `Only ${count(ROWS, "child", "children")} of ${number.format(app.model.nodes.size)} are shown: fold some, or find one.`;
    setText($("more"), shown.length === ROWS ? cut : matching && !shown.length ? `No child has “${wanted}” in its path.` : "");
    tree.mark();
  },

  /** Shows which row is selected. One row takes part in the order of the Tab key. */
  mark() {
    const stop = tree.rows.has(app.selected) ? app.selected : tree.shown[0];
    for (const [path, { element: line }] of tree.rows) {
      line.setAttribute("aria-selected", path === app.selected);
      line.tabIndex = path === stop ? 0 : -1;
    }
  },

  focus(path) {
    tree.rows.get(path)?.element.focus();
  },

  fold(path, isFolded) {
    if (isFolded) tree.folded.add(path);
    else tree.folded.delete(path);
    tree.arrange();
    tree.render();
  },

  drawLanes() {
    const part = lanes.window();
    lanes.drawAxis($("axis"), part);
    for (const [path, row] of tree.rows) {
      if (row.isSeen) lanes.draw(row.lane, path, part, row.child?.kind === "supervisor");
    }
  },

  /** What counts on while nothing happens. */
  tick() {
    for (const row of tree.rows.values()) if (row.isSeen && row.child) fillTime(row);
  },
};

/** The children that have done their work, but for the newest of each supervisor. */
function finished() {
  const left = new Set();
  for (const { children } of app.model.nodes.values()) {
    if (children.length <= DONE) continue;
    const isDone = (path) => look(app.model.find(path)) === "done" && !app.model.nodes.get(path).children.length;
    const done = children.filter((path) => path !== app.selected && isDone(path));
    done.sort((one, other) => app.model.find(one).since - app.model.find(other).since);
    for (const path of done.slice(0, -DONE)) left.add(path);
  }
  return left;
}

/** The children with a text in their path, and those above them. */
function matches(wanted) {
  const found = new Set();
  for (const path of app.model.nodes.keys()) {
    if (!path.toLowerCase().includes(wanted)) continue;
    for (let up = path; up !== null && !found.has(up); up = above(up)) found.add(up);
  }
  return found;
}

function makeRow(path) {
  const line = element("div", "row");
  line.setAttribute("role", "treeitem");
  line.id = `row-${++tree.ids}`;
  line.dataset.path = path;
  const row = {
    element: line, isSeen: false, child: null,
    sign: sign("down"), id: element("span", "id", harmless(lastOf(path))), kind: element("span", "kind"),
    state: element("span", "state"), pid: element("span", "pid num"), restarts: element("span", "restarts num"),
    since: element("span", "since num"), lane: element("canvas", "lane"),
  };
  const twist = element("span", "twist");
  const name = element("span", "name");
  name.append(twist, row.sign, row.id, row.kind);
  line.append(name, row.state, row.since, row.pid, row.restarts, row.lane);
  tree.seen.observe(line);
  return row;
}

function fill(row, child) {
  const before = row.child && row.child.look;
  const is = look(child);
  row.child = { look: is, kind: child.kind, since: child.since, due: child.restart?.at ?? child.stop?.due, state: child.state };
  row.element.dataset.look = is;
  turnSign(row.sign, is);
  setText(row.kind, child.kind);
  setText(row.state, LOOKS[is] ?? is);
  setText(row.pid, child.pid ? String(child.pid) : "");
  setText(row.restarts, child.restarts ? `↻ ${child.restarts}` : "");
  row.restarts.title = child.restarts ? count(child.restarts, "restart") : "";
  const restarted = child.restarts ? `, restarted ${child.restarts === 1 ? "once" : `${child.restarts} times`}` : "";
  row.element.setAttribute("aria-label", harmless(`${lastOf(child.path)}, ${child.kind}, ${sentence(child)}${restarted}`));
  fillTime(row);
  if (before && before !== is) wave(row.element, is);
}

function fillTime({ since, child }) {
  const isDue = child.due !== undefined && (child.state === "restarting" || child.look === "stopping");
  if (isDue) setText(since, `${child.state === "stopping" ? "forced " : ""}in ${short(Math.max(0, child.due - now()))}`);
  else if (child.since === undefined || child.look === "never") setText(since, "");
  else setText(since, child.state === "stopping" ? short(now() - child.since) : clock(now() - child.since));
}

/** A stop goes down, and its acknowledgement comes up. */
function wave(line, is) {
  if (motion.matches || document.hidden) return;
  const [from, to] = { stopping: ["0 -100%", "0 200%"], gone: ["0 200%", "0 -100%"], killed: ["0 200%", "0 -100%"] }[is] ?? [];
  if (!from) return;
  line.style.setProperty("--wave", `var(--${is === "stopping" ? "stopping" : is === "gone" ? "gone" : "forced"})`);
  const wash = line.animate([{ backgroundPosition: from }, { backgroundPosition: to }], { duration: 700, easing: "ease-out" });
  line.classList.add("wave");
  wash.finished.then(() => line.classList.remove("wave"), () => {});
}

function keyInTree(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const path = event.target.dataset?.path;
  if (path === undefined) return;
  const at = tree.shown.indexOf(path);
  const node = app.model.nodes.get(path);
  const isOpen = event.target.getAttribute("aria-expanded");
  let go = null;
  switch (event.key) {
    case "ArrowDown": go = tree.shown[at + 1]; break;
    case "ArrowUp": go = tree.shown[at - 1]; break;
    case "Home": go = tree.shown[0]; break;
    case "End": go = tree.shown.at(-1); break;
    case "PageDown": go = tree.shown[Math.min(at + 10, tree.shown.length - 1)]; break;
    case "PageUp": go = tree.shown[Math.max(at - 10, 0)]; break;
    case "ArrowRight":
      if (isOpen === "false") tree.fold(path, false);
      else go = node?.children[0];
      break;
    case "ArrowLeft":
      if (isOpen === "true" && !$("find").value) tree.fold(path, true);
      else go = above(path);
      break;
    case "*":
      for (const sibling of app.model.nodes.get(above(path))?.children ?? [path]) tree.folded.delete(sibling);
      tree.arrange();
      break;
    case "Enter": case " ": select(path); break;
    default: {
      // A letter leads to the next child that begins with it.
      if (event.key.length !== 1) return;
      const key = event.key.toLowerCase();
      if (key === "/") return;
      const order = [...tree.shown.slice(at + 1), ...tree.shown.slice(0, at)];
      go = order.find((other) => lastOf(other).toLowerCase().startsWith(key));
    }
  }
  event.preventDefault();
  if (go) tree.focus(go);
}
