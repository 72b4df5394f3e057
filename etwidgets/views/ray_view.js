// A volume drawn by ray casting in the browser: WebGL 2, turned by hand, sharp when the hand rests.
import { bytes, clearedCanvas, oncePerFrame, pointerAt, wheelFactor } from "./viewport.js";
import { labeled } from "./image_layers.js";
import { Camera, EYE, turned } from "./ray_camera.js";
import { drawOver } from "./ray_overlay.js";
import { Picker } from "./ray_picker.js";
import { RayProgram } from "./ray_program.js";
import { TransferEditor, levelOf, tableOf } from "./ray_transfer.js";

const MOVING_MS = 50, PATCH_MS = 60, REST_MS = 180, LEAST_DETAIL = 0.2;

function render({ model, el }) {
  const box = document.createElement("div"), picture = document.createElement("div");
  box.className = "etw-rays"; picture.className = "etw-rays-picture";
  const canvas = document.createElement("canvas"), over = document.createElement("canvas"), words = document.createElement("p");
  over.tabIndex = 0; over.setAttribute("role", "application");
  over.setAttribute("aria-label", "Volume in 3-D: drag turns it, wheel zooms, shift and drag moves it, x y z look along an axis");
  words.className = "etw-rays-words";
  picture.append(canvas, over, words);
  box.append(picture);
  el.append(box);
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, preserveDrawingBuffer: true, powerPreference: "high-performance" });
  if (!gl) { words.textContent = "This browser has no WebGL 2: the volume cannot be drawn in 3-D here. The slices work."; return undefined; }

  const program = new RayProgram(gl), camera = new Camera(), picker = new Picker();
  let about = null, detail = 0.5, rate = 0, frame = 0, drag = null, rest = 0, lost = false;
  const buffers = {};
  canvas.addEventListener("webglcontextlost", (event) => { event.preventDefault(); lost = true; words.textContent = "The graphics card was lost; show the volume again."; });
  canvas.addEventListener("webglcontextrestored", () => model.send({ type: "ready", most: gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) }));

  const look = (stride = 1) => ({
    mode: model.get("mode"), lit: model.get("light"), planes: model.get("planes"), cross: model.get("planes"), box: model.get("box"),
    levels: levels(), clip: model.get("clip"), place: model.get("place"), cut: model.get("cut"), stride,
  });
  const levels = () => transfers().map(levelOf);
  const transfers = () => model.get("transfer");
  const pixels = () => {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    return [Math.max(1, Math.round(over.clientWidth * ratio)), Math.max(1, Math.round(over.clientHeight * ratio))];
  };

  // -- drawing: coarse while something moves, then sharp in bands of rows, so that the page stays alive

  function draw(target, [width, height], stride, rows = [0, height], seenBy = camera) {
    gl.bindFramebuffer(gl.FRAMEBUFFER, target);
    program.draw(seenBy, look(stride), { width, height, first: rows[0], last: rows[1], eye: EYE });
  }
  const wait = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));

  function buffer(name, width, height) {
    if (buffers[name]?.width !== width || buffers[name]?.height !== height) {
      if (buffers[name]) { gl.deleteFramebuffer(buffers[name].target); gl.deleteTexture(buffers[name].texture); }
      const texture = gl.createTexture(), target = gl.createFramebuffer();
      gl.activeTexture(gl.TEXTURE3); gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
      gl.bindFramebuffer(gl.FRAMEBUFFER, target);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      buffers[name] = { width, height, texture, target };
    }
    return buffers[name].target;
  }

  function coarse() {
    if (!about || lost || !over.clientWidth) return;
    const [width, height] = pixels();
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const w = Math.max(16, Math.round(width * detail)), h = Math.max(16, Math.round(height * detail)), begin = performance.now();
    const target = buffer("moving", w, h);
    draw(target, [w, h], detail < 0.7 ? 2 : 1);
    wait();
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, target); gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, w, h, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.LINEAR);
    const took = Math.max(1, performance.now() - begin);
    rate = (w * h) / took;   // pixels per ms
    detail = Math.min(1, Math.max(LEAST_DETAIL, detail * Math.sqrt(MOVING_MS / took)));
    frame += 1;
    Object.assign(box.dataset, { frame, took: took.toFixed(0), sharp: "" });
    overlay();
    clearTimeout(rest);
    rest = setTimeout(() => sharpen(0), REST_MS);
  }
  const drawSoon = oncePerFrame(coarse), schedule = () => { box.dataset.sharp = ""; drawSoon(); };

  function remember() {
    const state = camera.state();
    if (JSON.stringify(state) === JSON.stringify(model.get("camera"))) return;
    model.set("camera", structuredClone(state)); model.save_changes();
  }

  function recall() {
    const state = model.get("camera");
    if (!state.rotation || drag || JSON.stringify(state) === JSON.stringify(camera.state())) return;
    camera.set(state); schedule();
  }

  function sharpen(row) {
    if (!about || lost || drag?.moved || document.hidden) return;
    if (!row) remember();
    const [width, height] = pixels(), begin = performance.now();
    if (canvas.width !== width || canvas.height !== height) return;
    const rows = Math.max(4, Math.min(height - row, Math.round((0.4 * rate * PATCH_MS) / width)));
    draw(null, [width, height], 0.7, [row, row + rows]);
    wait();
    rate = 0.5 * rate + 0.5 * 2.5 * ((rows * width) / Math.max(1, performance.now() - begin));
    if (row + rows < height) rest = setTimeout(() => sharpen(row + rows), 0);
    else box.dataset.sharp = frame;
  }

  function overlay() {
    const cleared = clearedCanvas(over);
    if (cleared && about) drawOver(cleared.context, { camera, half: program.half, width: cleared.width, height: cleared.height, look: look(), nanometers: Math.max(...about.lengths), unit: about.unit });
  }

  // -- what the kernel sends

  function receive(content, buffers) {
    if (content.type === "volume") {
      about = content; words.textContent = "";
      program.setVolume(about, bytes(buffers[0])); picker.setVolume(about, bytes(buffers[0]));
      transfer(); showEditor();
      if (content.anew) fit();
      channels.replaceChildren(...about.names.map((name, i) => new Option(name, i)));
      channels.hidden = about.channels < 2;
      schedule();
    } else if (content.type === "clear") {
      about = null; clearTimeout(rest);
      gl.bindFramebuffer(gl.FRAMEBUFFER, null); gl.clearColor(0.051, 0.051, 0.059, 1); gl.clear(gl.COLOR_BUFFER_BIT); clearedCanvas(over);
    } else if (content.type === "fit") { fit();
    } else if (content.type === "look") { camera.look(content.axis); fit();
    } else if (content.type === "stills") stills(content);
    else if (content.type === "stop") filming = null;
  }

  function transfer() {
    const rows = transfers().map(tableOf);
    program.setTransfer(rows, model.get("unseen")); picker.setTransfer(rows);
  }

  function fit() {
    if (!about) return;
    const [low, high] = about.content, half = program.half;
    camera.fit(half.map((h, i) => (2 * low[i] - 1) * h), half.map((h, i) => (2 * high[i] - 1) * h), Math.max(0.2, over.clientWidth / Math.max(1, over.clientHeight)));
    schedule();
  }

  // -- pictures and movies: whole images, in bands, each sent when it is done

  let filming = null;
  async function stills({ id, width, height, cameras }) {
    filming = id;
    const seenBy = new Camera(), sheet = Object.assign(document.createElement("canvas"), { width, height }), context = sheet.getContext("2d");
    const line = document.createElement("canvas"), values = new Uint8ClampedArray(4 * width * height);
    for (let i = 0; i < cameras.length && filming === id && about; i++) {
      seenBy.set(cameras[i] ?? camera.state());
      const target = buffer("still", width, height);
      for (let row = 0; row < height; row += 64) {
        draw(target, [width, height], 0.7, [row, Math.min(height, row + 64)], seenBy);
        wait();
        if (row % 256 === 192) await new Promise((next) => setTimeout(next, 0));
      }
      gl.bindFramebuffer(gl.FRAMEBUFFER, target); gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, values);
      line.width = width; line.height = height; line.getContext("2d").putImageData(new ImageData(values, width, height), 0, 0);
      context.setTransform(1, 0, 0, -1, 0, height); context.drawImage(line, 0, 0);
      const part = height / Math.max(1, over.clientHeight);
      context.setTransform(part, 0, 0, part, 0, 0);
      drawOver(context, { camera: seenBy, half: program.half, width: width / part, height: height / part, look: look(), nanometers: Math.max(...about.lengths), unit: about.unit });
      const blob = await new Promise((done) => sheet.toBlob(done, "image/png"));
      model.send({ type: "still", id, index: i, count: cameras.length }, undefined, [await blob.arrayBuffer()]);
    }
    schedule();
  }

  // -- buttons, the curve, and the hand

  const toggle = (name, trait, label, values = [true, false]) => {
    const button = labeled(name, label, () => { const at = values.indexOf(model.get(trait)); model.set(trait, values[(at + 1) % values.length]); model.save_changes(); });
    const show = () => button.setAttribute("aria-pressed", String(model.get(trait) === values[0]));
    model.on(`change:${trait}`, show); show();
    return button;
  };
  const bar = document.createElement("div"), modes = document.createElement("select"), channels = document.createElement("select");
  bar.className = "etw-bar etw-rays-bar";
  modes.setAttribute("aria-label", "How the volume is drawn"); modes.title = "How the volume is drawn";
  modes.append(...[["volume", "Volume"], ["surface", "Surface"], ["maximum", "Maximum"]].map(([value, label]) => new Option(label, value)));
  modes.onchange = () => { model.set("mode", modes.value); model.save_changes(); };
  channels.setAttribute("aria-label", "Signal of the curve"); channels.onchange = showEditor; channels.hidden = true;
  const cutter = labeled("cut", "Oblique cut (c)", cutOrNot);
  const showCut = () => cutter.setAttribute("aria-pressed", String(model.get("cut").length > 0));
  showCut();
  const along = (axis) => labeled(`look-${axis}`, `Look along ${axis} (${axis})`, () => { camera.look(axis); fit(); });
  bar.append(modes, along("x"), along("y"), along("z"), toggle("planes", "planes", "Slice planes (p)"), cutter, toggle("light", "light", "Light (l)"),
    toggle("curve", "editor", "Opacity and color (t)"), labeled("save", "Save picture (PNG)", save), labeled("fit", "Fit (f)", fit), toggle("maximize", "maximized", "Maximize (m)"));
  picture.append(bar);

  const editor = new TransferEditor({
    changed: (points, done) => {
      const all = transfers().map((each, i) => (i === Number(channels.value || 0) ? points : each));
      model.set("transfer", all); transfer(); schedule();
      if (done) model.save_changes();
    },
  });
  const presets = document.createElement("select");
  presets.setAttribute("aria-label", "Preset of the curve"); presets.title = "Preset of the curve";
  presets.append(new Option("Preset", ""), ...model.get("presets").map((name) => new Option(name, name)));
  presets.onchange = () => { if (presets.value) model.send({ type: "preset", name: presets.value, channel: Number(channels.value || 0) }); presets.value = ""; };
  const tools = document.createElement("div");
  tools.className = "etw-rays-tools";
  tools.append(channels, presets, editor.color);
  editor.element.append(tools);
  box.append(editor.element);

  function showEditor() {
    editor.element.hidden = !model.get("editor");
    const i = Number(channels.value || 0);
    if (about && transfers()[i]) editor.show({ points: transfers()[i], counts: about.histograms[i], limits: about.limits[i] });
  }

  // -- the oblique cut through the cross-hair: facing the viewer at first, then tilted and moved by hand

  function setCut(cut) { model.set("cut", cut); model.save_changes(); }

  function cutOrNot() { setCut(model.get("cut").length ? [] : camera.toBox([0, 0, 1])); }

  function tiltCut(dx, dy) { model.set("cut", camera.toBox(turned(camera.toView(model.get("cut")), dx, dy))); }

  function moveCut(way) {
    const cut = model.get("cut"), largest = Math.max(...cut.map((value, i) => Math.abs(value) * about.sizes[i] / program.half[i]));
    const place = model.get("place").map((part, i) => Math.min(1, Math.max(0, part + 2 * way * cut[i] / program.half[i] / largest)));
    model.send({ type: "pick", place });
  }

  function save() {
    if (!about) return;
    const ratio = 2, [width, height] = [over.clientWidth * ratio, over.clientHeight * ratio];
    model.send({ type: "save", width, height });
  }

  function aspect(event) {
    const { x, y } = pointerAt(over, event), h = over.clientHeight / 2;
    return [(x - over.clientWidth / 2) / h, (h - y) / h];
  }

  over.addEventListener("pointerdown", (event) => {
    over.setPointerCapture(event.pointerId); over.focus({ preventScroll: true });
    drag = { x: event.clientX, y: event.clientY, moved: false, pans: event.shiftKey || event.button > 0, cuts: event.ctrlKey && model.get("cut").length > 0 };
  });
  over.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    drag = { ...drag, x: event.clientX, y: event.clientY, moved: true };
    const h = over.clientHeight / 2;
    if (drag.cuts) tiltCut(1.2 * dx / h, 1.2 * dy / h);
    else if (drag.pans) camera.move(dx / h, -dy / h);
    else camera.turn(1.2 * dx / h, 1.2 * dy / h);
    schedule();
  });
  over.addEventListener("pointerup", (event) => {
    if (drag && !drag.moved && about) {
      const hit = picker.hit(...camera.ray(...aspect(event)), look());
      if (hit) model.send({ type: "pick", place: hit });
    }
    if (drag?.cuts) model.save_changes();
    drag = null; schedule();
  });
  over.addEventListener("contextmenu", (event) => event.preventDefault());
  over.addEventListener("dblclick", () => { model.set("maximized", !model.get("maximized")); model.save_changes(); });
  over.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey && Math.abs(event.deltaY) >= 50 && about && model.get("cut").length) moveCut(Math.sign(event.deltaY));
    else { camera.zoom(wheelFactor(event)); schedule(); }
  }, { passive: false });
  over.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    const flip = { m: "maximized", p: "planes", l: "light", t: "editor" }[event.key];
    const step = about && model.get("cut").length ? { PageUp: 1, PageDown: -1 }[event.key] : 0;
    if (step) moveCut(step);
    else if (by && event.shiftKey && model.get("cut").length) { tiltCut(...by); model.save_changes(); }
    else if (by) camera.turn(...by);
    else if ("xyz".includes(event.key)) { camera.look(event.key); fit(); }
    else if (event.key === "c") cutOrNot();
    else if (event.key === "f" || event.key === "0") fit();
    else if (event.key === "+" || event.key === "=") camera.zoom(1.25);
    else if (event.key === "-") camera.zoom(0.8);
    else if (flip) { model.set(flip, !model.get(flip)); model.save_changes(); }
    else return;
    event.preventDefault(); schedule();
  });

  const react = { "msg:custom": receive };
  for (const trait of ["mode", "light", "planes", "box", "clip", "place"]) react[`change:${trait}`] = schedule;
  react["change:cut"] = () => { showCut(); schedule(); };
  react["change:camera"] = recall;
  react["change:mode"] = () => { modes.value = model.get("mode"); schedule(); };
  react["change:transfer"] = () => { transfer(); showEditor(); schedule(); };
  react["change:unseen"] = () => { transfer(); schedule(); };
  react["change:editor"] = () => { showEditor(); schedule(); };
  for (const [name, handler] of Object.entries(react)) model.on(name, handler);
  const observer = new ResizeObserver(() => (camera.fitted ? fit() : schedule()));
  observer.observe(over);
  modes.value = model.get("mode");
  showEditor(); recall();
  model.send({ type: "ready", most: gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) });
  return () => {
    observer.disconnect(); clearTimeout(rest); filming = null;
    for (const [name, handler] of Object.entries(react)) model.off(name, handler);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    model.send({ type: "gone" });
  };
}

export default { render };
