// The table of keys over the images.

export class KeyTable {
  constructor() {
    this.element = document.createElement("div");
    this.element.className = "etw-keys";
    this.element.hidden = true;
    this.element.onclick = () => { this.element.hidden = true; };
  }

  fill(rows) {
    this.element.replaceChildren(...rows.map(([key, what]) => {
      const line = document.createElement("div"), name = document.createElement("kbd");
      name.textContent = key;
      line.append(name, ` ${what}`);
      return line;
    }));
  }

  toggle(whether = this.element.hidden) { this.element.hidden = !whether; }
}
