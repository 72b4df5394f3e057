// The slider under an image. It moves at once, sends its newest place alone, and older pictures do not pull it back.

const GIVE_UP_MS = 400;        // a place that changes nothing has no picture to follow
const NOTCH = 60, STEP = 40;   // of a wheel; pixels that a touch pad moves for one place

let slid = 0;   // number of the last place that was sent by this page

export class PaneSlider {
  constructor(send) {
    this.send = send;
    this.element = document.createElement("label");
    this.element.className = "etw-slice";
    this.name = document.createElement("span");
    this.range = document.createElement("input");
    this.range.type = "range"; this.range.min = 0;
    this.number = document.createElement("output");
    this.element.append(this.name, this.range, this.number);
    this.held = this.waiting = false;
    this.sent = this.rest = this.count = 0;
    this.range.addEventListener("input", () => this.moved());
    this.range.addEventListener("pointerdown", () => { this.held = true; });
    for (const end of ["pointerup", "pointercancel", "change"]) this.range.addEventListener(end, () => { this.held = false; });
  }

  get value() { return Number(this.range.value); }

  // As a frame has it, which knows of all places up to this number.
  show(slider, known) {
    this.element.hidden = !slider;
    if (!slider) return;
    const [value, count, name] = slider, late = known < this.sent;
    this.count = count;
    this.range.max = count - 1;
    this.name.textContent = name;
    this.range.setAttribute("aria-label", `slice along ${name}`);
    if (!late) this.free();
    if (!late && !this.held && !this.waiting && this.value !== value) this.range.value = value;
    this.write();
  }

  write() { this.number.textContent = `${this.value} / ${this.count - 1}`; }

  moved() {
    this.write();
    this.waiting = true;
    if (!this.timer) this.tell();
  }

  tell() {
    this.waiting = false;
    this.sent = slid = Math.max(slid + 1, Date.now());   // so that a page that was loaded again goes on
    this.send(this.value, this.sent);
    this.timer = setTimeout(() => this.free(), GIVE_UP_MS);
  }

  free() {   // the picture is there: the newest of the places that came meanwhile is next
    clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting) this.tell();
  }

  wheel(event) {
    const delta = event.deltaY * (event.deltaMode === 1 ? 33 : 1);
    this.rest = Math.abs(delta) >= NOTCH ? 0 : this.rest + delta;
    let by = Math.abs(delta) >= NOTCH ? Math.sign(delta) * Math.max(1, Math.round(Math.abs(delta) / 120)) : 0;
    if (Math.abs(this.rest) >= STEP) { by = Math.sign(this.rest); this.rest = 0; }
    const before = this.value;
    this.range.value = before + by;
    if (this.value !== before) this.moved();
  }
}
