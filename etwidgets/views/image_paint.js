// From bytes to a picture that the browser can draw at any size; it is made again only where something changed.

const MOST = 255;   // of a byte

// The colors of a table after the brightness was bent: by its logarithm, then by gamma.
export function bent(table, gamma, log) {
  if (gamma === 1 && !log) return table;
  const made = new Uint8Array(table.length);
  for (let i = 0; i <= MOST; i++) {
    const part = log ? Math.log1p(i) / Math.log1p(MOST) : i / MOST, c = 3 * Math.round(MOST * part ** gamma);
    made.set(table.subarray(c, c + 3), 3 * i);
  }
  return made;
}

// Pixels as the canvas stores them, in the order of bytes that this machine has.
const inOrder = (bytes) => new Uint32Array(Uint8Array.from(bytes).buffer)[0];

export function paint(pane, table) {
  const picture = new OffscreenCanvas(pane.width, pane.height), { plane } = pane;
  if (!table) return picture;
  const image = new ImageData(pane.width, pane.height), pixels = new Uint32Array(image.data.buffer);
  if (pane.rgb) {
    const { data } = image;
    for (let i = 0, k = 0; i < data.length; i += 4, k += 3) {
      data[i] = plane[k]; data[i + 1] = plane[k + 1]; data[i + 2] = plane[k + 2]; data[i + 3] = MOST;
    }
  } else {
    const colors = Uint32Array.from({ length: MOST + 1 }, (_, i) => inOrder([...table.subarray(3 * i, 3 * i + 3), MOST]));
    for (let i = 0; i < pixels.length; i++) pixels[i] = colors[plane[i]];
  }
  picture.getContext("2d").putImageData(image, 0, 0);
  return picture;
}
