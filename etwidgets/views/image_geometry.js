// Lengths, angles and rectangles between points of an image, and how they are written; pure.

export const rounded = (value, digits = 4) => String(Number(Number(value).toPrecision(digits)));

export function lengthOf([[x0, y0], [x1, y1]], pane) {   // in the unit of the pane
  return Math.hypot(x1 - x0, y1 - y0) * (pane.pixelSize || 1);
}

export const unitOf = (pane) => (pane.pixelSize ? pane.unit : "px");

export function angleOf([[ax, ay], [bx, by], [cx, cy]]) {   // at the middle point, degrees
  const [ux, uy, vx, vy] = [ax - bx, ay - by, cx - bx, cy - by];
  return Math.abs(Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy)) * 180 / Math.PI;
}

// Left, top, right and bottom of the whole pixels between two points, the last ones not among them.
export function pixelsBetween([[x0, y0], [x1, y1]], pane) {
  const inside = (value, most) => Math.min(Math.max(Math.round(value), 0), most - 1);
  const [columns, rows] = [pane.width * pane.factor, pane.height * pane.factor];
  return [
    inside(Math.min(x0, x1), columns), inside(Math.min(y0, y1), rows),
    inside(Math.max(x0, x1), columns) + 1, inside(Math.max(y0, y1), rows) + 1,
  ];
}

// What is written at a measurement, line by line.
export function linesOf({ kind, points, values }, pane) {
  if (kind === "angle") return points.length < 3 ? [] : [`${angleOf(points).toFixed(1)}°`];
  if (kind === "statistics") return statisticsLines(values, pixelsBetween(points, pane));
  const [[x0, y0], [x1, y1]] = points, size = pane.pixelSize || 1, unit = unitOf(pane);
  const [dx, dy] = [Math.abs(x1 - x0) * size, Math.abs(y1 - y0) * size].map((value) => rounded(value));
  if (pane.stretch) return [`${pane.axes[0]} ${dx}, ${pane.axes[1]} ${dy} px`];
  const length = `${rounded(lengthOf(points, pane))} ${unit}`;
  return kind === "profile" ? [length] : [length, `dx ${dx}, dy ${dy}`];
}

function statisticsLines(values, [left, top, right, bottom]) {
  const size = `${right - left} x ${bottom - top} px`;
  if (!values) return [size];
  if (values.refused) return [size, values.refused];
  if (!values.n) return [size, "no values"];
  const number = (name) => rounded(values[name], 6);
  return [`${size}, n ${values.n}`, `mean ${number("mean")}, sd ${number("sd")}`, `min ${number("min")}, max ${number("max")}`];
}

export function distanceTo([[x0, y0], [x1, y1]], { x, y }) {   // of a place from a line between two
  const [dx, dy] = [x1 - x0, y1 - y0], along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const part = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - x0 - part * dx, y - y0 - part * dy);
}
