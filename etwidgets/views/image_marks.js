// What is drawn over and around an image: lines, boxes, a frame, the scale bar, labels. Positions come through `to`.
import { FONT, INK, stroke } from "./viewport.js";
import { TITLE } from "./image_layout.js";

const ACCENT = "#ffb454";
const TEXT = "#d7d9de", CROSS = "#5ac8fa";
const BOXES = { marked: "#ff5f57", suspect: "#ffb454", marker: "#4cc2ff", chosen: "#6ee76e" };

export const cornersOf = (to, [x0, y0, x1, y1]) => [   // of whole pixels, the last one not among them
  ...to(x0 - 0.5, y0 - 0.5), ...to(x1 - 0.5, y1 - 0.5),
];

export function drawMarks(context, pane, p, to) {
  if (pane.line) drawTiltAxis(context, pane, to);
  context.lineWidth = 1;
  context.strokeStyle = CROSS;
  if (pane.cross) {
    const [cx, cy] = to(pane.cross[0], pane.cross[1]);
    stroke(context, cx, p.y, cx, p.y + p.h); stroke(context, p.x, cy, p.x + p.w, cy);
  }
  for (const column of pane.columns) {
    const [cx] = to(column, 0);
    stroke(context, cx, p.y, cx, p.y + p.h);
  }
  for (const [x0, y0, x1, y1, kind] of pane.boxes) {
    drawBox(context, cornersOf(to, [x0, y0, x1, y1]), BOXES[kind], kind === "marked");
  }
  if (pane.rectangle) drawRectangle(context, p, cornersOf(to, pane.rectangle));
}

function drawTiltAxis(context, pane, to) {
  const [shift, rotation] = pane.line, columns = pane.width * pane.factor, rows = pane.height * pane.factor;
  const half = columns / 2, slope = Math.tan(rotation * Math.PI / 180), y = (rows - 1) / 2 + shift;
  const [x1, y1] = to(-0.5, y - slope * half), [x2, y2] = to(columns - 0.5, y + slope * half);
  context.strokeStyle = ACCENT; context.lineWidth = 1.5;
  context.setLineDash([8, 4]); stroke(context, x1, y1, x2, y2); context.setLineDash([]);
  context.fillStyle = ACCENT; context.font = `11px ${FONT}`; context.textAlign = "left"; context.textBaseline = "bottom";
  context.fillText("tilt axis", x1 + 6, y1 - 3);
}

function drawBox(context, [x0, y0, x1, y1], color, crossed) {
  context.strokeStyle = color; context.lineWidth = 2;
  context.strokeRect(x0 + 1, y0 + 1, x1 - x0 - 2, y1 - y0 - 2);
  if (crossed) { stroke(context, x0, y0, x1, y1); stroke(context, x0, y1, x1, y0); }
}

function drawRectangle(context, p, [x0, y0, x1, y1]) {
  context.fillStyle = "rgba(13,13,15,0.6)";
  context.beginPath(); context.rect(p.x, p.y, p.w, p.h); context.rect(x0, y0, x1 - x0, y1 - y0); context.fill("evenodd");
  context.strokeStyle = ACCENT; context.lineWidth = 1.5; context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  context.fillStyle = ACCENT;
  for (const x of [x0, (x0 + x1) / 2, x1]) for (const y of [y0, (y0 + y1) / 2, y1])
    if (x !== (x0 + x1) / 2 || y !== (y0 + y1) / 2) context.fillRect(x - 3, y - 3, 6, 6);
}

export function drawScaleBar(context, pane, p, zoom) {
  const perUnit = p.w * zoom / (pane.width * pane.factor) / pane.pixelSize;
  const length = pane.bars.findLast((each) => each <= pane.longestBar / zoom) ?? pane.bars[0];
  const w = length * perUnit, x = p.x + p.w - w - 10, y = p.y + p.h - 10;
  context.fillStyle = "rgba(0,0,0,0.55)"; context.fillRect(x - 6, y - 20, w + 12, 26);
  context.fillStyle = "#fff"; context.fillRect(x, y - 3, w, 3);
  context.font = `11px ${FONT}`; context.textAlign = "center"; context.textBaseline = "bottom";
  context.fillText(`${+length.toPrecision(6)} ${pane.unit}`, x + w / 2, y - 5);
}

