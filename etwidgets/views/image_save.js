// What is saved of an image as it is seen, and how files and pictures leave the page.
import { SvgContext } from "./image_svg.js";

const FINEST = 4;   // pixels of the file per CSS pixel, at most

// `draw(context, place)` draws the image into that place, without the title.
export function pngOf(pane, p, zoom, draw) {
  const scale = Math.min(FINEST, Math.max(2, Math.ceil(pane.width / p.w / zoom))), canvas = document.createElement("canvas");
  canvas.width = Math.round(p.w * scale); canvas.height = Math.round(p.h * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  draw(context, { ...p, x: 0, y: 0 });
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

export function svgOf(p, draw) {
  const context = new SvgContext(p.w, p.h);
  draw(context, { ...p, x: 0, y: 0 });
  return new Blob([context.text()], { type: "image/svg+xml" });
}

export const fileName = (pane, ending) => `${`${pane.title} ${pane.caption}`.trim().replace(/[^\p{L}\p{N}+.-]+/gu, "-").replace(/^-|-$/g, "") || "image"}.${ending}`;

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export const copy = async (picture) => {   // what went wrong; empty if nothing did
  if (!navigator.clipboard?.write) return "The browser lets only pages of this computer or with https copy pictures. Save the picture instead.";
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
  } catch (error) {
    return `The browser does not let this page copy pictures (${error.message}). Save the picture instead.`;
  }
  return "";
};
