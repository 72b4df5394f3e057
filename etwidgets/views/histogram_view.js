// How often each intensity occurs, with the two limits of the contrast to drag.
import { atMostEvery, clamp, clearedCanvas, connect, INK, oncePerFrame, pointerAt } from "./viewport.js";

const LIMIT = "#2f6fde", REACH = 8, SEND_EVERY_MS = 80, LEAST = 0.005;   // of the width, between the two lines

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "etw-histogram";
  canvas.setAttribute("role", "img");   // the slider and the two fields beside it do the same with keys
  canvas.setAttribute("aria-label", "Histogram");
  canvas.title = "Drag the two lines: darker and brighter end of the contrast; double-click: default";
  el.appendChild(canvas);
  let drag = null, limits = model.get("limits");

  const at = (part) => part * canvas.clientWidth;

  function draw() {
    const cleared = clearedCanvas(canvas);
    if (!cleared) return;
    const { context, width, height } = cleared;
    const heights = model.get("heights"), step = width / Math.max(heights.length, 1);
    context.fillStyle = INK;
    heights.forEach((part, i) => context.fillRect(i * step, height * (1 - part), Math.max(step - 0.5, 0.5), height * part));
    context.fillStyle = "rgba(128,128,128,0.3)";
    context.fillRect(0, 0, at(limits[0]), height);
    context.fillRect(at(limits[1]), 0, width - at(limits[1]), height);
    context.fillStyle = LIMIT;
    limits.forEach((limit) => context.fillRect(clamp(at(limit) - 1, 0, width - 2), 0, 2, height));
    canvas.dataset.limits = JSON.stringify(limits);
  }

  const position = (event) => pointerAt(canvas, event).x / canvas.clientWidth;
  const nearest = (part) => {
    const near = limits.map((limit) => Math.abs(at(limit) - at(part)));
    const i = near[0] <= near[1] ? 0 : 1;
    return near[i] <= REACH ? i : null;
  };
  const tell = atMostEvery(SEND_EVERY_MS, () => model.send({ type: "limits", limits }));
  const schedule = oncePerFrame(draw);
  const events = {
    pointerdown: (event) => {
      drag = nearest(position(event));
      if (drag !== null) canvas.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      const part = clamp(position(event), 0, 1);
      canvas.style.cursor = (drag ?? nearest(part)) === null ? "default" : "ew-resize";
      if (drag === null) return;
      const other = limits[1 - drag];
      limits = drag === 0 ? [Math.min(part, other - LEAST), other] : [other, Math.max(part, other + LEAST)];
      schedule(); tell(false);
    },
    pointerup: () => { if (drag !== null) { drag = null; tell(true); } },
    dblclick: () => model.send({ type: "reset" }),
  };
  const changed = () => { if (drag === null) limits = model.get("limits"); schedule(); };
  const changes = { "change:limits": changed, "change:heights": changed };
  schedule();
  return connect(canvas, model, { events, changes, resized: schedule });
}

export default { render };
