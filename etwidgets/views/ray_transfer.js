// The transfer function as a curve over the histogram: how opaque, and in which color, each intensity is drawn.
import { clamp, clearedCanvas, pointerAt } from "./viewport.js";

const REACH = 9, RIM = 8;

const numbers = (color) => [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));

// 256 colors with opacities, as bytes: in straight lines between the points [value, opacity, color].
export function tableOf(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0]), table = new Uint8Array(1024);
  for (let v = 0; v < 256; v++) {
    const value = v / 255, k = sorted.findIndex((point) => point[0] >= value);
    const after = sorted[k < 0 ? sorted.length - 1 : k], before = k > 0 ? sorted[k - 1] : after;
    const part = after[0] > before[0] ? (value - before[0]) / (after[0] - before[0]) : 1;
    const one = numbers(before[2]), two = numbers(after[2]), mix = clamp(part, 0, 1);
    for (let i = 0; i < 3; i++) table[4 * v + i] = one[i] + (two[i] - one[i]) * mix;
    table[4 * v + 3] = 255 * (k < 0 ? after[1] : before[1] + (after[1] - before[1]) * mix);
  }
  return table;
}

// Where the surface is: half-way from the last transparent point to the next one.
export function levelOf(points) {
  const i = points.findLastIndex((point) => point[1] <= 0.003), after = points[Math.min(i + 1, points.length - 1)];
  return Math.max(1 / 255, i < 0 ? after[0] : (points[i][0] + after[0]) / 2);
}

// Opacities are shown on a scale on which small ones have room.
const up = (opacity) => Math.sqrt(opacity), down = (place) => place ** 2;

export class TransferEditor {
  constructor({ changed }) {
    this.changed = changed; this.points = []; this.counts = []; this.chosen = -1; this.limits = [0, 1];
    this.element = document.createElement("div");
    this.element.className = "etw-transfer";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", "Opacity and color over intensity: click adds a point, drag moves it, Delete removes it, arrow keys move it");
    this.color = Object.assign(document.createElement("input"), { type: "color", title: "Color of the chosen point" });
    this.color.setAttribute("aria-label", "Color of the chosen point");
    this.color.oninput = () => { if (this.points[this.chosen]) { this.points[this.chosen][2] = this.color.value; this.tell(); } };
    this.element.append(this.canvas, this.color);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show({ points, counts, limits }) {
    if (this.drag) return;
    this.points = points.map((point) => [...point]).sort((a, b) => a[0] - b[0]); this.counts = counts; this.limits = limits;
    if (this.chosen >= this.points.length) this.chosen = -1;
    this.draw();
  }

  place([value, opacity]) {
    const w = this.canvas.clientWidth - 2 * RIM, h = this.canvas.clientHeight - 2 * RIM;
    return [RIM + value * w, RIM + (1 - up(opacity)) * h];
  }

  values({ x, y }) {
    const w = this.canvas.clientWidth - 2 * RIM, h = this.canvas.clientHeight - 2 * RIM;
    return [clamp((x - RIM) / w, 0, 1), down(clamp(1 - (y - RIM) / h, 0, 1))];
  }

  nearest(at) {
    const near = this.points.map((point) => { const [x, y] = this.place(point); return Math.hypot(x - at.x, y - at.y); });
    const i = near.indexOf(Math.min(...near));
    return near[i] <= REACH ? i : -1;
  }

  listen() {
    const { canvas } = this;
    canvas.onpointerdown = (event) => {
      const at = pointerAt(canvas, event);
      this.chosen = this.nearest(at);
      if (this.chosen < 0) {
        const [value, opacity] = this.values(at), table = tableOf(this.points), i = 4 * Math.round(255 * value);
        const color = "#" + [0, 1, 2].map((k) => table[i + k].toString(16).padStart(2, "0")).join("");
        this.points.push([value, opacity, color]); this.sort(this.points.at(-1));
      }
      this.drag = true; canvas.setPointerCapture(event.pointerId); this.tell();
    };
    canvas.onpointermove = (event) => {
      if (!this.drag) { canvas.style.cursor = this.nearest(pointerAt(canvas, event)) < 0 ? "copy" : "move"; return; }
      const point = this.points[this.chosen];
      [point[0], point[1]] = this.values(pointerAt(canvas, event));
      this.sort(point); this.tell();
    };
    canvas.onpointerup = () => { this.drag = false; this.tell(); };
    canvas.ondblclick = (event) => { this.remove(this.nearest(pointerAt(canvas, event))); event.stopPropagation(); };
    canvas.onkeydown = (event) => {
      const step = event.shiftKey ? 0.05 : 0.01, point = this.points[this.chosen];
      const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
      if (move && point) {
        point[0] = clamp(point[0] + move[0], 0, 1); point[1] = down(clamp(up(point[1]) + move[1], 0, 1));
        this.sort(point); this.tell();
      } else if (event.key === "Delete" || event.key === "Backspace") this.remove(this.chosen);
      else if (event.key === "n" || event.key === "N") { this.chosen = (this.chosen + 1) % this.points.length; this.draw(); }
      else return;
      event.preventDefault(); event.stopPropagation();
    };
  }

  sort(point) { this.points.sort((a, b) => a[0] - b[0]); this.chosen = this.points.indexOf(point); }

  remove(i) {
    if (i < 0 || this.points.length <= 2) return;
    this.points.splice(i, 1); this.chosen = -1; this.tell();
  }

  tell() { this.draw(); this.changed(this.points.map((point) => [...point]), !this.drag); }

  draw() {
    const cleared = clearedCanvas(this.canvas);
    if (!cleared || !this.points.length) return;
    const { context, width, height } = cleared, most = Math.max(1e-9, ...this.counts), base = height - RIM, w = width - 2 * RIM;
    context.fillStyle = "#3a3e48";
    this.counts.forEach((count, i) => { const h = (count / most) * (height - 2 * RIM); context.fillRect(RIM + (i / this.counts.length) * w, base - h, w / this.counts.length + 0.5, h); });
    context.strokeStyle = "#c9ccd3"; context.lineWidth = 1.5; context.beginPath();
    const sorted = this.points, table = tableOf(sorted);
    for (let v = 0; v < 256; v++) { const [x, y] = this.place([v / 255, table[4 * v + 3] / 255]); v ? context.lineTo(x, y) : context.moveTo(x, y); }
    context.stroke();
    sorted.forEach((point, i) => {
      const [x, y] = this.place(point);
      context.beginPath(); context.arc(x, y, i === this.chosen ? 6 : 4.5, 0, 2 * Math.PI);
      context.fillStyle = point[2]; context.fill(); context.strokeStyle = i === this.chosen ? "#fff" : "#9aa0aa"; context.lineWidth = 1.5; context.stroke();
    });
    this.color.disabled = this.chosen < 0;
    if (this.chosen >= 0) this.color.value = sorted[this.chosen][2];
    const [low, high] = this.limits, value = this.chosen >= 0 ? low + sorted[this.chosen][0] * (high - low) : null;
    this.canvas.title = value === null ? "Click adds a point, drag moves it, double-click removes it" : `intensity ${value.toPrecision(3)}, opacity ${sorted[this.chosen][1].toPrecision(2)}`;
  }
}
