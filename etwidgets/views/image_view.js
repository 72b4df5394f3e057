// Draws panes of bytes on one canvas: colors, zoom, pan, scale bar, overlays, measurements; over each pane its
// buttons and its slider. The kernel sends whole frames; every frame is acknowledged when it is drawn.
import { atMostEvery, bytes, clearedCanvas, connect, oncePerFrame, pointerAt, Viewport, wheelFactor } from "./viewport.js";
import { areasOf, inArea, inPlace, placeOf, toImage, toScreen } from "./image_layout.js";
import { drawColorBar, drawInset, drawLabels, drawMarks, drawScaleBar } from "./image_marks.js";
import { Annotations } from "./image_annotations.js";
import { drawBrush, drawStroke, extended } from "./image_brush.js";
import { gripAt, pull } from "./image_grips.js";
import { KeyTable } from "./image_help.js";
import { PaneLayer } from "./image_layers.js";
import { drawMeasures, Measures } from "./image_measures.js";
import { bent, paint } from "./image_paint.js";
import { readout } from "./image_readout.js";
import { Difference } from "./image_difference.js";
import { Swipe } from "./image_swipe.js";
import { Requests, toolsOf } from "./image_tools.js";

const SEND_EVERY_MS = 60;
const REST_MS = 200;   // without a new frame, after which large images are asked for with all their pixels
const FORWARDED = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " ", "b", "z", "Z", "[", "]"];
const OF_CONTROLS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", " "];   // what a focused button or slider needs itself

