// What is drawn over the rendering: the box, the cross-hair, the axes in a corner, the scale bar; nothing over the object.
import { FONT, stroke } from "./viewport.js";

const COLORS = { x: "#ff7b72", y: "#7ee787", z: "#79b8ff" }, CROSS = "rgba(90,200,250,0.8)", EDGE = "rgba(255,255,255,0.22)";
const NICE = [1, 2, 5];

export function drawOver(context, { camera, half, width, height, look, nanometers, unit }) {
  const to = (point) => { const [x, y] = camera.toScreen(point); return [width / 2 + x * height / 2, height / 2 - y * height / 2]; };
  if (look.box) drawBox(context, half, to);
  if (look.cross) drawCross(context, half, look.place, to);
  drawAxes(context, camera, height);
  drawScale(context, { pixel: 2 * nanometers / (height * camera.scale), unit, width, height });
}

function drawBox(context, half, to) {
  context.strokeStyle = EDGE; context.lineWidth = 1;
  for (let a = 0; a < 3; a++) for (const s of [-1, 1]) for (const t of [-1, 1]) {
    const ends = [-1, 1].map((e) => { const point = [0, 0, 0]; point[a] = e * half[a]; point[(a + 1) % 3] = s * half[(a + 1) % 3]; point[(a + 2) % 3] = t * half[(a + 2) % 3]; return to(point); });
    stroke(context, ...ends[0], ...ends[1]);
  }
}

function drawCross(context, half, place, to) {
  const at = place.map((part, i) => (2 * part - 1) * half[i]);
  context.strokeStyle = CROSS; context.lineWidth = 1;
  for (let a = 0; a < 3; a++) {
    const ends = [-1, 1].map((e) => to(at.map((value, i) => (i === a ? e * half[a] : value))));
    stroke(context, ...ends[0], ...ends[1]);
  }
}

function drawAxes(context, camera, height) {
  const x0 = 42, y0 = height - 42, length = 26;
  context.font = `600 11px ${FONT}`; context.textAlign = "center"; context.textBaseline = "middle"; context.lineWidth = 2;
  ["x", "y", "z"].map((name, i) => [name, camera.rotation.map((line) => line[i])]).sort((a, b) => a[1][2] - b[1][2]).forEach(([name, [dx, dy]]) => {
    context.strokeStyle = context.fillStyle = COLORS[name];
    stroke(context, x0, y0, x0 + length * dx, y0 - length * dy);
    context.fillText(name, x0 + 1.32 * length * dx, y0 - 1.32 * length * dy);
  });
}

function drawScale(context, { pixel, unit, width, height }) {
  const most = 0.28 * width * pixel, power = 10 ** Math.floor(Math.log10(most));
  const length = power * NICE.findLast((step) => step * power <= most), w = length / pixel, x = width - w - 12, y = height - 12;
  context.fillStyle = "rgba(0,0,0,0.55)"; context.fillRect(x - 6, y - 20, w + 12, 26);
  context.fillStyle = "#fff"; context.fillRect(x, y - 3, w, 3);
  context.font = `11px ${FONT}`; context.textAlign = "center"; context.textBaseline = "bottom";
  context.fillText(`${+length.toPrecision(6)} ${unit}`, x + w / 2, y - 5);
}
