// What is said of the pixel under the mouse, as far as the bytes tell.
import { inPlace, toImage } from "./image_layout.js";

export function readout(pane, p, zoom, mouse) {   // null where there is nothing to say
  if (!mouse || !inPlace(p, mouse)) return null;
  const [x, y] = toImage(zoom, p, pane, mouse.x, mouse.y).map(Math.round);
  const column = Math.floor(x / pane.factor), row = Math.floor(y / pane.factor);
  if (column < 0 || row < 0 || column >= pane.width || row >= pane.height) return null;
  const place = `${pane.axes[0]} ${x}, ${pane.axes[1]} ${y}`;
  if (pane.rgb) return place;
  const [low, high] = pane.limits, level = pane.plane[row * pane.width + column];
  const edge = level === 0 ? "≤ " : level === 255 ? "≥ " : "≈ ";
  return `${place}: ${edge}${Number((low + (level / 255) * (high - low)).toPrecision(3))}`;
}
