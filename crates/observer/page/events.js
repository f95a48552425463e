// The newest events and output, with a filter.

/** How many are remembered, and how many of them are shown. */
const REMEMBERED = 4000;
const SHOWN = 400;

const events = {
  all: [],
  /** Those that have come since the last frame. */
  fresh: [],
  isFollowing: true,
  /** How far down the list was at the last look. */
  top: 0,
  missed: 0,

  begin(snapshot) {
    events.all = [];
    events.fresh = [];
    for (const event of snapshot.newest) events.add(event);
    events.refilter();
  },

  add(event) {
    events.all.push(event);
    events.fresh.push(event);
    if (events.all.length > REMEMBERED) events.all.splice(0, REMEMBERED / 4);
  },

  gap(lost) {
    events.add({ event: "lost", path: app.model.root ?? "", at: now(), seq: lost.to, count: lost.count });
  },

  passes() {
    const text = $("filter").value.trim().toLowerCase();
    const kind = $("kind").value;
    const below = $("only").checked ? app.selected : null;
    return (event) => {
      if (below !== null && event.path !== below && !event.path.startsWith(`${below}/`)) return false;
      const [, words, weight] = said(event);
      if (kind === "life" && weight === 0) return false;
      if (kind === "output" && weight !== 0) return false;
      if (kind === "trouble" && weight < 3) return false;
      return !text || event.path.toLowerCase().includes(text) || words.toLowerCase().includes(text);
    };
  },

  refilter() {
    const passing = events.all.filter(events.passes()).slice(-SHOWN);
    events.fresh = [];
    $("events").replaceChildren(...passing.map(line));
    setText($("none"), passing.length ? "" : events.all.length ? "No event passes the filter." : "Nothing has happened since this page began to watch.");
    events.follow();
  },

  render() {
    if (!events.fresh.length) return;
    const passing = events.fresh.filter(events.passes()).slice(-SHOWN);
    events.fresh = [];
    if (!passing.length) return;
    const list = $("events");
    list.append(...passing.map(line));
    while (list.childElementCount > SHOWN) list.firstElementChild.remove();
    setText($("none"), "");
    if (events.isFollowing) {
      events.follow();
    } else {
      events.missed += passing.length;
      setText($("newer"), `↓ ${count(events.missed, "newer event")}`);
      $("newer").hidden = false;
    }
  },

  follow() {
    const box = $("scroll");
    events.isFollowing = true;
    events.missed = 0;
    $("newer").hidden = true;
    box.scrollTop = box.scrollHeight;
  },

  scrolled() {
    const box = $("scroll");
    const isBack = box.scrollTop < events.top - 2;
    events.top = box.scrollTop;
    // Also when the list has grown meanwhile, only a reader who scrolls back has left its end.
    if (box.scrollTop + box.clientHeight >= box.scrollHeight - 24) events.isFollowing = true;
    else if (isBack) events.isFollowing = false;
    if (events.isFollowing) {
      events.missed = 0;
      $("newer").hidden = true;
    }
  },
};

function said(event) {
  if (event.event === "lost") return ["restarting", `${count(event.count, "event")} did not reach this page`, 3];
  return eventWords(event);
}

function line(event) {
  const [is, words, weight] = said(event);
  const item = element("li", `event weight-${weight}`);
  item.dataset.look = is;
  item.append(element("span", "at num", event.at.toFixed(3)));
  item.append(weight === 0 ? element("span", "sign", event.stream === "stderr" ? "┊" : "│") : sign(is));
  const path = element("span", "path", harmless(lastOf(event.path)));
  path.title = harmless(event.path);
  path.dataset.path = event.path;
  item.append(path);
  const text = element("span", "words", harmless(words));
  if (weight === 0 && event.stream === "stderr") text.classList.add("stderr");
  item.append(text);
  return item;
}
