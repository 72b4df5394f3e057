// What of a pane can be caught and dragged: the edges of its rectangle, its columns, the image itself.
import { clamp } from "./viewport.js";
import { cornersOf } from "./image_marks.js";

const REACH = 8;   // CSS pixels around an edge or a line at which it is caught

// What can be caught at a place of the screen; `to` is from pixels of the image to the screen.
export function gripAt(pane, to, { x, y }) {
  if (pane.paint) return { kind: "stroke" };
  if (pane.rectangle) {
    const [x0, y0, x1, y1] = cornersOf(to, pane.rectangle);
    if (x < x0 - REACH || x > x1 + REACH || y < y0 - REACH || y > y1 + REACH) return null;
    const near = [x0 - x, y0 - y, x1 - x, y1 - y].map((d) => Math.abs(d) <= REACH);
    return { kind: "rectangle", edges: near.some(Boolean) ? near : [true, true, true, true] };
  }
  const index = pane.columns.findIndex((column) => Math.abs(to(column, 0)[0] - x) <= REACH);
  if (index >= 0) return { kind: "column", index };
  return pane.movable ? { kind: "image" } : null;
}

// Move what was caught by so many pixels of the image from where it was when it was caught; what is told of it.
export function pull(pane, { grip, columns, rectangle }, bx, by) {
  if (grip.kind === "image") return [bx, by];
  const dx = Math.round(bx), dy = Math.round(by), width = pane.width * pane.factor, height = pane.height * pane.factor;
  if (grip.kind === "column") {
    pane.columns = columns.map((c, k) => (k === grip.index ? clamp(c + dx, 0, width - 1) : c));
    return pane.columns;
  }
  const [l, t, r, b] = grip.edges, whole = l && t && r && b, [x0, y0, x1, y1] = rectangle;
  const mx = whole ? clamp(dx, -x0, width - x1) : dx, my = whole ? clamp(dy, -y0, height - y1) : dy;
  const left = l ? clamp(x0 + mx, 0, whole ? width : x1 - 1) : x0, top = t ? clamp(y0 + my, 0, whole ? height : y1 - 1) : y0;
  pane.rectangle = [left, top, r ? clamp(x1 + mx, left + 1, width) : x1, b ? clamp(y1 + my, top + 1, height) : y1];
  return pane.rectangle;
}
