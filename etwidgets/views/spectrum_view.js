// Curves over energies on one canvas; windows whose edges are dragged; wheel zooms, drag moves, double click fits.

const INK = "#8b909b", GRID = "rgba(128,128,128,0.22)", REACH = 6, SEND_EVERY_MS = 80;
const LEFT = 8, RIGHT = 8, TOP = 18, BOTTOM = 30;
const WINDOWS = { line: ["rgba(47,111,222,0.28)", "#2f6fde"], background: ["rgba(224,160,48,0.24)", "#c98a1b"] };
const FONT = "system-ui, sans-serif";

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "etw-spectrum";
  canvas.tabIndex = 0;
  canvas.title = "Drag a window or one of its edges; wheel: zoom; drag: move; double-click: all; l: logarithmic";
  el.appendChild(canvas);
  const context = canvas.getContext("2d");
  let shown = null, curves = [], view = null, drag = null, told = 0, logarithmic = false, mouse = null;

  const plot = () => ({ w: canvas.clientWidth - LEFT - RIGHT, h: canvas.clientHeight - TOP - BOTTOM });
  const toX = (energy) => LEFT + (energy - view[0]) / (view[1] - view[0]) * plot().w;
  const toEnergy = (x) => view[0] + (x - LEFT) / plot().w * (view[1] - view[0]);
  const shape = (value) => logarithmic ? Math.log10(1 + Math.max(value, 0)) : value;

  function receive(content, buffers) {
    if (content.type === "nothing") { shown = null; draw(); return; }
    if (content.type !== "spectrum") return;
    const same = shown && shown.first === content.first && shown.last === content.last;
    if (drag && drag.index !== null && shown) content.windows[drag.index] = shown.windows[drag.index];
    shown = content;
    curves = content.curves.map((curve, i) => {
      const b = buffers[i];
      return { ...curve, counts: new Float32Array((b.buffer ?? b).slice(b.byteOffset ?? 0, (b.byteOffset ?? 0) + b.byteLength)) };
    });
    if (!same || !view) view = [content.first, content.last];
    draw();
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.dataset.windows = JSON.stringify(shown ? shown.windows : []);
    canvas.dataset.curves = JSON.stringify(curves.map((curve) => curve.name));
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
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
    const n = curve.counts.length, step = (shown.last - shown.first) / (n - 1);
    const i0 = Math.max(0, Math.floor((view[0] - shown.first) / step)), i1 = Math.min(n - 1, Math.ceil((view[1] - shown.first) / step));
    let most = 1e-12;
    for (let i = i0; i <= i1; i++) most = Math.max(most, shape(curve.counts[i]));
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
      context.strokeStyle = GRID; context.beginPath(); context.moveTo(x, TOP); context.lineTo(x, TOP + h); context.stroke();
      if (x - half < end) continue;   // no room: the line is there, its name is not
      context.fillStyle = INK; context.fillText(name, x, TOP - 3);
      end = x + half + 4;
    }
  }

  function drawAxis(w, h) {
    context.strokeStyle = INK; context.lineWidth = 1;
    context.beginPath(); context.moveTo(LEFT, TOP + h + 0.5); context.lineTo(LEFT + w, TOP + h + 0.5); context.stroke();
    const raw = (view[1] - view[0]) / 8, power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
    context.font = `11px ${FONT}`; context.fillStyle = INK; context.textAlign = "center"; context.textBaseline = "top";
    for (let k = Math.ceil(view[0] / step); k * step <= view[1] - 0.3 * step; k++) {
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

  function tell(done) {
    const now = performance.now();
    if (!done && now - told < SEND_EVERY_MS) return;
    told = now;
    const [start, stop] = shown.windows[drag.index];
    model.send({ type: "window", index: drag.index, range: [start, stop], done });
  }

  const position = (event) => event.clientX - canvas.getBoundingClientRect().left;
  const keepInside = () => {
    const span = Math.min(view[1] - view[0], shown.last - shown.first);
    const start = Math.min(Math.max(view[0], shown.first), shown.last - span);
    view = [start, start + span];
  };
  const on = {
    wheel: (event) => {
      if (!shown) return;
      event.preventDefault();
      const at = toEnergy(position(event)), factor = Math.exp(event.deltaY / 400), least = (shown.last - shown.first) / 200;
      const span = Math.max(least, (view[1] - view[0]) * factor), part = (at - view[0]) / (view[1] - view[0]);
      view = [at - part * span, at - part * span + span];
      keepInside(); draw();
    },
    pointerdown: (event) => {
      if (!shown) return;
      const x = position(event), grip = gripAt(x);
      drag = { x, index: grip ? grip.index : null, edge: grip ? grip.edge : null, view: [...view], window: grip ? [...shown.windows[grip.index]] : null };
      canvas.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      if (!shown) return;
      const x = position(event);
      mouse = x;
      if (!drag) {
        const grip = gripAt(x);
        canvas.style.cursor = !grip ? "default" : grip.edge === null ? "move" : "ew-resize";
        draw(); return;
      }
      const by = (x - drag.x) / plot().w * (view[1] - view[0]);
      if (drag.index === null) { view = drag.view.map((v) => v - by); keepInside(); draw(); return; }
      const least = (shown.last - shown.first) / 1000;
      let [start, stop, kind] = drag.window;
      if (drag.edge !== 1) start += by;
      if (drag.edge !== 0) stop += by;
      if (drag.edge === 0) start = Math.min(start, stop - least);
      if (drag.edge === 1) stop = Math.max(stop, start + least);
      shown.windows[drag.index] = [Math.max(start, shown.first), Math.min(stop, shown.last), kind];
      draw(); tell(false);
    },
    pointerup: () => { if (drag && drag.index !== null) tell(true); drag = null; },
    pointerleave: () => { mouse = null; draw(); },
    dblclick: () => { if (shown) { view = [shown.first, shown.last]; draw(); } },
    keydown: (event) => { if (event.key === "l") { logarithmic = !logarithmic; draw(); event.preventDefault(); } },
  };
  for (const [name, handler] of Object.entries(on)) canvas.addEventListener(name, handler, { passive: false });
  const setHeight = () => { canvas.style.height = model.get("height") + "px"; draw(); };
  const resized = new ResizeObserver(draw);
  resized.observe(canvas);
  model.on("msg:custom", receive);
  model.on("change:height", setHeight);
  setHeight();
  model.send({ type: "ready" });
  return () => {
    resized.disconnect();
    model.off("msg:custom", receive);
    model.off("change:height", setHeight);
  };
}

export default { render };
