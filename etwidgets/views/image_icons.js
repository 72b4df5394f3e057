// Icons of the buttons over an image, drawn with a line on 16 x 16 units.

const LINES = {
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4M5.5 5.5h5v5h-5z",
  "zoom-in": "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3L14 14M5 7h4M7 5v4",
  "zoom-out": "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3L14 14M5 7h4",
  distance: "M2 11L11 2l3 3l-9 9zM5 8l1.5 1.5M7 6l1 1M9 4l1.5 1.5",
  angle: "M13 3L3 13h11M8.5 13a5.5 5.5 0 0 0-1.7-3.9",
  profile: "M2 2v12h12M4 11l3-5l2.5 3L13 4",
  statistics: "M2.5 2.5h11v11h-11zM5.5 11V8.5M8 11V5M10.5 11V7",
  swipe: "M2.5 3.5h11v9h-11zM8 2v12M5.5 6.5L4 8l1.5 1.5M10.5 6.5L12 8l-1.5 1.5",
  difference: "M3 5.5h10M8 2v7M3 13h10",
  save: "M8 2v8M4.5 7L8 10.5L11.5 7M2.5 13.5h11",
  png: "M2.5 3.5h11v9h-11zM2.5 11l3-3l2.5 2.5l2-2l3.5 3",
  svg: "M3 12C5 3 11 13 13 4M3 12h.01M13 4h.01",
  tiff32: "M3 3h10v10H3zM3 8h10M8 3v10",
  tiff16: "M3 3h10v10H3zM3 8h10M8 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  maximize: "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9",
  restore: "M13.5 2.5L9 7M9 3v4h4M2.5 13.5L7 9M7 13V9H3",
  "look-x": "M4 4l8 8M12 4l-8 8",
  "look-y": "M4 4l4 4l4-4M8 8v5",
  "look-z": "M4 4h8l-8 8h8",
  planes: "M2.5 5.5l5-3v8l-5 3zM7.5 10.5l6 2M7.5 10.5l6-3",
  cut: "M2.5 12L13.5 4M4.5 3.5h5v3.2M4.5 3.5v5.2M13.5 8.5v4h-6",
  light: "M8 5.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.5 3.5l1.3 1.3M11.2 11.2l1.3 1.3M12.5 3.5l-1.3 1.3M4.8 11.2l-1.3 1.3",
  curve: "M2 13h12M2 13V3M3 12c4 0 4-8 10-8",
  save: "M8 2v8M5 7l3 3l3-3M2.5 13.5h11",
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
