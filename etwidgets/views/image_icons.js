// Icons of the buttons over an image, drawn with a line on 16 x 16 units.

const LINES = {
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4M5.5 5.5h5v5h-5z",
  "zoom-in": "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3L14 14M5 7h4M7 5v4",
  "zoom-out": "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3L14 14M5 7h4",
  maximize: "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9",
  restore: "M13.5 2.5L9 7M9 3v4h4M2.5 13.5L7 9M7 13V9H3",
  menu: "M3 4h10M3 8h10M3 12h10",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", LINES[name]);
  svg.appendChild(path);
  return svg;
}
