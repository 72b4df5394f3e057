// From bytes and a table of colors to a picture that the browser can draw at any size.

export function paint(pane, table) {
  const picture = document.createElement("canvas");
  picture.width = pane.width; picture.height = pane.height;
  if (!table) return picture;
  const target = picture.getContext("2d"), image = target.createImageData(pane.width, pane.height);
  for (let i = 0, o = 0; pane.rgb && i < pane.plane.length; i += 3, o += 4) {
    image.data.set([pane.plane[i], pane.plane[i + 1], pane.plane[i + 2], 255], o);
  }
  for (let i = 0, o = 0; !pane.rgb && i < pane.plane.length; i++, o += 4) {
    const c = 3 * pane.plane[i];
    image.data[o] = table[c]; image.data[o + 1] = table[c + 1]; image.data[o + 2] = table[c + 2];
    image.data[o + 3] = 255;
  }
  target.putImageData(image, 0, 0);
  return picture;
}
