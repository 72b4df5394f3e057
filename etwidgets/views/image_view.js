// Draws panes of bytes on one canvas: colors, zoom, pan, scale bar, overlays. The kernel sends whole
// frames; every frame is acknowledged when it is drawn.

const TITLE = 20;      // CSS pixels above an image
const GAP = 8;
const MARGIN = 22;     // for the names of the axes, at the left of and under an image
const TEXT = "#d7d9de", QUIET = "#8b909b", ACCENT = "#ffb454", CROSS = "#5ac8fa";
const REACH = 8;       // CSS pixels around an edge or a line at which it is caught
const BOXES = { marked: "#ff5f57", suspect: "#ffb454" };
const SEND_EVERY_MS = 60;
const FONT = "system-ui, sans-serif";
const FORWARDED = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " ", "b", "z", "Z", "[", "]"];

function niceLength(most) {
  const power = Math.pow(10, Math.floor(Math.log10(most)));
  for (const step of [5, 2, 1]) if (step * power <= most) return step * power;
  return power;
}

function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "etw-image";
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  box.appendChild(canvas);
  const help = document.createElement("div");
  help.className = "etw-keys";
  help.hidden = true;
  help.onclick = () => { help.hidden = true; };
  box.appendChild(help);
  el.appendChild(box);
  const context = canvas.getContext("2d");
  const colors = {};
  let panes = [], pictures = [], number = 0, places = [];
  const zoom = { scale: 1, x: 0, y: 0 };   // one for all panes: pan in parts of the pane's image
  let mouse = null, drag = null, scheduled = false;

  const setHeight = () => { box.style.height = model.get("height") + "px"; schedule(); };

  function schedule() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => { scheduled = false; draw(); });
  }

  function receive(content, buffers) {
    if (content.type === "colors") {
      content.names.forEach((name, i) => { colors[name] = bytes(buffers[i]); });
      pictures = panes.map(paint);
      schedule();
    } else if (content.type === "keys") {
      help.replaceChildren(...content.rows.map(([key, what]) => {
        const line = document.createElement("div"), name = document.createElement("kbd");
        name.textContent = key;
        line.append(name, " " + what);
        return line;
      }));
    } else if (content.type === "frame") {
      panes = content.panes.map((pane, i) => ({ ...pane, plane: bytes(buffers[i]) }));
      if (drag?.grip && panes[drag.i]) {   // what the hand holds stays with it
        if (drag.grip.kind === "column" && panes[drag.i].columns.length !== drag.columns.length) drag = null;
        else if (mouse && drag.moved && places[drag.i]) pull(panes[drag.i], places[drag.i]);
      }
      if (content.anew) resetZoom();
      number = content.number;
      pictures = panes.map(paint);
      requestAnimationFrame(() => {
        draw();
        model.send({ type: "drawn", number });
      });
    }
  }

  const bytes = (view) => new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);

  function paint(pane) {
    const table = colors[pane.cmap];
    const picture = document.createElement("canvas");
    picture.width = pane.width; picture.height = pane.height;
    if (!table) return picture;
    const target = picture.getContext("2d"), image = target.createImageData(pane.width, pane.height);
    for (let i = 0, o = 0; pane.rgb && i < pane.plane.length; i += 3, o += 4) {
      image.data.set([pane.plane[i], pane.plane[i + 1], pane.plane[i + 2], 255], o);
    }
    for (let i = 0, o = 0; !pane.rgb && i < pane.plane.length; i++, o += 4) {
      const c = 3 * pane.plane[i];
      image.data[o] = table[c]; image.data[o + 1] = table[c + 1]; image.data[o + 2] = table[c + 2];
      image.data[o + 3] = 255;
    }
    target.putImageData(image, 0, 0);
    return picture;
  }

  function place() {
    // where each pane's image goes, CSS pixels
    const width = box.clientWidth, height = box.clientHeight, each = (width - GAP * (panes.length - 1)) / panes.length;
    places = panes.map((pane, i) => {
      const left = i * (each + GAP) + MARGIN, top = TITLE, w = each - MARGIN, h = height - TITLE - MARGIN;
      let sx = w / pane.width, sy = h / pane.height;
      if (!pane.stretch) sx = sy = Math.min(sx, sy);
      const iw = sx * pane.width, ih = sy * pane.height;
      return { x: left + (w - iw) / 2, y: top + (h - ih) / 2, w: iw, h: ih, left: i * (each + GAP), each };
    });
    canvas.dataset.places = JSON.stringify(places.map(({ x, y, w, h }) => ({ x, y, w, h })));
    canvas.dataset.zoom = zoom.scale.toFixed(3);
    canvas.dataset.frame = number;
  }

  const toScreen = (p, pane, x, y) => [   // from pixels of the full image (center of pixel 0 is 0)
    p.x + p.w * (zoom.scale * ((x + 0.5) / (pane.width * pane.factor) - 0.5 - zoom.x) + 0.5),
    p.y + p.h * (zoom.scale * ((y + 0.5) / (pane.height * pane.factor) - 0.5 - zoom.y) + 0.5),
  ];
  const toImage = (p, pane, sx, sy) => [
    (((sx - p.x) / p.w - 0.5) / zoom.scale + 0.5 + zoom.x) * pane.width * pane.factor - 0.5,
    (((sy - p.y) / p.h - 0.5) / zoom.scale + 0.5 + zoom.y) * pane.height * pane.factor - 0.5,
  ];

  function draw() {
    const ratio = window.devicePixelRatio || 1, width = box.clientWidth, height = box.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#0d0d0f";
    context.fillRect(0, 0, width, height);
    place();
    panes.forEach((pane, i) => drawPane(pane, pictures[i], places[i]));
  }

  function drawPane(pane, picture, p) {
    context.save();
    context.beginPath(); context.rect(p.x, p.y, p.w, p.h); context.clip();
    const [x0, y0] = toScreen(p, pane, -0.5, -0.5), w = p.w * zoom.scale, h = p.h * zoom.scale;
    context.imageSmoothingEnabled = w < pane.width;
    context.drawImage(picture, x0, y0, w, h);
    if (pane.line) drawAxis(pane, p);
    context.lineWidth = 1;
    context.strokeStyle = CROSS;
    if (pane.cross) {
      const [cx, cy] = toScreen(p, pane, pane.cross[0], pane.cross[1]);
      stroke(cx, p.y, cx, p.y + p.h); stroke(p.x, cy, p.x + p.w, cy);
    }
    for (const column of pane.columns) {
      const [cx] = toScreen(p, pane, column, 0);
      stroke(cx, p.y, cx, p.y + p.h);
    }
    for (const [x0, y0, x1, y1, kind] of pane.boxes) drawBox(pane, p, [x0, y0, x1, y1], BOXES[kind], kind === "marked");
    if (pane.rectangle) drawRectangle(pane, p);
    if (pane.pixelSize) drawScale(pane, p);
    context.restore();
    drawLabels(pane, p);
  }

  function stroke(x1, y1, x2, y2) {
    context.beginPath(); context.moveTo(x1, y1); context.lineTo(x2, y2); context.stroke();
  }

  const corners = (pane, p, [x0, y0, x1, y1]) => [   // of whole pixels, the last one not among them
    ...toScreen(p, pane, x0 - 0.5, y0 - 0.5), ...toScreen(p, pane, x1 - 0.5, y1 - 0.5),
  ];

  function drawBox(pane, p, box, color, crossed) {
    const [x0, y0, x1, y1] = corners(pane, p, box);
    context.strokeStyle = color; context.lineWidth = 2;
    context.strokeRect(x0 + 1, y0 + 1, x1 - x0 - 2, y1 - y0 - 2);
    if (crossed) { stroke(x0, y0, x1, y1); stroke(x0, y1, x1, y0); }
  }

  function drawRectangle(pane, p) {
    const [x0, y0, x1, y1] = corners(pane, p, pane.rectangle);
    context.fillStyle = "rgba(13,13,15,0.6)";
    context.beginPath(); context.rect(p.x, p.y, p.w, p.h); context.rect(x0, y0, x1 - x0, y1 - y0); context.fill("evenodd");
    context.strokeStyle = ACCENT; context.lineWidth = 1.5; context.strokeRect(x0, y0, x1 - x0, y1 - y0);
    context.fillStyle = ACCENT;
    for (const x of [x0, (x0 + x1) / 2, x1]) for (const y of [y0, (y0 + y1) / 2, y1])
      if (x !== (x0 + x1) / 2 || y !== (y0 + y1) / 2) context.fillRect(x - 3, y - 3, 6, 6);
  }

  function gripAt(i, { x, y }) {
    // what can be caught there: edges of the rectangle (all of them: it moves), or a column
    const pane = panes[i], p = places[i];
    if (pane.rectangle) {
      const [x0, y0, x1, y1] = corners(pane, p, pane.rectangle);
      if (x < x0 - REACH || x > x1 + REACH || y < y0 - REACH || y > y1 + REACH) return null;
      const near = [x0 - x, y0 - y, x1 - x, y1 - y].map((d) => Math.abs(d) <= REACH);
      return { kind: "rectangle", edges: near.some(Boolean) ? near : [true, true, true, true] };
    }
    const index = pane.columns.findIndex((column) => Math.abs(toScreen(p, pane, column, 0)[0] - x) <= REACH);
    return index < 0 ? null : { kind: "column", index };
  }

  function pull(pane, p) {
    // move what was caught by as much as the mouse has moved
    const [ax, ay] = toImage(p, pane, drag.at.x, drag.at.y), [bx, by] = toImage(p, pane, mouse.x, mouse.y);
    const dx = Math.round(bx - ax), dy = Math.round(by - ay), columns = pane.width * pane.factor, rows = pane.height * pane.factor;
    const limit = (v, low, high) => Math.min(high, Math.max(low, v));
    if (drag.grip.kind === "column") {
      pane.columns = drag.columns.map((c, k) => (k === drag.grip.index ? limit(c + dx, 0, columns - 1) : c));
      return;
    }
    const [l, t, r, b] = drag.grip.edges, whole = l && t && r && b, [x0, y0, x1, y1] = drag.rectangle;
    const mx = whole ? limit(dx, -x0, columns - x1) : dx, my = whole ? limit(dy, -y0, rows - y1) : dy;
    const left = l ? limit(x0 + mx, 0, whole ? columns : x1 - 1) : x0, top = t ? limit(y0 + my, 0, whole ? rows : y1 - 1) : y0;
    pane.rectangle = [left, top, r ? limit(x1 + mx, left + 1, columns) : x1, b ? limit(y1 + my, top + 1, rows) : y1];
  }

  function tell(done) {
    const pane = panes[drag.i], now = performance.now();
    if (!done && now - drag.told < SEND_EVERY_MS) return;
    drag.told = now;
    const kind = drag.grip.kind, values = kind === "column" ? pane.columns : pane.rectangle;
    model.send({ type: "drag", pane: drag.i, kind, values, done });
  }

  function drawAxis(pane, p) {
    const [shift, rotation] = pane.line, columns = pane.width * pane.factor, rows = pane.height * pane.factor;
    const half = columns / 2, slope = Math.tan(rotation * Math.PI / 180), y = (rows - 1) / 2 + shift;
    const [x1, y1] = toScreen(p, pane, -0.5, y - slope * half), [x2, y2] = toScreen(p, pane, columns - 0.5, y + slope * half);
    context.strokeStyle = ACCENT; context.lineWidth = 1.5;
    context.setLineDash([8, 4]); stroke(x1, y1, x2, y2); context.setLineDash([]);
    context.fillStyle = ACCENT; context.font = `11px ${FONT}`; context.textAlign = "left"; context.textBaseline = "bottom";
    context.fillText("tilt axis", x1 + 6, y1 - 3);
  }

  function drawScale(pane, p) {
    const perUnit = p.w * zoom.scale / (pane.width * pane.factor) / pane.pixelSize;
    const length = niceLength(0.3 * p.w / perUnit), w = length * perUnit, x = p.x + p.w - w - 10, y = p.y + p.h - 10;
    context.fillStyle = "rgba(0,0,0,0.55)"; context.fillRect(x - 6, y - 20, w + 12, 26);
    context.fillStyle = "#fff"; context.fillRect(x, y - 3, w, 3);
    context.font = `11px ${FONT}`; context.textAlign = "center"; context.textBaseline = "bottom";
    context.fillText(`${+length.toPrecision(6)} ${pane.unit}`, x + w / 2, y - 5);
  }

  function drawLabels(pane, p) {
    context.textBaseline = "middle"; context.textAlign = "left";
    context.font = `600 12px ${FONT}`; context.fillStyle = TEXT;
    const x = Math.max(p.left, p.x), room = p.left + p.each - x, y = p.y - TITLE / 2;
    fillFitted(pane.title, x, y, room);
    const offset = context.measureText(pane.title).width + 8;
    context.font = `12px ${FONT}`; context.fillStyle = QUIET;
    const reduced = pane.factor > 1 ? ` · shown 1:${pane.factor}` : "";
    fillFitted(readout(pane, p) ?? pane.caption + reduced, x + offset, y, room - offset);
    context.font = `11px ${FONT}`;
    context.textAlign = "center"; context.textBaseline = "top";
    context.fillText(`${pane.axes[0]} →`, p.x + p.w / 2, p.y + p.h + 5);
    context.save();
    context.translate(p.x - 6, p.y + p.h / 2); context.rotate(-Math.PI / 2);
    context.textBaseline = "bottom"; context.fillText(`← ${pane.axes[1]}`, 0, 0);
    context.restore();
  }

  function fillFitted(text, x, y, room) {   // what does not fit is cut, not squeezed
    if (context.measureText(text).width > room) {
      let length = text.length;
      while (length > 1 && context.measureText(text.slice(0, length) + "…").width > room) length -= 1;
      text = length > 1 ? text.slice(0, length) + "…" : "";
    }
    context.fillText(text, x, y);
  }

  function readout(pane, p) {
    if (!mouse || mouse.x < p.x || mouse.x > p.x + p.w || mouse.y < p.y || mouse.y > p.y + p.h) return null;
    const [x, y] = toImage(p, pane, mouse.x, mouse.y).map(Math.round);
    const column = Math.floor(x / pane.factor), row = Math.floor(y / pane.factor);
    if (column < 0 || row < 0 || column >= pane.width || row >= pane.height) return null;
    if (pane.rgb) return `${pane.axes[0]} ${x}, ${pane.axes[1]} ${y}`;
    const [low, high] = pane.limits, level = pane.plane[row * pane.width + column];
    const edge = level === 0 ? "≤ " : level === 255 ? "≥ " : "≈ ";
    const value = low + (level / 255) * (high - low);
    return `${pane.axes[0]} ${x}, ${pane.axes[1]} ${y}: ${edge}${Number(value.toPrecision(3))}`;
  }

  const position = (event) => {
    const r = canvas.getBoundingClientRect();
    return { x: event.clientX - r.left, y: event.clientY - r.top };
  };
  const under = ({ x, y }) => places.findIndex((p) => x >= p.x && x <= p.x + p.w && y >= p.y && y <= p.y + p.h);

  function zoomAt(factor, at) {
    const i = at ? under(at) : 0;
    if (i < 0 || !places[i]) return;
    const p = places[i], u = at ? (at.x - p.x) / p.w - 0.5 : 0, v = at ? (at.y - p.y) / p.h - 0.5 : 0;
    const scale = Math.min(40, Math.max(1, zoom.scale * factor));
    zoom.x += u / zoom.scale - u / scale; zoom.y += v / zoom.scale - v / scale;
    zoom.scale = scale;
    keepInside(); schedule();
  }
  function keepInside() {
    const most = 0.5 - 0.5 / zoom.scale;
    zoom.x = Math.min(most, Math.max(-most, zoom.x)); zoom.y = Math.min(most, Math.max(-most, zoom.y));
  }
  function resetZoom() { zoom.scale = 1; zoom.x = zoom.y = 0; schedule(); }

  const on = {
    wheel: (event) => { event.preventDefault(); zoomAt(Math.exp(-event.deltaY / 400), position(event)); },
    pointerdown: (event) => {
      const at = position(event), i = under(at);
      if (i < 0) return;
      const { columns, rectangle } = panes[i];
      drag = { at, i, x: zoom.x, y: zoom.y, moved: false, grip: gripAt(i, at), columns, rectangle, told: 0 };
      canvas.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      mouse = position(event);
      if (drag) {
        const p = places[drag.i], dx = mouse.x - drag.at.x, dy = mouse.y - drag.at.y;
        if (Math.hypot(dx, dy) > 3) drag.moved = true;
        if (drag.moved && p && drag.grip) {
          pull(panes[drag.i], p);
          tell(false);
        } else if (drag.moved && p) {
          zoom.x = drag.x - dx / p.w / zoom.scale; zoom.y = drag.y - dy / p.h / zoom.scale;
          keepInside();
        }
      } else {
        const i = under(mouse), grip = i < 0 ? null : gripAt(i, mouse);
        canvas.style.cursor = !grip ? "default" : grip.kind === "column" ? "ew-resize" : "move";
      }
      schedule();
    },
    pointerup: (event) => {
      if (drag?.moved && drag.grip) tell(true);
      if (drag && !drag.moved) {
        const pane = panes[drag.i], [x, y] = toImage(places[drag.i], pane, drag.at.x, drag.at.y);
        model.send({ type: "click", pane: drag.i, x: Math.round(x), y: Math.round(y), shift: event.shiftKey });
      }
      drag = null;
    },
    pointerleave: () => { mouse = null; schedule(); },
    dblclick: resetZoom,
    keydown: (event) => {
      if (event.key === "+" || event.key === "=") zoomAt(1.25, null);
      else if (event.key === "-") zoomAt(0.8, null);
      else if (event.key === "0") resetZoom();
      else if (event.key === "?") help.hidden = !help.hidden;
      else if (event.key === "Escape") help.hidden = true;
      else if (FORWARDED.includes(event.key)) model.send({ type: "key", key: event.key, shift: event.shiftKey });
      else return;
      event.preventDefault();
    },
  };
  for (const [name, handler] of Object.entries(on)) canvas.addEventListener(name, handler, { passive: false });
  const resized = new ResizeObserver(schedule);
  resized.observe(box);
  model.on("msg:custom", receive);
  model.on("change:height", setHeight);
  setHeight();
  model.send({ type: "ready" });
  return () => {
    resized.disconnect();
    model.off("msg:custom", receive);
    model.off("change:height", setHeight);
    model.send({ type: "gone" });
  };
}

export default { render };
