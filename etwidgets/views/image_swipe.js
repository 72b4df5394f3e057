// Two images of one size over each other with a line between them that is dragged: left of it the one, right the other.
import { FONT, stroke } from "./viewport.js";

const REACHED = 8, ASIDE = 6, DIVIDER = "#ffffff";   // CSS pixels

export class Swipe {
  constructor(panes, changed) { Object.assign(this, { panes, changed, pane: null, part: 0.5, held: false }); }

  // The image that can be laid over image i: the next one of the same size; -1: none.
  other(i) {
    const panes = this.panes(), alike = (k) => ["width", "height", "factor"].every((side) => panes[k][side] === panes[i][side]);
    const next = panes.findIndex((_, k) => k > i && alike(k));
    return next >= 0 ? next : panes.findIndex((_, k) => k !== i && alike(k));
  }

  toggle(i) {
    this.pane = this.pane === i ? null : i;
    this.part = 0.5;
    this.changed();
  }

  clear() { this.pane = null; this.held = false; }

  // The image that lies over image i; -1: none.
  over(i) { return this.pane === i && this.panes()[i] ? this.other(i) : -1; }

  at(p) { return p.x + this.part * p.w; }

  // The image that is seen at a place of image i.
  seen(i, p, mouse) { return this.over(i) >= 0 && mouse && mouse.x > this.at(p) ? this.over(i) : i; }

  down(i, p, { x }) {
    this.held = this.over(i) >= 0 && Math.abs(x - this.at(p)) <= REACHED;
    return this.held;
  }

  move(p, { x }) { this.part = Math.min(Math.max((x - p.x) / p.w, 0), 1); }

  up() {
    const { held } = this;
    this.held = false;
    return held;
  }

  // `picture(k)` draws image k into this place.
  draw(context, p, i, picture) {
    const k = this.over(i), x = this.at(p), panes = this.panes();
    if (k < 0) return;
    context.save();
    context.beginPath(); context.rect(x, p.y, p.x + p.w - x, p.h); context.clip();
    picture(k);
    context.restore();
    context.strokeStyle = DIVIDER; context.lineWidth = 1.5;
    stroke(context, x, p.y, x, p.y + p.h);
    context.fillStyle = DIVIDER; context.fillRect(x - 4, p.y + p.h / 2 - 12, 8, 24);
    context.font = `600 12px ${FONT}`; context.textBaseline = "top";
    for (const [text, align, side] of [[panes[i].title, "right", -ASIDE], [panes[k].title, "left", ASIDE]]) {
      const { width } = context.measureText(text);
      context.fillStyle = "rgba(0,0,0,0.55)"; context.fillRect(x + side - (side < 0 ? width + 4 : 4), p.y + 4, width + 8, 18);
      context.fillStyle = DIVIDER; context.textAlign = align;
      context.fillText(text, x + side, p.y + 7);
    }
  }
}
