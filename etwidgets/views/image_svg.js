// A drawing context that writes SVG: what the functions that draw on a canvas here need of one, and no more.

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[sign]));
const at = (value) => Number(value.toFixed(2));

export class SvgContext {
  constructor(width, height) {
    Object.assign(this, { width, height, parts: [], turned: "", saved: [], path: "", dash: "", clips: 0 });
    this.measure = document.createElement("canvas").getContext("2d");
    this.fillStyle = this.strokeStyle = "#000";
    this.lineWidth = 1;
    this.imageSmoothingEnabled = true;
  }

  set font(font) { this.measure.font = font; }
  get font() { return this.measure.font; }

  measureText(text) { return this.measure.measureText(text); }

  save() { this.saved.push(this.turned); }
  restore() { this.turned = this.saved.pop(); }
  translate(x, y) { this.turned += `translate(${at(x)} ${at(y)}) `; }
  rotate(angle) { this.turned += `rotate(${at(angle * 180 / Math.PI)}) `; }
  clip() {}   // the file ends where the image ends
  setLineDash(dash) { this.dash = dash.join(" "); }

  beginPath() { this.path = ""; }
  moveTo(x, y) { this.path += `M${at(x)} ${at(y)}`; }
  lineTo(x, y) { this.path += `L${at(x)} ${at(y)}`; }
  rect(x, y, w, h) { this.path += `M${at(x)} ${at(y)}h${at(w)}v${at(h)}h${at(-w)}z`; }
  ellipse(x, y, rx, ry) { this.path += `M${at(x - rx)} ${at(y)}a${at(rx)} ${at(ry)} 0 1 0 ${at(2 * rx)} 0a${at(rx)} ${at(ry)} 0 1 0 ${at(-2 * rx)} 0z`; }

  stroke() { this.add(`<path d="${this.path}" fill="none" ${this.line()}`); }
  fill(rule = "nonzero") { this.add(`<path d="${this.path}" fill="${this.fillStyle}" fill-rule="${rule}"`); }
  strokeRect(x, y, w, h) { this.add(`<rect ${box(x, y, w, h)} fill="none" ${this.line()}`); }
  fillRect(x, y, w, h) { this.add(`<rect ${box(x, y, w, h)} fill="${this.fillStyle}"`); }

  fillText(text, x, y) {
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign ?? "left"];
    const base = { top: "hanging", middle: "central", bottom: "text-after-edge" }[this.textBaseline] ?? "auto";
    const font = `style="font:${escaped(this.font)}"`;
    this.add(`<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" dominant-baseline="${base}" fill="${this.fillStyle}" ${font}`, escaped(text));
  }

  drawImage(picture, x, y, w, h) {
    const drawn = document.createElement("canvas"), look = this.imageSmoothingEnabled ? "auto" : "pixelated";
    drawn.width = picture.width; drawn.height = picture.height;
    drawn.getContext("2d").drawImage(picture, 0, 0);
    this.add(`<image ${box(x, y, w, h)} preserveAspectRatio="none" style="image-rendering:${look}" href="${drawn.toDataURL("image/png")}"`);
  }

  line() { return `stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}"${this.dash ? ` stroke-dasharray="${this.dash}"` : ""}`; }

  add(begun, inside = "") {
    const name = begun.slice(1, begun.indexOf(" ")), turned = this.turned ? ` transform="${this.turned.trim()}"` : "";
    this.parts.push(`${begun}${turned}>${inside}</${name}>`);
  }

  text() {
    const size = `width="${at(this.width)}" height="${at(this.height)}" viewBox="0 0 ${at(this.width)} ${at(this.height)}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} overflow="hidden">\n${this.parts.join("\n")}\n</svg>\n`;
  }
}

function box(x, y, w, h) { return `x="${at(x)}" y="${at(y)}" width="${at(w)}" height="${at(h)}"`; }
