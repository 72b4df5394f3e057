// Over each image a layer of the page: its buttons at the right end of the title, its slider under the image.
import { icon } from "./image_icons.js";
import { PaneSlider } from "./image_slider.js";
import { SLIDER } from "./image_layout.js";

const WIDE = 560, NARROW = 260;   // CSS pixels of an area: all buttons beside each other; all in one menu
const BUTTON = 24;

export function labeled(name, label, run) {
  const button = document.createElement("button"), words = document.createElement("span");
  button.type = "button";
  button.className = `etw-tool etw-tool-${name}`;
  button.title = label;
  button.setAttribute("aria-label", label.replace(/ \(.*/, ""));
  words.textContent = label;
  button.append(icon(name), words);
  button.addEventListener("click", run);
  return button;
}

export class PaneLayer {
  // `tools` and `fixed`: [name, label, what to do with the pane's number]; the fixed ones are always seen.
  constructor(index, { tools, fixed, slide }) {
    this.element = document.createElement("div");
    this.element.className = "etw-pane";
    this.element.dataset.pane = index;
    const make = ([name, label, run]) => labeled(name, label, () => { this.open(false); run(index); });
    this.fixed = fixed.map(make);
    this.tools = document.createElement("div");
    this.tools.className = "etw-tools";
    this.tools.append(...tools.map(make));
    this.count = tools.length + fixed.length;
    this.menu = labeled("menu", "Tools", () => this.open(!this.element.classList.contains("etw-open")));
    this.bar = document.createElement("div");
    this.bar.className = "etw-bar";
    this.bar.append(this.tools, this.menu, ...this.fixed);
    this.slider = new PaneSlider((value, number) => slide(index, value, number));
    this.element.append(this.bar, this.slider.element);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.element.classList.contains("etw-open")) {
        this.open(false); this.menu.focus(); event.stopPropagation();
      }
    });
    this.open(false);
  }

  open(whether) {
    this.element.classList.toggle("etw-open", whether);
    this.menu.setAttribute("aria-expanded", String(whether));
  }

  // How much of the title the buttons take.
  static room(width) { return width < NARROW ? BUTTON : width < WIDE ? 3 * BUTTON : null; }

  place(area, pane, known, alone) {
    this.element.hidden = !area || !pane;
    if (this.element.hidden) return 0;
    const { style, classList } = this.element;
    for (const side of ["left", "top", "width", "height"]) {
      if (style[side] !== `${area[side]}px`) style[side] = `${area[side]}px`;
    }
    const narrow = area.width < NARROW;
    classList.toggle("etw-wide", area.width >= WIDE);
    if (classList.contains("etw-narrow") !== narrow) {
      classList.toggle("etw-narrow", narrow);
      (narrow ? this.tools : this.bar).append(...this.fixed);
    }
    if (this.alone !== alone) this.showAlone(alone);
    this.slider.element.style.height = `${SLIDER}px`;
    this.slider.show(pane.slider, known);
    return PaneLayer.room(area.width) ?? this.count * BUTTON;
  }

  showAlone(alone) {
    this.alone = alone;
    const button = this.fixed.at(-1), label = alone ? "Show all (m)" : "Maximize (m)";
    button.title = button.lastChild.textContent = label;
    button.setAttribute("aria-label", label.replace(/ \(.*/, ""));
    button.setAttribute("aria-pressed", String(alone));
    button.firstChild.replaceWith(icon(alone ? "restore" : "maximize"));
  }
}
