// What of the page belongs to measurements: a button beside each to remove it, the plot of the profile.
import { lengthOf, unitOf } from "./image_geometry.js";
import { ProfilePlot } from "./image_profile.js";
import { download, fileName } from "./image_save.js";

export class Annotations {
  // `view`: { pane(i), place(i) }.
  constructor(box, measures, view) {
    Object.assign(this, { box, measures, view, buttons: new Map() });
    this.plot = new ProfilePlot(() => measures.remove(this.profile()), (table) => {
      download(new Blob([table], { type: "text/csv" }), fileName(view.pane(this.profile().pane), "csv"));
    });
    box.append(this.plot.element);
  }

  profile() { return this.measures.list.find(({ kind, values }) => kind === "profile" && values?.length); }

  // `corners`: of the measurements that are seen, where their buttons go.
  place(corners, height) {
    for (const [measure, button] of this.buttons) {
      if (!corners.has(measure)) { button.remove(); this.buttons.delete(measure); }
    }
    for (const [measure, { x, y }] of corners) {
      if (!this.buttons.has(measure)) this.buttons.set(measure, this.box.appendChild(this.remover(measure)));
      const button = this.buttons.get(measure);
      button.style.left = `${x}px`; button.style.top = `${y}px`;
      button.setAttribute("aria-label", `Remove ${measure.kind}: ${this.measures.text(measure).join(", ")}`);
    }
    this.placePlot(height);
  }

  remover(measure) {
    const button = document.createElement("button");
    button.type = "button"; button.className = "etw-remove"; button.textContent = "×"; button.title = "Remove (Delete)";
    button.addEventListener("click", () => this.measures.remove(measure));
    return button;
  }

  placePlot(height) {   // at the lower left of its image
    const measure = this.profile(), p = measure && this.view.place(measure.pane), { plot } = this;
    plot.element.hidden = !p;
    if (!p) return;
    const pane = this.view.pane(measure.pane);
    if (plot.values !== measure.values) plot.show(measure.values, lengthOf(measure.points, pane), unitOf(pane));
    plot.element.style.left = `${p.area.left + 4}px`;
    plot.element.style.bottom = `${height - p.y - p.h}px`;
  }
}
