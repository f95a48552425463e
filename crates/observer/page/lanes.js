// The timeline: a lane for every child, beside its row. What it shows is in words in the events and in the detail.

/** How much of a child's life is kept, in seconds and in pieces. */
const KEPT = 900;
const PIECES = 400;

const lanes = {
  /** Path → { pieces: [{ from, to, look }], marks: [{ at, look }] }; the last piece may have no end yet. */
  lives: new Map(),
  colours: {},

  /** Takes what a snapshot tells: the newest events, and since when each child is in its state. */
  begin(snapshot) {
    lanes.lives.clear();
    for (const event of snapshot.newest) lanes.add(event);
    lanes.settle(snapshot.children);
  },

  /** Adds what children are known to do and no event has told. */
  settle(children) {
    for (const child of children) {
      const life = lanes.life(child.path);
      const last = life.pieces.at(-1);
      const look = child.state === "stopping" && child.forced ? "forced" : child.state;
      if (last && last.to === null && last.look === look) continue;
      lanes.close(life, child.since ?? 0);
      if (child.state !== "down" && child.since !== undefined) life.pieces.push({ from: child.since, to: null, look });
      if (child.last_end && !life.marks.some((mark) => mark.at === child.last_end.at)) {
        const { at } = child.last_end;
        life.marks.push({ at, look: lookOfEnd(child) });
      }
    }
  },

  life(path) {
    let life = lanes.lives.get(path);
    if (!life) lanes.lives.set(path, (life = { pieces: [], marks: [] }));
    return life;
  },

  close(life, at) {
    const last = life.pieces.at(-1);
    if (last && last.to === null) last.to = at;
  },

  add(event) {
    const [look] = eventWords(event);
    const opens = { starting: "starting", started: "running", restarting: "restarting", stopping: "stopping", escalated: "forced" };
    const name = event.event;
    const ends = ["exited", "stopped", "start_failed", "ignored"].includes(name);
    if (!(name in opens) && !ends && name !== "gave_up" && name !== "asked") return;
    const life = lanes.life(event.path);
    if (name in opens || ends) lanes.close(life, event.at);
    if (name in opens) life.pieces.push({ from: event.at, to: null, look: opens[name] });
    if (name === "asked") life.marks.push({ at: event.at, look: "asked", text: event.with.replace(/^SIG/, "").split(" ")[0] });
    else if (name !== "starting" && name !== "restarting") life.marks.push({ at: event.at, look });
    if (life.pieces.length > PIECES) life.pieces.splice(0, PIECES / 2);
    if (life.marks.length > PIECES) life.marks.splice(0, PIECES / 2);
  },

  /** Forgets what is too old, and children that are gone from the tree. */
  prune() {
    const oldest = now() - KEPT;
    for (const [path, life] of lanes.lives) {
      life.pieces = life.pieces.filter((piece) => piece.to === null || piece.to >= oldest);
      life.marks = life.marks.filter((mark) => mark.at >= oldest);
      if (!life.pieces.length && !app.model.find(path)) lanes.lives.delete(path);
    }
  },

  /** The part of time that is shown. By itself it goes with a stop. */
  window() {
    const to = now();
    const chosen = Number($("window").value);
    if (chosen) return { from: to - chosen, to };
    if (!app.stop) return { from: to - Math.min(60, Math.max(10, to * 1.02)), to };
    const long = Math.max(1, to - app.stop.at);
    return { from: app.stop.at - long * 0.12, to: to + long * 0.02 };
  },

  readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["running", "starting", "stopping", "forced", "restarting", "failed", "gone", "quiet", "line", "ground", "text"]) {
      lanes.colours[name] = style.getPropertyValue(`--${name}`).trim();
    }
    for (const [look, name] of [["done", "quiet"], ["killed", "forced"], ["lost", "forced"], ["asked", "stopping"]]) {
      lanes.colours[look] = lanes.colours[name];
    }
  },

  /** Draws the lane of a child, as wide as its canvas is. */
  draw(canvas, path, { from, to }, isSupervisor) {
    const pen = penOf(canvas);
    if (!pen) return;
    const { width, height } = canvas.getBoundingClientRect();
    const x = (at) => ((at - from) / (to - from)) * width;
    const middle = height / 2;
    const thick = (isSupervisor ? 0.5 : 1) * (height < 24 ? 6 : 8);
    const { colours } = lanes;
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = colours.line;
    for (const at of ticks({ from, to }, width)) pen.fillRect(Math.round(x(at)), 0, 1, height);
    const life = lanes.lives.get(path);
    if (!life) return;
    for (const piece of life.pieces) {
      const end = piece.to ?? Math.min(to, now());
      if (end < from || piece.from > to) continue;
      const left = Math.max(-2, x(piece.from));
      drawPiece(pen, piece.look, left, Math.max(1.5, Math.min(width + 2, x(end)) - left), middle, thick);
    }
    for (const mark of life.marks) {
      if (mark.at < from || mark.at > to) continue;
      drawMark(pen, mark.look, x(mark.at), middle);
      if (mark.text) drawName(pen, mark.text, x(mark.at), { width, height });
    }
  },

  /** Writes above the lanes how long ago a line is. */
  drawAxis(canvas, { from, to }) {
    const pen = penOf(canvas);
    if (!pen) return;
    const { width, height } = canvas.getBoundingClientRect();
    pen.clearRect(0, 0, width, height);
    pen.fillStyle = lanes.colours.quiet;
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    pen.textBaseline = "middle";
    const zero = app.stop ? app.stop.at : now();
    for (const at of ticks({ from, to }, width)) {
      const x = ((at - from) / (to - from)) * width;
      const ago = Math.round((at - zero) * 1000) / 1000;
      const text = ago === 0 ? (app.stop ? "stop" : "now") : `${ago > 0 ? "+" : "−"}${tickWords(Math.abs(ago))}`;
      const wide = pen.measureText(text).width;
      pen.fillText(text, Math.min(width - wide, Math.max(0, x - wide / 2)), height / 2);
    }
  },
};

