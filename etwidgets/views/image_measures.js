// Distances, angles, line profiles and statistics that were put on the images; they stay while the images change.
import { atMostEvery, clamp } from "./viewport.js";
import { angleOf, distanceTo, linesOf, pixelsBetween } from "./image_geometry.js";

const POINTS = { distance: 2, angle: 3, profile: 2, statistics: 2 };
const NEAR = 8;            // CSS pixels from a point or a line at which it is caught
const ASK_EVERY_MS = 80;
const PAGE = Math.random().toString(36).slice(2);   // replies go to all pages that show the view

let made = 0;

export class Measures {
  // `view`: { pane(i), to(i, [x, y]), from(i, {x, y}) } between pixels of an image and the canvas.
  constructor(view, send, changed) {
    Object.assign(this, { view, send, changed, list: [], tool: null, draft: null, held: null, chosen: null });
    this.askNow = atMostEvery(ASK_EVERY_MS, () => this.held && this.ask(this.held.measure));
  }

  choose(tool) {   // the same again: none
    this.tool = this.tool === tool ? null : tool;
    this.draft = null;
    this.changed();
  }

  get busy() { return Boolean(this.tool || this.held); }

  clear() { this.list = []; this.draft = this.held = this.chosen = null; }

  remove(measure = this.chosen) {
    if (!this.list.includes(measure)) return false;
    this.list = this.list.filter((each) => each !== measure);
    if (this.chosen === measure) this.chosen = null;
    this.changed();
    return true;
  }

  escape() {
    const open = this.tool || this.draft;
    this.tool = this.draft = null;
    this.changed();
    return Boolean(open);
  }

  // -- the mouse: true where it is about a measurement

  down(i, at) {
    this.moved = false;
    if (this.tool) {
      if (this.draft?.pane !== i) this.begin(i, at);
      else this.put(at);
      return true;
    }
    const caught = this.caughtAt(i, at);
    this.chosen = caught?.measure ?? null;
    this.held = caught && { ...caught, at, points: caught.measure.points };
    return Boolean(caught);
  }

  begin(i, at) {
    const point = this.placed(this.tool, i, at);
    this.draft = { id: `${PAGE}-${++made}`, kind: this.tool, pane: i, points: [point, point], values: null };
    this.first = true;   // pressed, and not yet let go
  }

  move(at) {
    this.moved = true;
    if (this.draft) this.put(at);
    else if (this.held) this.drag(at);
    return Boolean(this.draft || this.held);
  }

  up(at) {
    if (this.held) {
      this.ask(this.held.measure);
      this.held = null;
      return true;
    }
    if (!this.draft) return false;
    if (this.first && !this.moved) this.first = false;   // a click: the next point follows the mouse
    else this.fix(at);
    this.changed();
    return true;
  }

  put(at) {
    const { kind, pane, points } = this.draft;
    this.draft.points = [...points.slice(0, -1), this.placed(kind, pane, at)];
  }

  fix(at) {
    this.first = false;
    this.put(at);
    if (this.draft.points.length < POINTS[this.draft.kind]) {
      this.draft.points = [...this.draft.points, this.draft.points.at(-1)];
      return;
    }
    const done = this.draft, [first, ...others] = done.points;
    if (done.kind !== "statistics" && others.every((point) => point.every((value, k) => value === first[k]))) {
      this.draft = null;   // two clicks at one place
      return;
    }
    this.list = [...this.list.filter((each) => !(done.kind === "profile" && each.kind === "profile")), done];
    this.chosen = done;
    this.draft = this.tool = null;
    this.ask(done);
  }

  placed(kind, i, at) {   // profiles run between centers of pixels, so that their values are those of the data
    const edge = kind === "profile" ? 0 : 0.5, most = this.sizeOf(i);
    return this.view.from(i, at).map((value, k) => clamp(edge ? value : Math.round(value), -edge, most[k] - 1 + edge));
  }

  sizeOf(i) {
    const pane = this.view.pane(i);
    return [pane.width * pane.factor, pane.height * pane.factor];
  }

  drag(at) {
    const { measure, index, points } = this.held, { kind, pane } = measure;
    if (index !== null) {
      measure.points = points.map((point, k) => (k === index ? this.placed(kind, pane, at) : point));
    } else {
      const from = this.placed(kind, pane, this.held.at), to = this.placed(kind, pane, at), most = this.sizeOf(pane);
      const by = to.map((value, k) => {   // as far as all points stay in the image
        const places = points.map((point) => point[k]);
        return clamp(value - from[k], -Math.min(...places), most[k] - 1 - Math.max(...places));
      });
      measure.points = points.map(([x, y]) => [x + by[0], y + by[1]]);
    }
    this.askNow(false);
  }

