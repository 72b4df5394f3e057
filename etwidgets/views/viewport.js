// What the views on a canvas share: zoom and pan, drawing at the resolution of the screen, the pointer, messages.

export const FONT = "system-ui, sans-serif", INK = "#8b909b";

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// the bytes of a buffer as the kernel's message brings it
export const bytes = (view) => new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);

// Zoom and pan over one or two axes. Positions on the screen and in what is shown are parts, 0 to 1.
export class Viewport {
  constructor(most) { this.most = most; this.fit(); }

  fit() { this.scale = 1; this.x = this.y = 0; }

  toScreen(part, axis) { return this.scale * (part - 0.5 - this[axis]) + 0.5; }

  toPart(place, axis) { return (place - 0.5) / this.scale + 0.5 + this[axis]; }

  zoomAt(factor, x = 0.5, y = 0.5) {   // what is at this place on the screen stays there
    const scale = clamp(this.scale * factor, 1, this.most);
    this.x += (x - 0.5) / this.scale - (x - 0.5) / scale;
    this.y += (y - 0.5) / this.scale - (y - 0.5) / scale;
    this.scale = scale;
    this.keepInside();
  }

  moveFrom({ x, y }, dx, dy = 0) {   // by parts of the place on the screen, from where it was
    this.x = x - dx / this.scale; this.y = y - dy / this.scale;
    this.keepInside();
  }

  keepInside() {
    const most = 0.5 - 0.5 / this.scale;
    this.x = clamp(this.x, -most, most); this.y = clamp(this.y, -most, most);
  }
}

// A pinch on a touch pad arrives as a wheel with ctrl and small steps.
export const wheelFactor = ({ ctrlKey, deltaY }) => Math.exp(-deltaY / (ctrlKey && Math.abs(deltaY) < 50 ? 100 : 400));

export function pointerAt(canvas, event) {   // CSS pixels
  const { left, top } = canvas.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}

// An empty canvas in CSS pixels, at the resolution of the screen; null where it has no size yet.
export function clearedCanvas(canvas) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height) return null;
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows) { canvas.width = columns; canvas.height = rows; }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export function stroke(context, x1, y1, x2, y2) {
  context.beginPath(); context.moveTo(x1, y1); context.lineTo(x2, y2); context.stroke();
}

export function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  };
}

export function atMostEvery(ms, send) {   // the last of a drag is always sent
  let sent = 0;
  return (done) => {
    const now = performance.now();
    if (!done && now - sent < ms) return;
    sent = now;
    send(done);
  };
}

// Listen to the canvas, its size and the model; what comes back undoes it.
export function connect(canvas, model, { events, changes, resized }) {
  for (const [name, handler] of Object.entries(events)) canvas.addEventListener(name, handler, { passive: false });
  for (const [name, handler] of Object.entries(changes)) model.on(name, handler);
  const observer = new ResizeObserver(resized);
  observer.observe(canvas);
  return () => {
    observer.disconnect();
    for (const [name, handler] of Object.entries(changes)) model.off(name, handler);
  };
}
