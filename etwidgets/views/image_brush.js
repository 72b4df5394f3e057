// Painting in a pane: the line that a drag leaves, the brush under the mouse, and the inside of a lasso.
const ADDS = "rgba(110,231,110,0.45)", ERASES = "rgba(255,95,87,0.45)", LEAST = 0.5;   // pixels between points

// Add where the mouse is to the line that was begun at `from`; all in pixels of the image.
export function extended(path, from, at) {
  const line = path ?? [from], [x, y] = line.at(-1);
  return Math.hypot(at[0] - x, at[1] - y) < LEAST ? line : [...line, at];
}

export function drawStroke(context, pane, path, to) {
  const { radius, adds } = pane.paint, points = path.map(([x, y]) => to(x, y));
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  if (!radius) {
    context.closePath(); context.fillStyle = adds ? ADDS : ERASES; context.fill("nonzero");
    context.strokeStyle = adds ? "#6ee76e" : "#ff5f57"; context.lineWidth = 1.5; context.stroke();
    return;
  }
  if (points.length === 1) context.lineTo(points[0][0] + 0.01, points[0][1]);
  context.strokeStyle = adds ? ADDS : ERASES; context.lineWidth = 2 * sizeOf(radius, to);
  context.lineCap = context.lineJoin = "round"; context.stroke();
}

export function drawBrush(context, pane, at, to) {
  const [x, y] = to(...at);
  context.strokeStyle = pane.paint.adds ? "#6ee76e" : "#ff5f57"; context.lineWidth = 1.5;
  context.beginPath(); context.arc(x, y, Math.max(2, sizeOf(pane.paint.radius, to)), 0, 2 * Math.PI); context.stroke();
}

const sizeOf = (radius, to) => to(radius, 0)[0] - to(0, 0)[0];