function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "etw-image";
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  const help = new KeyTable();
  box.append(canvas, help.element);
  el.appendChild(box);
  const colors = {}, tables = {}, layers = [];   // tables: colors after gamma and logarithm
  let panes = [], pictures = [], number = 0, known = 0, places = [], buttons = [], straight = [], rest = null, mouse = null, drag = null;
  const zoom = new Viewport(1);   // one for all panes
  const schedule = oncePerFrame(draw);
  const send = (content) => model.send(content);
  const requests = new Requests(send);
  const measures = new Measures({
    pane: (i) => panes[i],
    to: (i, [x, y]) => toScreen(zoom, places[i], panes[i], x, y),
    from: (i, { x, y }) => toImage(zoom, places[i], panes[i], x, y),
  }, send, schedule);
  const swipe = new Swipe(() => panes, schedule);
  const difference = new Difference({
    panes: () => panes, other: (i) => swipe.other(i), table: () => colors.coolwarm,
    request: (content) => requests.ask(content), say: (i, text) => layers[i].say(text),
  }, schedule);
  const annotations = new Annotations(box, measures, { pane: (i) => panes[i], place: (i) => places[i] });
  const setHeight = () => { box.style.height = `${model.get("height")}px`; schedule(); };

  function receive(content, buffers) {
    if (content.type === "colors") {
      content.names.forEach((name, i) => { colors[name] = bytes(buffers[i]); });
      straight = content.straight;
      repaint();
    } else if (content.type === "keys") {
      help.fill(content.rows);
    } else if (content.type === "frame") {
      showFrame(content, buffers);
    } else if (content.type === "values") {
      measures.take(content, buffers.length && new Float64Array(bytes(buffers[0]).slice().buffer));
    } else if (content.type === "file" || content.type === "difference") {
      requests.take(content, buffers.length && bytes(buffers[0]));
    }
  }

  function showFrame(content, buffers) {
    const before = panes, drawn = pictures;
    if (content.same.some((same, i) => same && !before[i])) {   // sent before this page was ready; a whole frame follows
      send({ type: "drawn", number: content.number });
      return;
    }
    panes = content.panes.map((pane, i) => ({ ...pane, plane: content.same[i] ? before[i].plane : bytes(buffers[i]) }));
    pictures = panes.map((pane, i) => (
      content.same[i] && pane.cmap === before[i].cmap && pane.rgb === before[i].rgb ? drawn[i] : paint(pane, tables[pane.cmap])
    ));
    if (drag?.grip && panes[drag.i]) {   // what the hand holds stays with it
      if (drag.grip.kind === "column" && panes[drag.i].columns.length !== drag.columns.length) drag = null;
      else if (mouse && drag.moved && places[drag.i]) follow();
    }
    zoom.most = content.mostZoom;
    if (content.anew) { zoom.fit(); measures.clear(); swipe.clear(); difference.clear(); }
    number = content.number;
    known = content.slid;
    measures.askAll();
    difference.refresh();
    clearTimeout(rest);
    if (content.more) rest = setTimeout(() => send({ type: "full", number }), REST_MS);
    requestAnimationFrame(() => {
      draw();
      model.send({ type: "drawn", number });
    });
  }

  function repaint() {
    for (const [name, table] of Object.entries(colors)) {
      tables[name] = straight.includes(name) ? table : bent(table, model.get("gamma"), model.get("log_scale"));
    }
    pictures = panes.map((pane) => paint(pane, tables[pane.cmap]));
    schedule();
  }

  function layer(i) {
    if (!layers[i]) {
      const slide = (pane, value, sent) => send({ type: "slide", pane, value, number: sent });
      layers[i] = new PaneLayer(i, { ...tools, slide });
      box.insertBefore(layers[i].element, help.element);
    }
    return layers[i];
  }

  function place(width, height) {
    const maximized = model.get("maximized"), arrangement = model.get("arrangement");
    const areas = areasOf(panes.length, { width, height, arrangement, maximized });
    places = panes.map((pane, i) => areas[i] && placeOf(pane, areas[i]));
    panes.forEach((_, i) => layer(i).offer(["swipe", "difference"], swipe.other(i) >= 0));
    buttons = layers.map((each, i) => each.place(areas[i], panes[i], known, maximized === i));
    canvas.dataset.places = JSON.stringify(places.map((p) => p && { x: p.x, y: p.y, w: p.w, h: p.h }));
    canvas.dataset.zoom = zoom.scale.toFixed(3);
    canvas.dataset.frame = number;
    canvas.setAttribute("aria-label", panes.map((pane) => `${pane.title}, ${pane.caption}`).concat("? lists the keys").join("; "));
  }

  function draw() {
    const cleared = clearedCanvas(canvas);
    if (!cleared) return;
    place(cleared.width, cleared.height);
    const corners = new Map();
    panes.forEach((own, i) => {
      if (!places[i]) return;
      const pane = difference.of(i)?.pane ?? own, seen = pane === own ? panes[swipe.seen(i, places[i], mouse)] : pane;
      drawImage(cleared.context, places[i], i).forEach(([measure, corner]) => corners.set(measure, corner));
      const reduced = pane.factor > 1 ? ` · shown 1:${pane.factor}` : "";
      drawLabels(cleared.context, pane, places[i], readout(seen, places[i], zoom, mouse) ?? pane.caption + reduced, buttons[i]);
      layers[i].use([measures.tool, swipe.pane === i && "swipe", difference.pane === i && "difference"]);
    });
    annotations.place(corners, cleared.height);
  }

  // All that is in the place of an image; where its measurements can be removed.
  function drawImage(context, p, i, whole = false) {
    const other = difference.of(i), pane = other?.pane ?? panes[i], to = (x, y) => toScreen(zoom, p, pane, x, y);
    context.save();
    context.beginPath(); context.rect(p.x, p.y, p.w, p.h); context.clip();
    const [x0, y0] = to(-0.5, -0.5), w = p.w * zoom.scale, h = p.h * zoom.scale;
    context.imageSmoothingEnabled = w < pane.width;
    context.drawImage(other?.picture ?? pictures[i], x0, y0, w, h);
    if (!other) swipe.draw(context, p, i, (k) => context.drawImage(pictures[k], x0, y0, w, h));
    drawMarks(context, pane, p, to);
    if (pane.pixelSize) drawScaleBar(context, pane, p, zoom.scale);
    if ((pane.colorBar || whole) && !pane.rgb && tables[pane.cmap]) drawColorBar(context, pane, p, tables[pane.cmap]);
    if (pane.inset) drawInset(context, pane.inset, p);
    if (pane.paint && p === places[i]) drawPainting(context, pane, i, to);
    const corners = drawMeasures(context, measures, i, to, p);
    context.restore();
    return corners;
  }

  function drawPainting(context, pane, i, to) {
    if (drag?.i === i && drag.values) drawStroke(context, pane, drag.values, to);
    if (mouse && inPlace(places[i], mouse)) drawBrush(context, pane, toImage(zoom, places[i], pane, mouse.x, mouse.y), to);
  }

  const gripOf = (i, at) => gripAt(panes[i], (x, y) => toScreen(zoom, places[i], panes[i], x, y), at);

  function follow() {   // move what was caught by as much as the mouse has moved
    const pane = panes[drag.i], p = places[drag.i];
    const [ax, ay] = toImage(zoom, p, pane, drag.at.x, drag.at.y), [bx, by] = toImage(zoom, p, pane, mouse.x, mouse.y);
    drag.values = drag.grip.kind === "stroke" ? extended(drag.values, [ax, ay], [bx, by]) : pull(pane, drag, bx - ax, by - ay);
  }

  const tell = atMostEvery(SEND_EVERY_MS, (done) => {
    send({ type: "drag", pane: drag.i, kind: drag.grip.kind, values: drag.values, done });
  });

  function cursorAt(i, at) {
    if (i < 0) return "default";
    if (measures.tool) return "crosshair";
    if (measures.caughtAt(i, at)) return "pointer";
    const grip = gripOf(i, at);
    return grip ? { column: "ew-resize", stroke: "crosshair" }[grip.kind] ?? "move" : "default";
  }

  const under = (at) => places.findIndex((p) => p && inPlace(p, at));
  const paneAt = (at) => places.findIndex((p) => p && inArea(p.area, at));

  function zoomAt(factor, at) {
    const p = at ? places[under(at)] : null;
    if (at && !p) return;
    if (p) zoom.zoomAt(factor, (at.x - p.x) / p.w, (at.y - p.y) / p.h);
    else zoom.zoomAt(factor);
    schedule();
  }
  const fit = () => { zoom.fit(); schedule(); };

  function maximize(i) {   // or show all again
    if (i < 0) return;
    model.set("maximized", model.get("maximized") === i ? -1 : i);
    model.save_changes();
  }

  function paneOf(target) {   // the pane that a key means: under the mouse, with the focus, the only one
    if (mouse && paneAt(mouse) >= 0) return paneAt(mouse);
    const focused = target.closest?.(".etw-pane");
    if (focused) return Number(focused.dataset.pane);
    return places.length === 1 ? 0 : model.get("maximized");
  }

  const tools = toolsOf({
    zoomBy: (factor) => zoomAt(factor, null), fit, maximize, measures, swipe, difference, zoom, request: (content) => requests.ask(content),
    pane: (i) => panes[i], place: (i) => places[i], say: (i, text) => layers[i].say(text),
    draw: (i) => (context, p) => drawImage(context, p, i, true),
  });

  function press(event) {
    const control = event.target !== canvas;
    if (event.ctrlKey || event.metaKey || event.altKey || (control && OF_CONTROLS.includes(event.key))) return;
    if (event.key === "+" || event.key === "=") zoomAt(1.25, null);
    else if (event.key === "-") zoomAt(0.8, null);
    else if (event.key === "0" || event.key === "f") fit();
    else if (event.key === "m") maximize(paneOf(event.target));
    else if (event.key === "?") help.toggle();
    else if (event.key === "Escape") { if (!measures.escape()) help.toggle(false); }
    else if (["Delete", "Backspace"].includes(event.key)) { if (!measures.remove()) return; }
    else if (FORWARDED.includes(event.key)) send({ type: "key", key: event.key, shift: event.shiftKey });
    else return;
    event.preventDefault();
  }

  function turn(event) {   // the wheel: through the slices where there are some, else zoom
    if (event.target.closest(".etw-keys, .etw-open .etw-tools")) return;   // which scroll
    event.preventDefault();
    const at = pointerAt(canvas, event), i = paneAt(at);
    if (!event.ctrlKey && panes[i]?.slider) layers[i].slider.wheel(event);
    else zoomAt(wheelFactor(event), at);
  }

  const events = {
    pointerdown: (event) => {
      const at = pointerAt(canvas, event), i = under(at);
      layers.forEach((each) => each.open(false));
      if (i < 0) return;
      canvas.setPointerCapture(event.pointerId);
      if (swipe.down(i, places[i], at) || measures.down(i, at)) { schedule(); return; }
      const { columns, rectangle } = panes[i];
      drag = { at, i, x: zoom.x, y: zoom.y, moved: false, grip: gripOf(i, at), columns, rectangle };
    },
    pointermove: (event) => {
      mouse = pointerAt(canvas, event);
      if (swipe.held) {
        if (places[swipe.pane]) swipe.move(places[swipe.pane], mouse);
      } else if (measures.move(mouse)) {
        canvas.style.cursor = "crosshair";
      } else if (drag) {
        const p = places[drag.i], dx = mouse.x - drag.at.x, dy = mouse.y - drag.at.y;
        if (Math.hypot(dx, dy) > 3) drag.moved = true;
        if (drag.moved && p && drag.grip) {
          follow();
          if (drag.grip.kind !== "stroke") tell(false);
        } else if (drag.moved && p) {
          zoom.moveFrom(drag, dx / p.w, dy / p.h);
        }
      } else {
        canvas.style.cursor = cursorAt(under(mouse), mouse);
      }
      schedule();
    },
    pointerup: (event) => {
      if (swipe.up() || measures.up(pointerAt(canvas, event))) return;
      const paints = drag?.grip?.kind === "stroke";
      if (paints && !drag.moved && places[drag.i]) follow();   // a dot
      if (drag?.grip && (drag.moved || paints)) tell(true);
      if (drag && !drag.moved && !paints && places[drag.i]) {
        const [x, y] = toImage(zoom, places[drag.i], panes[drag.i], drag.at.x, drag.at.y).map(Math.round);
        send({ type: "click", pane: drag.i, x, y, shift: event.shiftKey });
      }
      drag = null;
    },
    pointerenter: () => {   // keys act on the image under the mouse, unless something is written elsewhere
      const at = document.activeElement;
      if (!at || at === document.body || at.matches(".etw-image canvas")) canvas.focus({ preventScroll: true });
    },
    pointerleave: () => { mouse = null; schedule(); },
    dblclick: (event) => { if (!measures.chosen) maximize(paneAt(pointerAt(canvas, event))); },
  };
  box.addEventListener("keydown", press);
  box.addEventListener("wheel", turn, { passive: false });
  const changes = { "msg:custom": receive, "change:height": setHeight, "change:arrangement": schedule, "change:maximized": schedule };
  for (const name of ["gamma", "log_scale"]) changes[`change:${name}`] = repaint;
  const disconnect = connect(canvas, model, { events, changes, resized: schedule });
  setHeight();
  model.send({ type: "ready" });
  return () => {
    clearTimeout(rest);
    disconnect();
    model.send({ type: "gone" });
  };
}

export default { render };
