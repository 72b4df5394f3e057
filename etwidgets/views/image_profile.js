// The plot of a line profile, over the lower left of its image: intensity over length.
import { rounded } from "./image_geometry.js";

const W = 280, H = 150, LEFT = 54, BOTTOM = 30, TOP = 8, RIGHT = 10;
const SVG = "http://www.w3.org/2000/svg";

function part(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

export class ProfilePlot {
  constructor(close, save) {
    this.element = document.createElement("div");
    this.element.className = "etw-profile";
    this.element.hidden = true;
    this.words = document.createElement("span");
    const button = (label, text, run) => {
      const made = document.createElement("button");
      made.type = "button"; made.textContent = text; made.title = label;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", run);
      return made;
    };
    const head = document.createElement("div");
    this.moved = [0, 0];   // CSS pixels from where it opens
    head.addEventListener("pointerdown", (event) => this.grab(head, event));
    head.append(this.words, button("Save the profile as CSV", "CSV", () => save(this.table())), button("Remove the profile", "×", close));
    this.svg = part("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img", "aria-label": "Line profile" });
    this.element.append(head, this.svg);
    this.svg.addEventListener("pointermove", (event) => this.read(event));
    this.svg.addEventListener("pointerleave", () => this.write());
  }

  grab(head, { target, clientX, clientY, pointerId }) {
    if (target.closest("button")) return;
    const [x, y] = this.moved;
    head.setPointerCapture(pointerId);
    head.onpointermove = (event) => {
      this.moved = [x + event.clientX - clientX, y + event.clientY - clientY];
      this.element.style.translate = this.moved.map((by) => `${by}px`).join(" ");
    };
    head.onpointerup = head.onpointercancel = () => { head.onpointermove = null; };
  }

  show(values, length, unit) {
    Object.assign(this, { values, length, unit });
    const [low, high] = [Math.min(...values), Math.max(...values)], span = high - low || 1;
    const x = (i) => LEFT + (W - LEFT - RIGHT) * i / (values.length - 1), y = (value) => TOP + (H - TOP - BOTTOM) * (1 - (value - low) / span);
    const line = Array.from(values, (value, i) => `${i ? "L" : "M"}${x(i).toFixed(2)} ${y(value).toFixed(2)}`).join("");
    const label = (text, at, anchor) => part("text", { x: at[0], y: at[1], "text-anchor": anchor }, text);
    this.svg.replaceChildren(
      part("path", { d: `M${LEFT} ${TOP}V${H - BOTTOM}H${W - RIGHT}`, class: "etw-axis" }),
      part("path", { d: line, class: "etw-line" }),
      label(rounded(high), [LEFT - 5, TOP + 8], "end"), label(rounded(low), [LEFT - 5, H - BOTTOM], "end"),
      label("0", [LEFT, H - BOTTOM + 13], "middle"), label(rounded(length), [W - RIGHT, H - BOTTOM + 13], "end"),
      label(`length (${unit})`, [(LEFT + W - RIGHT) / 2, H - 6], "middle"),
      part("text", { x: 10, y: (H - BOTTOM) / 2, "text-anchor": "middle", transform: `rotate(-90 10 ${(H - BOTTOM) / 2})` }, "intensity"),
    );
    this.write();
  }

  write(text = `${rounded(this.length)} ${this.unit}, ${this.values.length} values`) { this.words.textContent = text; }

  read(event) {
    const { left, width } = this.svg.getBoundingClientRect(), at = ((event.clientX - left) * W / width - LEFT) / (W - LEFT - RIGHT);
    const i = Math.round(Math.min(Math.max(at, 0), 1) * (this.values.length - 1));
    this.write(`${rounded(this.position(i))} ${this.unit}: ${rounded(this.values[i], 6)}`);
  }

  position(i) { return this.length * i / (this.values.length - 1); }

  table() {   // all digits
    const rows = Array.from(this.values, (value, i) => `${rounded(this.position(i), 9)},${value}`);
    return `length (${this.unit}),intensity\n${rows.join("\n")}\n`;
  }
}