  caughtAt(i, at) {
    for (const measure of this.list.filter((each) => each.pane === i).reverse()) {
      const places = measure.points.map((point) => this.view.to(i, point));
      const index = places.findIndex(([x, y]) => Math.hypot(x - at.x, y - at.y) <= NEAR);
      if (index >= 0) return { measure, index };
      if (sidesOf(measure.kind, places).some((side) => distanceTo(side, at) <= NEAR / 2)) return { measure, index: null };
    }
    return null;
  }

  // -- exact values, which the kernel has

  ask(measure) {
    const { id, kind, pane, points } = measure;
    if (kind === "profile") this.send({ type: "values", id, what: "profile", pane, points });
    if (kind === "statistics") {
      this.send({ type: "values", id, what: "statistics", pane, rectangle: pixelsBetween(points, this.view.pane(pane)) });
    }
  }

  askAll() { this.list.filter((each) => this.view.pane(each.pane)).forEach((each) => this.ask(each)); }

  take(content, values) {
    const measure = this.list.find((each) => each.id === content.id);
    if (!measure) return;
    measure.values = measure.kind === "profile" && !content.refused ? values : content;
    this.changed();
  }

  of(i) { return [...this.list, ...(this.draft ? [this.draft] : [])].filter((each) => each.pane === i); }

  text(measure) { return linesOf(measure, this.view.pane(measure.pane)); }
}

function sidesOf(kind, places) {
  if (kind !== "statistics") return places.slice(1).map((place, k) => [places[k], place]);
  const [[x0, y0], [x1, y1]] = places;
  return [[[x0, y0], [x1, y0]], [[x1, y0], [x1, y1]], [[x1, y1], [x0, y1]], [[x0, y1], [x0, y0]]];
}

// -- drawing

const LINE = "#ffe14d", CHOSEN = "#ffffff";

// Those of one image, the words over all lines; with each that is done, the corner at which it can be removed.
export function drawMeasures(context, measures, i, to, p) {
  const all = measures.of(i).map((measure) => [measure, measure.points.map((point) => to(...point))]);
  for (const [measure, places] of all) drawLines(context, measure, places, measure === measures.chosen);
  return all.flatMap(([measure, places]) => {
    const lines = measures.text(measure), corner = lines.length ? drawText(context, lines, places.at(-1), p) : null;
    return corner && measure !== measures.draft ? [[measure, corner]] : [];
  });
}

function drawLines(context, measure, places, chosen) {
  const sides = sidesOf(measure.kind, places);
  for (const [color, width] of [["rgba(0,0,0,0.6)", 4], [chosen ? CHOSEN : LINE, 1.6]]) {
    context.strokeStyle = color; context.lineWidth = width;
    context.beginPath();
    for (const [[x0, y0], [x1, y1]] of sides) { context.moveTo(x0, y0); context.lineTo(x1, y1); }
    context.stroke();
    for (const [x, y] of places) context.strokeRect(x - 2.5, y - 2.5, 5, 5);
  }
  if (measure.kind === "angle" && places.length === 3) drawArc(context, places);
}

function drawArc(context, places) {
  const [[ax, ay], [bx, by], [cx, cy]] = places, r = Math.min(24, Math.hypot(ax - bx, ay - by) / 2, Math.hypot(cx - bx, cy - by) / 2);
  const from = Math.atan2(ay - by, ax - bx), turn = Math.atan2(Math.sin(Math.atan2(cy - by, cx - bx) - from), Math.cos(Math.atan2(cy - by, cx - bx) - from));
  const steps = Math.max(2, Math.ceil(angleOf(places) / 6));
  context.beginPath();
  for (let k = 0; k <= steps; k++) {
    const angle = from + turn * k / steps, at = [bx + r * Math.cos(angle), by + r * Math.sin(angle)];
    if (k) context.lineTo(...at); else context.moveTo(...at);
  }
  context.stroke();
}

function drawText(context, lines, [x, y], p) {   // beside the last point, inside the image; where it stands
  context.font = "12px system-ui, sans-serif";
  const w = Math.max(...lines.map((line) => context.measureText(line).width)) + 12, h = 16 * lines.length + 6, cross = 20;
  const left = Math.max(p.x, Math.min(x + 10, p.x + p.w - w - cross)), top = Math.max(p.y, Math.min(y - h - 8, p.y + p.h - h));
  context.fillStyle = "rgba(0,0,0,0.65)"; context.fillRect(left, top, w, h);
  context.fillStyle = LINE; context.textAlign = "left"; context.textBaseline = "middle";
  lines.forEach((line, k) => context.fillText(line, left + 6, top + 11 + 16 * k));
  return { x: left + w, y: top };
}
