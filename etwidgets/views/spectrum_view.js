// Curves over energies on one canvas; windows whose edges are dragged; wheel zooms, drag moves, double click fits.
import { atMostEvery, bytes, clearedCanvas, connect, FONT, INK, oncePerFrame, pointerAt, stroke, Viewport, wheelFactor } from "./viewport.js";

const GRID = "rgba(128,128,128,0.22)", MOST_ZOOM = 200, REACH = 6, SEND_EVERY_MS = 80;
const LEFT = 8, RIGHT = 8, TOP = 18, BOTTOM = 30;
const WINDOWS = { line: ["rgba(47,111,222,0.28)", "#2f6fde"], background: ["rgba(224,160,48,0.24)", "#c98a1b"] };

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "etw-spectrum";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", "Spectrum");
  canvas.title = "Drag a window or one of its edges; wheel: zoom; drag: move; double-click: all; l: logarithmic";
  el.appendChild(canvas);
  const zoom = new Viewport(MOST_ZOOM);
  let shown = null, curves = [], context = null, drag = null, logarithmic = false, mouse = null;

  const schedule = oncePerFrame(draw);
  const plot = () => ({ w: canvas.clientWidth - LEFT - RIGHT, h: canvas.clientHeight - TOP - BOTTOM });
  const range = () => shown.last - shown.first;
  const toX = (energy) => LEFT + plot().w * zoom.toScreen((energy - shown.first) / range(), "x");
  const toEnergy = (x) => shown.first + range() * zoom.toPart((x - LEFT) / plot().w, "x");
  const shape = (value) => logarithmic ? Math.log10(1 + Math.max(value, 0)) : value;

  function receive(content, buffers) {
    if (content.type === "nothing") { shown = null; schedule(); return; }
    if (content.type !== "spectrum") return;
    const same = shown && shown.first === content.first && shown.last === content.last;
    if (drag && drag.index !== null && shown) content.windows[drag.index] = shown.windows[drag.index];
    shown = content;
    curves = content.curves.map((curve, i) => ({ ...curve, counts: new Float32Array(bytes(buffers[i]).slice().buffer) }));
    if (!same) zoom.fit();
    schedule();
  }

  function draw() {
    canvas.dataset.windows = JSON.stringify(shown ? shown.windows : []);
    canvas.dataset.curves = JSON.stringify(curves.map((curve) => curve.name));
    const cleared = clearedCanvas(canvas);
    if (!cleared) return;
    context = cleared.context;
    if (!shown) return;
    canvas.dataset.places = JSON.stringify(shown.windows.map(([a, b]) => [toX(a), toX(b)]));
    const { w, h } = plot();
    drawAxis(w, h);
    context.save();
    context.beginPath(); context.rect(LEFT, 0, w, TOP + h); context.clip();
    for (const [start, stop, kind] of shown.windows) {
      const [fill, edge] = WINDOWS[kind], x0 = toX(start), x1 = toX(stop);
      context.fillStyle = fill; context.fillRect(x0, TOP, x1 - x0, h);
      context.fillStyle = edge; context.fillRect(x0 - 1, TOP, 2, h); context.fillRect(x1 - 1, TOP, 2, h);
    }
    curves.forEach((curve, i) => drawCurve(curve, w, h, i === 0));
    drawMarks(h);
    context.restore();
    drawLegend(w);
  }

  function drawCurve(curve, w, h, filled) {
    const n = curve.counts.length, step = range() / (n - 1);
    const i0 = Math.max(0, Math.floor(zoom.toPart(0, "x") * (n - 1))), i1 = Math.min(n - 1, Math.ceil(zoom.toPart(1, "x") * (n - 1)));
    let most = 1e-12;
    const scale = curve.asFirst ? curves[0].counts : curve.counts;
    for (let i = i0; i <= i1; i++) most = Math.max(most, shape(scale[i]));
    context.beginPath();
    for (let i = i0; i <= i1; i++) {
      const x = toX(shown.first + i * step), y = TOP + h * (1 - Math.max(0, shape(curve.counts[i])) / most);
      if (i === i0) context.moveTo(x, y); else context.lineTo(x, y);
    }
    context.strokeStyle = curve.color; context.lineWidth = 1.4; context.stroke();
    if (filled) {
      context.lineTo(toX(shown.first + i1 * step), TOP + h); context.lineTo(toX(shown.first + i0 * step), TOP + h);
      context.globalAlpha = 0.12; context.fillStyle = curve.color; context.fill(); context.globalAlpha = 1;
    }
  }

  function drawMarks(h) {
    context.font = `11px ${FONT}`; context.textAlign = "center"; context.textBaseline = "bottom";
    const sorted = [...shown.marks].sort((a, b) => a[1] - b[1]);
    let end = -1e9;
    for (const [name, energy] of sorted) {
      const x = toX(energy), half = context.measureText(name).width / 2;
      context.strokeStyle = GRID; stroke(context, x, TOP, x, TOP + h);
      if (x - half < end) continue;   // no room: the line is there, its name is not
      context.fillStyle = INK; context.fillText(name, x, TOP - 3);
      end = x + half + 4;
    }
  }

  function drawAxis(w, h) {
    context.strokeStyle = INK; context.lineWidth = 1;
    stroke(context, LEFT, TOP + h + 0.5, LEFT + w, TOP + h + 0.5);
    const start = toEnergy(LEFT), end = toEnergy(LEFT + w), raw = (end - start) / 8, power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
    context.font = `11px ${FONT}`; context.fillStyle = INK; context.textAlign = "center"; context.textBaseline = "top";
    for (let k = Math.ceil(start / step); k * step <= end - 0.3 * step; k++) {
      context.fillText(`${+(k * step).toPrecision(6)}`, toX(k * step), TOP + h + 4);
    }
    context.textAlign = "right";
    context.fillText(shown.axisLabel, LEFT + w, TOP + h + 16);
    context.textAlign = "left";
    const hint = "wheel: zoom · drag a window or its edges · double-click: all · l: logarithmic";
    context.fillText(mouse === null ? hint : `${+toEnergy(mouse).toPrecision(4)}`, LEFT, TOP + h + 16);
  }

  function drawLegend(w) {
    context.font = `11px ${FONT}`; context.textAlign = "center"; context.textBaseline = "top";
    const words = curves.map((curve) => curve.name + (curves.length > 1 ? "" : logarithmic ? ", logarithmic" : ""));
    let x = LEFT + w - 4;
    for (let i = curves.length - 1; i >= 0; i--) {
      context.textAlign = "right"; context.fillStyle = curves[i].color;
      context.fillText(words[i], x, TOP + 3);
      x -= context.measureText(words[i]).width + 14;
    }
  }

  function gripAt(x) {
    if (!shown) return null;
    let best = null;
    shown.windows.forEach(([start, stop], index) => {
      for (const [edge, energy] of [[0, start], [1, stop]]) {
        const far = Math.abs(toX(energy) - x);
        if (far <= REACH && (!best || far < best.far)) best = { index, edge, far };
      }
    });
    if (best) return best;
    const index = shown.windows.findIndex(([start, stop]) => toX(start) < x && x < toX(stop));
    return index < 0 ? null : { index, edge: null };
  }

  const tell = atMostEvery(SEND_EVERY_MS, (done) => {
    const [start, stop] = shown.windows[drag.index];
    model.send({ type: "window", index: drag.index, range: [start, stop], done });
  });

  const position = (event) => pointerAt(canvas, event).x;
  const events = {
    wheel: (event) => {
      if (!shown) return;
      event.preventDefault();
      zoom.zoomAt(wheelFactor(event), (position(event) - LEFT) / plot().w);
      schedule();
    },
    pointerdown: (event) => {
      if (!shown) return;
      const x = position(event), grip = gripAt(x);
      drag = { x, index: grip ? grip.index : null, edge: grip ? grip.edge : null, from: { x: zoom.x, y: zoom.y }, window: grip ? [...shown.windows[grip.index]] : null };
      canvas.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      if (!shown) return;
      const x = position(event);
      mouse = x;
      if (!drag) {
        const grip = gripAt(x);
        canvas.style.cursor = !grip ? "default" : grip.edge === null ? "move" : "ew-resize";
        schedule(); return;
      }
      const part = (x - drag.x) / plot().w;
      if (drag.index === null) { zoom.moveFrom(drag.from, part); schedule(); return; }
      const by = part / zoom.scale * range(), least = range() / 1000;
      let [start, stop, kind] = drag.window;
      if (drag.edge !== 1) start += by;
      if (drag.edge !== 0) stop += by;
      if (drag.edge === 0) start = Math.min(start, stop - least);
      if (drag.edge === 1) stop = Math.max(stop, start + least);
      shown.windows[drag.index] = [Math.max(start, shown.first), Math.min(stop, shown.last), kind];
      schedule(); tell(false);
    },
    pointerup: () => { if (shown && drag && drag.index !== null) tell(true); drag = null; },
    pointerleave: () => { mouse = null; schedule(); },
    dblclick: () => { zoom.fit(); schedule(); },
    keydown: (event) => { if (event.key === "l") { logarithmic = !logarithmic; schedule(); event.preventDefault(); } },
  };
  const setHeight = () => { canvas.style.height = model.get("height") + "px"; schedule(); };
  const changes = { "msg:custom": receive, "change:height": setHeight };
  setHeight();
  model.send({ type: "ready" });
  return connect(canvas, model, { events, changes, resized: schedule });
}

export default { render };
