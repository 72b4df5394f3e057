// How often each intensity occurs, with the two limits of the contrast to drag.

const INK = "#8b909b", ACCENT = "#2f6fde", REACH = 8, SEND_EVERY_MS = 80;

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "etw-histogram";
  canvas.title = "Drag the two lines: darker and brighter end of the contrast; double-click: as usual";
  el.appendChild(canvas);
  const context = canvas.getContext("2d");
  let drag = null, told = 0, limits = model.get("limits");

  const at = (part) => part * canvas.clientWidth;

  function draw() {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const heights = model.get("heights"), step = width / Math.max(heights.length, 1);
    context.fillStyle = INK;
    heights.forEach((part, i) => context.fillRect(i * step, height * (1 - part), Math.max(step - 0.5, 0.5), height * part));
    context.fillStyle = "rgba(128,128,128,0.3)";
    context.fillRect(0, 0, at(limits[0]), height);
    context.fillRect(at(limits[1]), 0, width - at(limits[1]), height);
    context.fillStyle = ACCENT;
    limits.forEach((limit) => context.fillRect(Math.min(Math.max(at(limit) - 1, 0), width - 2), 0, 2, height));
    canvas.dataset.limits = JSON.stringify(limits);
  }

  const position = (event) => (event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth;
  const nearest = (part) => {
    const near = limits.map((limit) => Math.abs(at(limit) - at(part)));
    const i = near[0] <= near[1] ? 0 : 1;
    return near[i] <= REACH ? i : null;
  };
  function tell(done) {
    const now = performance.now();
    if (!done && now - told < SEND_EVERY_MS) return;
    told = now;
    model.send({ type: "limits", limits });
  }
  const on = {
    pointerdown: (event) => {
      drag = nearest(position(event));
      if (drag !== null) canvas.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      const part = Math.min(1, Math.max(0, position(event)));
      canvas.style.cursor = (drag ?? nearest(part)) === null ? "default" : "ew-resize";
      if (drag === null) return;
      const other = limits[1 - drag];
      limits = drag === 0 ? [Math.min(part, other - 0.005), other] : [other, Math.max(part, other + 0.005)];
      draw(); tell(false);
    },
    pointerup: () => { if (drag !== null) { drag = null; tell(true); } },
    dblclick: () => model.send({ type: "reset" }),
  };
  for (const [name, handler] of Object.entries(on)) canvas.addEventListener(name, handler);
  const changed = () => { if (drag === null) limits = model.get("limits"); draw(); };
  model.on("change:limits", changed);
  model.on("change:heights", changed);
  const resized = new ResizeObserver(draw);
  resized.observe(canvas);
  draw();
  return () => {
    resized.disconnect();
    model.off("change:limits", changed);
    model.off("change:heights", changed);
  };
}

export default { render };
