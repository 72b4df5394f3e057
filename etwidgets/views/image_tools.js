// The buttons over each image: what they are called, and what they do with it.
import { copy, download, fileName, pngOf, svgOf } from "./image_save.js";

const MEASURES = [
  ["distance", "Distance"], ["angle", "Angle: three points"], ["profile", "Line profile"], ["statistics", "Statistics of a rectangle"],
];

// `view`: { zoomBy, fit, maximize, measures, swipe, difference, pane, place, zoom, draw(i) -> (context, place), say(i, text), request }
export function toolsOf(view) {
  const png = async (i) => download(await picture(i), fileName(view.pane(i), "png"));
  const picture = (i) => pngOf(view.pane(i), view.place(i), view.zoom.scale, view.draw(i));
  const svg = (i) => download(svgOf(view.place(i), view.draw(i)), fileName(view.pane(i), "svg"));
  const tiff = (bits) => async (i) => {
    const name = fileName(view.pane(i), "tif"), { refused, buffer } = await view.request({ type: "file", pane: i, bits });
    if (refused) view.say(i, refused);
    else download(new Blob([buffer], { type: "image/tiff" }), name);
  };
  return {
    tools: [
      ["zoom-in", "Zoom in (+)", () => view.zoomBy(1.25)],
      ["zoom-out", "Zoom out (-)", () => view.zoomBy(0.8)],
      ...MEASURES.map(([name, label]) => [name, label, () => view.measures.choose(name), true]),
      ["swipe", "Swipe over the next image", (i) => view.swipe.toggle(i), true],
      ["difference", "Difference to the next image", (i) => view.difference.toggle(i), true],
      ["save", "Save", [
        ["png", "Picture as seen (PNG)", png], ["svg", "Picture as seen (SVG)", svg],
        ["tiff32", "Data (TIFF, 32 bits)", tiff(32)], ["tiff16", "Data (TIFF, 16 bits)", tiff(16)],
      ]],
      ["copy", "Copy the picture", async (i) => view.say(i, (await copy(picture(i))) || "Copied.")],
    ],
    fixed: [["fit", "Fit (f)", view.fit], ["maximize", "Maximize (m)", view.maximize]],
  };
}

// Questions to the kernel that have one answer each.
export class Requests {
  constructor(send) { Object.assign(this, { send, open: new Map(), page: Math.random().toString(36).slice(2), made: 0 }); }

  ask(content) {
    const id = `${this.page}-${++this.made}`;
    this.send({ ...content, id });
    return new Promise((done) => this.open.set(id, done));
  }

  take({ id, refused, said }, buffer) {
    this.open.get(id)?.({ refused, said, buffer });
    this.open.delete(id);
  }
}
