// Draws panes of bytes on one canvas: colors, zoom, pan, scale bar, overlays. The kernel sends whole
// frames; every frame is acknowledged when it is drawn.
import { atMostEvery, bytes, clamp, clearedCanvas, connect, oncePerFrame, pointerAt, Viewport, wheelFactor } from "./viewport.js";
import { cornersOf, drawColorBar, drawInset, drawLabels, drawMarks, drawScaleBar, TITLE } from "./image_marks.js";

const GAP = 8;         // CSS pixels between images
const MARGIN = 22;     // for the names of the axes, at the left of and under an image
const REACH = 8;       // around an edge or a line at which it is caught
const SEND_EVERY_MS = 60;
const FORWARDED = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " ", "b", "z", "Z", "[", "]"];

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
  const colors = {};
  let panes = [], pictures = [], number = 0, places = [];
  const zoom = new Viewport(1);   // one for all panes
  let mouse = null, drag = null;

  const schedule = oncePerFrame(draw);
  const setHeight = () => { box.style.height = model.get("height") + "px"; schedule(); };

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
      zoom.most = content.mostZoom;
      if (content.anew) zoom.fit();
      number = content.number;
      pictures = panes.map(paint);
      requestAnimationFrame(() => {
        draw();
        model.send({ type: "drawn", number });
      });
    }
  }

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

  function place(width, height) {
    // where each pane's image goes, CSS pixels
    const each = (width - GAP * (panes.length - 1)) / panes.length;
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
    p.x + p.w * zoom.toScreen((x + 0.5) / (pane.width * pane.factor), "x"),
    p.y + p.h * zoom.toScreen((y + 0.5) / (pane.height * pane.factor), "y"),
  ];
  const toImage = (p, pane, sx, sy) => [
    zoom.toPart((sx - p.x) / p.w, "x") * pane.width * pane.factor - 0.5,
    zoom.toPart((sy - p.y) / p.h, "y") * pane.height * pane.factor - 0.5,
  ];

  function draw() {
    const cleared = clearedCanvas(canvas);
    if (!cleared) return;
    place(cleared.width, cleared.height);
    panes.forEach((pane, i) => drawPane(cleared.context, pane, pictures[i], places[i]));
  }

  function drawPane(context, pane, picture, p) {
    const to = (x, y) => toScreen(p, pane, x, y);
    context.save();
    context.beginPath(); context.rect(p.x, p.y, p.w, p.h); context.clip();
    const [x0, y0] = to(-0.5, -0.5), w = p.w * zoom.scale, h = p.h * zoom.scale;
    context.imageSmoothingEnabled = w < pane.width;
    context.drawImage(picture, x0, y0, w, h);
    drawMarks(context, pane, p, to);
    if (pane.pixelSize) drawScaleBar(context, pane, p, zoom.scale);
    if (pane.colorBar && colors[pane.cmap]) drawColorBar(context, pane, p, colors[pane.cmap]);
    if (pane.inset) drawInset(context, pane.inset, p);
    context.restore();
    const reduced = pane.factor > 1 ? ` · shown 1:${pane.factor}` : "";
    drawLabels(context, pane, p, readout(pane, p) ?? pane.caption + reduced);
  }

  function gripAt(i, { x, y }) {
    // what can be caught there: edges of the rectangle (all of them: it moves), or a column
    const pane = panes[i], p = places[i];
    if (pane.rectangle) {
      const [x0, y0, x1, y1] = cornersOf((...at) => toScreen(p, pane, ...at), pane.rectangle);
      if (x < x0 - REACH || x > x1 + REACH || y < y0 - REACH || y > y1 + REACH) return null;
      const near = [x0 - x, y0 - y, x1 - x, y1 - y].map((d) => Math.abs(d) <= REACH);
      return { kind: "rectangle", edges: near.some(Boolean) ? near : [true, true, true, true] };
    }
    const index = pane.columns.findIndex((column) => Math.abs(toScreen(p, pane, column, 0)[0] - x) <= REACH);
    if (index >= 0) return { kind: "column", index };
    return pane.movable ? { kind: "image" } : null;
  }

  function pull(pane, p) {
    // move what was caught by as much as the mouse has moved
    const [ax, ay] = toImage(p, pane, drag.at.x, drag.at.y), [bx, by] = toImage(p, pane, mouse.x, mouse.y);
    if (drag.grip.kind === "image") {
      drag.by = [bx - ax, by - ay];
      return;
    }
    const dx = Math.round(bx - ax), dy = Math.round(by - ay), columns = pane.width * pane.factor, rows = pane.height * pane.factor;
    if (drag.grip.kind === "column") {
      pane.columns = drag.columns.map((c, k) => (k === drag.grip.index ? clamp(c + dx, 0, columns - 1) : c));
      return;
    }
    const [l, t, r, b] = drag.grip.edges, whole = l && t && r && b, [x0, y0, x1, y1] = drag.rectangle;
    const mx = whole ? clamp(dx, -x0, columns - x1) : dx, my = whole ? clamp(dy, -y0, rows - y1) : dy;
    const left = l ? clamp(x0 + mx, 0, whole ? columns : x1 - 1) : x0, top = t ? clamp(y0 + my, 0, whole ? rows : y1 - 1) : y0;
    pane.rectangle = [left, top, r ? clamp(x1 + mx, left + 1, columns) : x1, b ? clamp(y1 + my, top + 1, rows) : y1];
  }

  const tell = atMostEvery(SEND_EVERY_MS, (done) => {
    const kind = drag.grip.kind, pane = panes[drag.i];
    const values = { column: pane.columns, rectangle: pane.rectangle, image: drag.by }[kind];
    model.send({ type: "drag", pane: drag.i, kind, values, done });
  });

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

  const under = ({ x, y }) => places.findIndex((p) => x >= p.x && x <= p.x + p.w && y >= p.y && y <= p.y + p.h);

  function zoomAt(factor, at) {
    const p = at ? places[under(at)] : null;
    if (at && !p) return;
    if (p) zoom.zoomAt(factor, (at.x - p.x) / p.w, (at.y - p.y) / p.h);
    else zoom.zoomAt(factor);
    schedule();
  }
  const fit = () => { zoom.fit(); schedule(); };

  const events = {
    wheel: (event) => { event.preventDefault(); zoomAt(wheelFactor(event), pointerAt(canvas, event)); },
    pointerdown: (event) => {
      const at = pointerAt(canvas, event), i = under(at);
      if (i < 0) return;
      const { columns, rectangle } = panes[i];
      drag = { at, i, x: zoom.x, y: zoom.y, moved: false, grip: gripAt(i, at), columns, rectangle };
      canvas.setPointerCapture(event.pointerId);
    },
    pointermove: (event) => {
      mouse = pointerAt(canvas, event);
      if (drag) {
        const p = places[drag.i], dx = mouse.x - drag.at.x, dy = mouse.y - drag.at.y;
        if (Math.hypot(dx, dy) > 3) drag.moved = true;
        if (drag.moved && p && drag.grip) {
          pull(panes[drag.i], p);
          tell(false);
        } else if (drag.moved && p) {
          zoom.moveFrom(drag, dx / p.w, dy / p.h);
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
    dblclick: fit,
    keydown: (event) => {
      if (event.key === "+" || event.key === "=") zoomAt(1.25, null);
      else if (event.key === "-") zoomAt(0.8, null);
      else if (event.key === "0") fit();
      else if (event.key === "?") help.hidden = !help.hidden;
      else if (event.key === "Escape") help.hidden = true;
      else if (FORWARDED.includes(event.key)) model.send({ type: "key", key: event.key, shift: event.shiftKey });
      else return;
      event.preventDefault();
    },
  };
  const changes = { "msg:custom": receive, "change:height": setHeight };
  const disconnect = connect(canvas, model, { events, changes, resized: schedule });
  setHeight();
  model.send({ type: "ready" });
  return () => {
    disconnect();
    model.send({ type: "gone" });
  };
}

export default { render };
