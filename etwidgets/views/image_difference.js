// The difference of two images of one size in the place of the first; the kernel subtracts, with all digits.
import { paint } from "./image_paint.js";

export class Difference {
  // `view`: { panes(), other(i), table(), request(content) -> Promise, say(i, text) }
  constructor(view, changed) { Object.assign(this, { view, changed, pane: null, shown: null, waits: false }); }

  toggle(i) {
    this.pane = this.pane === i ? null : i;
    this.shown = null;
    this.refresh();
    this.changed();
  }

  clear() { this.pane = this.shown = null; }

  // What is drawn in the place of image i: a pane with its picture; null: the image itself.
  of(i) { return this.pane === i ? this.shown : null; }

  async refresh() {   // after each frame; one question at a time
    const i = this.pane, panes = this.view.panes(), k = panes[i] ? this.view.other(i) : -1;
    if (k < 0 || this.waits) return;
    this.waits = true;
    const { refused, said, buffer } = await this.view.request({ type: "difference", pane: i, other: k });
    this.waits = false;
    if (this.pane !== i) return;
    if (refused) {
      this.view.say(i, refused);
      this.clear();
    } else {
      const title = `${panes[k].title} - ${panes[i].title}`, own = { cmap: "coolwarm", rgb: false, colorBar: "difference", plane: buffer };
      this.shown = { pane: { ...panes[i], ...said, ...own, title }, picture: paint({ ...said, ...own }, this.view.table()) };
    }
    this.changed();
  }
}
