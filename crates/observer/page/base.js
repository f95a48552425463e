// What the parts of the page share: the state of the watch, and ways to make elements. Text from outside becomes text.

const app = {
  model: new Model(),
  /** What can be done, if the program allows it. */
  control: false,
  selected: null,
  /** The time of the tree is that of this clock, in seconds, less this. */
  began: null,
  /** `at` of the last event, once the record is over. */
  endedAt: null,
  /** The stop of the whole tree: since when, why, and what was there when it began. */
  stop: null,
  /** A snapshot that tells of events which are still to come. */
  ahead: null,
  isLooking: false,
  /** connecting, live, lost, over, locked. */
  link: "connecting",
};

const motion = matchMedia("(prefers-reduced-motion: reduce)");
const phone = matchMedia("(max-width: 719px)");

/** The time of the tree. */
function now() {
  if (app.endedAt !== null) return app.endedAt;
  return app.began === null ? app.model.at : Math.max(app.model.at, performance.now() / 1e3 - app.began);
}

function $(id) {
  return document.getElementById(id);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A sign that is told from others by its shape. What it means stands beside it in words. */
function sign(look) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "sign");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  turnSign(svg, look);
  return svg;
}

function turnSign(svg, look) {
  const href = `#sign-${look}`;
  if (svg.firstChild.getAttribute("href") !== href) svg.firstChild.setAttribute("href", href);
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function lastOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Calls a function once for many wishes, before the next frame is drawn. */
function once(work) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      work();
    });
  };
}

/** Says what matters to readers that do not see the page, a few sentences at a time. */
const announce = (() => {
  const waiting = [];
  let timer = null;
  const say = () => {
    timer = null;
    const more = waiting.length > 4 ? `, and ${waiting.length - 3} more` : "";
    setText($("said"), waiting.splice(0).slice(0, more ? 3 : 4).join(". ") + more);
  };
  return (text) => {
    waiting.push(text);
    timer ??= setTimeout(say, 800);
  };
})();