export function drawColorBar(context, pane, p, table) {   // at the left, from the lower limit up to the upper one
  const h = Math.min(90, p.h - 60), w = 10, x = p.x + 8, y = p.y + 24, number = (value) => `${Number(value.toPrecision(2))}`;
  if (h < 30) return;
  context.font = `11px ${FONT}`; context.textAlign = "left"; context.textBaseline = "middle";
  const texts = [[number(pane.limits[1]), y], [number(pane.limits[0]), y + h]];
  const room = Math.max(...texts.map(([text]) => context.measureText(text).width), context.measureText(pane.colorBar).width - w - 4);
  context.fillStyle = "rgba(0,0,0,0.55)"; context.fillRect(x - 4, y - 22, w + room + 14, h + 30);
  for (let i = 0; i < h; i++) {
    const c = 3 * Math.round(255 * (1 - i / h));
    context.fillStyle = `rgb(${table[c]},${table[c + 1]},${table[c + 2]})`; context.fillRect(x, y + i, w, 1.5);
  }
  context.fillStyle = "#fff";
  for (const [text, at] of texts) context.fillText(text, x + w + 4, at);
  context.fillText(pane.colorBar, x, y - 13);
}

export function drawInset(context, inset, p) {
  const side = Math.min(84, p.w / 3, p.h / 2), x = p.x + p.w - side - 8, y = p.y + 8;
  const picture = document.createElement("canvas");
  picture.width = inset.width; picture.height = inset.height;
  const image = new ImageData(inset.width, inset.height);
  inset.values.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  picture.getContext("2d").putImageData(image, 0, 0);
  context.fillStyle = "rgba(0,0,0,0.7)"; context.fillRect(x - 3, y - 3, side + 6, side + 24);
  context.imageSmoothingEnabled = true; context.drawImage(picture, x, y, side, side);
  const [w, h] = inset.ellipse.map((width, i) => width / [inset.width, inset.height][i] * side / 2);
  context.strokeStyle = ACCENT; context.lineWidth = 1.5;
  context.beginPath(); context.ellipse(x + side / 2, y + side / 2, w, h, 0, 0, 2 * Math.PI); context.stroke();
  context.strokeStyle = "rgba(255,255,255,0.6)"; context.lineWidth = 1; context.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
  context.fillStyle = "#fff"; context.font = `600 12px ${FONT}`; context.textAlign = "center"; context.textBaseline = "middle";
  context.fillText(inset.label, x + side / 2, y + side + 12);
}

// The title and the caption, beside the buttons; the names of the axes. What is wide begins left of the image.
export function drawLabels(context, pane, p, caption, buttons) {
  const bold = `600 12px ${FONT}`, plain = `12px ${FONT}`, between = 8;
  const end = p.area.left + p.area.width - buttons - between, y = p.area.top + TITLE / 2;
  const widthOf = (text, font) => { context.font = font; return context.measureText(text).width; };
  const first = widthOf(pane.title, bold) + between, both = first + widthOf(caption, plain);
  const x = Math.max(p.area.left + 4, Math.min(p.x, end - both));
  context.textBaseline = "middle"; context.textAlign = "left";
  context.font = bold; context.fillStyle = TEXT;
  fillFitted(context, pane.title, x, y, end - x);
  context.font = plain; context.fillStyle = INK;
  fillFitted(context, caption, x + first, y, end - x - first);
  context.font = `11px ${FONT}`;
  context.textAlign = "center"; context.textBaseline = "top";
  context.fillText(`${pane.axes[0]} →`, p.x + p.w / 2, p.y + p.h + 5);
  context.save();
  context.translate(p.x - 6, p.y + p.h / 2); context.rotate(-Math.PI / 2);
  context.textBaseline = "bottom"; context.fillText(`← ${pane.axes[1]}`, 0, 0);
  context.restore();
}

function fillFitted(context, text, x, y, room) {   // what does not fit is cut, not squeezed
  if (context.measureText(text).width > room) {
    let length = text.length;
    while (length > 1 && context.measureText(text.slice(0, length) + "…").width > room) length -= 1;
    text = length > 1 ? text.slice(0, length) + "…" : "";
  }
  context.fillText(text, x, y);
}