/** The look of an end, also when the child has been started again since. */
function lookOfEnd(child) {
  return look({ ...child, state: "down" });
}

/** Sharp on screens of every density. Null while the canvas is not shown. */
function penOf(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return null;
  const dense = Math.min(3, devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  return pen;
}

const STEPS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/** Where lines stand: they count from the stop, or back from now. */
function ticks({ from, to }, width) {
  const most = Math.max(2, Math.floor(width / 72));
  const step = STEPS.find((step) => (to - from) / step <= most) ?? 1800;
  const zero = app.stop ? app.stop.at : now();
  const places = [];
  for (let n = Math.ceil((from - zero) / step - 1e-9); zero + n * step <= to + 1e-9; n++) places.push(zero + n * step);
  return places;
}

function tickWords(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1e3)} ms` : seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
}

function drawPiece(pen, look, left, width, middle, thick) {
  const colour = lanes.colours[look] ?? lanes.colours.quiet;
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineWidth = 1;
  if (look === "restarting") {
    // A wait, and nothing that runs: a broken line.
    pen.setLineDash([2, 3]);
    pen.beginPath();
    pen.moveTo(left, middle);
    pen.lineTo(left + width, middle);
    pen.stroke();
    pen.setLineDash([]);
  } else if (look === "starting") {
    pen.strokeRect(left + 0.5, middle - thick / 2 + 0.5, Math.max(1, width - 1), thick - 1);
  } else if (look === "stopping" || look === "forced") {
    pen.globalAlpha = 0.28;
    pen.fillRect(left, middle - thick / 2, width, thick);
    pen.globalAlpha = 1;
    pen.fillRect(left, middle - thick / 2, width, 2);
    pen.fillRect(left, middle + thick / 2 - 2, width, 2);
  } else {
    pen.globalAlpha = 0.72;
    pen.fillRect(left, middle - thick / 2, width, thick);
    pen.globalAlpha = 1;
  }
}

/** With what a child was asked, beside the mark of a step of its stop. */
function drawName(pen, text, x, { width, height }) {
  pen.font = `9px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = "bottom";
  const wide = pen.measureText(text).width;
  pen.lineWidth = 2.5;
  pen.strokeStyle = lanes.colours.ground;
  pen.fillStyle = lanes.colours.text;
  const left = Math.min(width - wide, x + 4);
  pen.strokeText(text, left, height);
  pen.fillText(text, left, height);
}

const MARKS = {
  asked: "M-4 -6H4L0 1Z",
  running: "M0 -6V6", starting: "M0 -6V6",
  stopping: "M-4.5 -4H4.5L0 5Z", gone: "M-4.5 4H4.5L0 -5Z",
  failed: "M-4 -4L4 4M4 -4L-4 4", forced: "M0 -5L5 0L0 5L-5 0Z", killed: "M0 -5L5 0L0 5L-5 0Z",
  lost: "M0 -5L5 0L0 5L-5 0Z", done: "M-3.5 -3.5H3.5V3.5H-3.5Z",
};
const shapes = Object.fromEntries(Object.entries(MARKS).map(([look, path]) => [look, new Path2D(path)]));

function drawMark(pen, look, x, middle) {
  const shape = shapes[look];
  if (!shape) return;
  pen.save();
  pen.translate(x, middle);
  const isLine = look === "failed" || look === "running";
  // A rim in the colour of the ground keeps marks apart that stand on bars and on each other.
  pen.strokeStyle = lanes.colours.ground;
  pen.lineWidth = isLine ? 5 : 2.5;
  pen.stroke(shape);
  pen.strokeStyle = pen.fillStyle = lanes.colours[look] ?? lanes.colours.quiet;
  if (isLine) {
    pen.lineWidth = look === "failed" ? 2.25 : 1.5;
    pen.stroke(shape);
  } else {
    pen.fill(shape);
  }
  pen.restore();
}
