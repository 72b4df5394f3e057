// Where each image of a view goes, and what is at a place of it: pure, in CSS pixels of the canvas.

const GAP = 8;             // between images
const MARGIN = 22;         // for the names of the axes, at the left of and under an image
export const TITLE = 26;   // above an image
export const SLIDER = 28;  // under it, where it has one
export const EMPTY = 3;    // the quarter in which something else is shown

// One area per pane, with its title, axes and slider; null for a pane that is not shown.
export function areasOf(count, { width, height, arrangement, maximized }) {
  const four = arrangement === "four", whole = { left: 0, top: 0, width, height };
  if (maximized >= 0 && (maximized < count || (four && maximized === EMPTY))) {
    return Array.from({ length: count }, (_, i) => (i === maximized ? whole : null));
  }
  const columns = four ? 2 : count, rows = four ? 2 : 1;
  const w = (width - GAP * (columns - 1)) / columns, h = (height - GAP * (rows - 1)) / rows;
  return Array.from({ length: count }, (_, i) => ({
    left: (i % columns) * (w + GAP), top: Math.floor(i / columns) * (h + GAP), width: w, height: h,
  }));
}

// Where the image itself goes in its area: as large as it fits, with square pixels unless it is stretched.
export function placeOf(pane, area) {
  const left = area.left + MARGIN, top = area.top + TITLE;
  const w = Math.max(area.width - MARGIN - GAP, 1), h = Math.max(area.height - TITLE - MARGIN - (pane.slider ? SLIDER : 0), 1);
  let sx = w / pane.width, sy = h / pane.height;
  if (!pane.stretch) sx = sy = Math.min(sx, sy);
  const iw = sx * pane.width, ih = sy * pane.height;
  return { x: left + (w - iw) / 2, y: top + (h - ih) / 2, w: iw, h: ih, area };
}

// From pixels of the full image (the center of pixel 0 is 0) to the canvas, and back.
export const toScreen = (zoom, p, pane, x, y) => [
  p.x + p.w * zoom.toScreen((x + 0.5) / (pane.width * pane.factor), "x"),
  p.y + p.h * zoom.toScreen((y + 0.5) / (pane.height * pane.factor), "y"),
];
export const toImage = (zoom, p, pane, sx, sy) => [
  zoom.toPart((sx - p.x) / p.w, "x") * pane.width * pane.factor - 0.5,
  zoom.toPart((sy - p.y) / p.h, "y") * pane.height * pane.factor - 0.5,
];

export const inPlace = (p, { x, y }) => x >= p.x && x <= p.x + p.w && y >= p.y && y <= p.y + p.h;

export const inArea = ({ left, top, width, height }, { x, y }) => x >= left && x <= left + width && y >= top && y <= top + height;
