// Bars side by side, one for each projection; a click chooses one.
import { clamp, clearedCanvas, connect, FONT, INK, oncePerFrame, pointerAt, stroke } from "./viewport.js";

const USUAL = "#2f7ed8", ODD = "#e8743b", CHOSEN = "rgba(128,128,128,0.28)";
const LEFT = 52, RIGHT = 8, TOP = 22, BOTTOM = 36;

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "etw-bars";
  canvas.setAttribute("role", "img");
  canvas.style.height = model.get("height") + "px";
  el.appendChild(canvas);
  let over = -1;

  const bars = () => model.get("shown").bars ?? [];
  const each = (width) => (width - LEFT - RIGHT) / Math.max(bars().length, 1);
  const under = (event) => {
    const { x } = pointerAt(canvas, event), place = Math.floor((x - LEFT) / each(canvas.clientWidth));
    return place >= 0 && place < bars().length ? place : -1;
  };

  function draw() {
    const cleared = clearedCanvas(canvas);
    if (!cleared) return;
    const { context, width, height } = cleared, shown = model.get("shown"), chosen = model.get("chosen");
    canvas.dataset.bars = bars().length; canvas.dataset.chosen = chosen;
    canvas.setAttribute("aria-label", bars()[chosen]?.words || "Bars over the projections");
    if (!bars().length) {
      context.font = `12px ${FONT}`; context.fillStyle = INK; context.textAlign = "center"; context.textBaseline = "middle";
      context.fillText(shown.note ?? "", width / 2, height / 2);
      return;
    }
    const step = each(width), room = height - TOP - BOTTOM, bottom = TOP + room;
    const y = (value) => bottom - room * clamp(value / shown.top, 0, 1);
    context.font = `11px ${FONT}`; context.lineWidth = 1;
    context.strokeStyle = "rgba(128,128,128,0.25)"; context.fillStyle = INK;
    context.textAlign = "right"; context.textBaseline = "middle";
    for (const [value, text] of shown.ticks) {
      stroke(context, LEFT, y(value), width - RIGHT, y(value));
      context.fillText(text, LEFT - 6, y(value));
    }
    context.textAlign = "center"; context.textBaseline = "top";
    for (const [place, text] of shown.labels) context.fillText(text, LEFT + (place + 0.5) * step, bottom + 4);
    context.fillText(shown.x, LEFT + (width - LEFT - RIGHT) / 2, bottom + 19);
    context.save(); context.translate(11, TOP + room / 2); context.rotate(-Math.PI / 2);
    context.textBaseline = "middle"; context.fillText(shown.y, 0, 0); context.restore();
    for (const place of new Set([chosen, over])) {
      context.fillStyle = CHOSEN;
      if (place >= 0) context.fillRect(LEFT + place * step, TOP, step, room);
    }
    bars().forEach((bar, i) => {
      context.fillStyle = bar.odd ? ODD : USUAL;
      const size = Math.max(bottom - y(bar.height), 1);
      context.fillRect(LEFT + i * step + 0.1 * step, bottom - size, Math.max(0.8 * step, 0.5), size);
    });
    const told = bars()[over >= 0 ? over : chosen];
    context.fillStyle = INK; context.textAlign = "left"; context.textBaseline = "top"; context.font = `12px ${FONT}`;
    if (told) context.fillText(told.words, LEFT, 3);
  }

  const schedule = oncePerFrame(draw);
  const events = {
    pointermove: (event) => { over = under(event); schedule(); },
    pointerleave: () => { over = -1; schedule(); },
    click: (event) => { const place = under(event); if (place >= 0) model.send({ type: "click", place }); },
  };
  schedule();
  return connect(canvas, model, { events, changes: { "change:shown": schedule, "change:chosen": schedule }, resized: schedule });
}

export default { render };
