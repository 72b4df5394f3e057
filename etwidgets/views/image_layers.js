// Over each image a layer of the page: its buttons at the right end of the title, its slider under the image.
import { icon } from "./image_icons.js";
import { PaneSlider } from "./image_slider.js";
import { SLIDER } from "./image_layout.js";

const WIDE = 560, NARROW = 260;   // CSS pixels of an area: all buttons beside each other; all in one menu
const BUTTON = 24, NOTE_MS = 5000;

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
  // `tools` and `fixed`: [name, label, what to do with the pane's number, or a list of such]; the fixed ones are
  // always seen. A tool whose fourth is true can be in use.
  constructor(index, { tools, fixed, slide }) {
    this.element = document.createElement("div");
    this.element.className = "etw-pane";
    this.element.dataset.pane = index;
    const make = ([name, label, act, used = false]) => {
      if (Array.isArray(act)) return this.choice(name, label, act.map(make));
      const button = labeled(name, label, () => { this.open(false); act(index); });
      if (used) button.setAttribute("aria-pressed", "false");
      return button;
    };
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
    this.note = document.createElement("div");
    this.note.className = "etw-note";
    this.note.setAttribute("role", "status");
    this.element.append(this.bar, this.slider.element, this.note);
    this.element.addEventListener("keydown", (event) => {
      const open = this.element.querySelector(".etw-list:not([hidden])")?.previousSibling ?? (this.element.classList.contains("etw-open") && this.menu);
      if (event.key === "Escape" && open) { this.open(false); open.focus(); event.stopPropagation(); }
    });
    this.open(false);
  }

  choice(name, label, buttons) {   // a button that shows others
    const whole = document.createElement("div"), list = document.createElement("div");
    whole.className = "etw-choice";
    list.className = "etw-list";
    list.hidden = true;
    list.append(...buttons);
    const button = labeled(name, label, () => { list.hidden = !list.hidden; });
    whole.append(button, list);
    return whole;
  }

  open(whether) {
    this.element.classList.toggle("etw-open", whether);
    this.menu.setAttribute("aria-expanded", String(whether));
    if (!whether) for (const list of this.tools.querySelectorAll(".etw-list")) list.hidden = true;
  }

  use(names) {   // show which of the tools are in use
    for (const button of this.tools.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(names.some((name) => button.classList.contains(`etw-tool-${name}`))));
    }
  }

  offer(names, whether) { for (const name of names) this.tools.querySelector(`.etw-tool-${name}`).hidden = !whether; }

  say(text) {   // for a moment
    this.note.textContent = text;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => { this.note.textContent = ""; }, NOTE_MS);
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
    this.tools.style.maxHeight = `${Math.max(area.height - BUTTON - 8, BUTTON)}px`;   // of the menu, which scrolls
    this.tools.style.maxWidth = `${area.width}px`;
    const narrow = area.width < NARROW;
    classList.toggle("etw-wide", area.width >= WIDE);
    if (classList.contains("etw-narrow") !== narrow) {
      classList.toggle("etw-narrow", narrow);
      (narrow ? this.tools : this.bar).append(...this.fixed);
    }
    if (this.alone !== alone) this.showAlone(alone);
    this.slider.element.style.height = `${SLIDER}px`;
    this.slider.show(pane.slider, known);
    return PaneLayer.room(area.width) ?? (this.count - this.tools.querySelectorAll(":scope > [hidden]").length) * BUTTON;
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
