// What a click in the rendering means: the first voxel along the ray that is opaque enough to be seen.

const SEEN = 0.25;   // opacity gathered along the ray

export class Picker {
  setVolume({ sizes, lengths, lanes, channels }, data) {
    const longest = Math.max(...lengths);
    Object.assign(this, { sizes, lanes, channels, data, half: lengths.map((length) => length / longest / 2) });
  }

  setTransfer(rows) { this.rows = rows; }

  // Parts of the sides x, y, z, 0 to 1; null where the ray meets nothing.
  hit(from, ray, { clip, mode, levels, place, cut }) {
    const { half, sizes, lanes, channels, data, rows } = this;
    const stride = Math.min(...half.map((h, i) => (2 * h) / sizes[i]));
    let [begin, end] = half.reduce(([a, b], h, i) => {
      const t = clip[i].map((part) => ((2 * part - 1) * h - from[i]) / (ray[i] || 1e-9));
      return [Math.max(a, Math.min(...t)), Math.min(b, Math.max(...t))];
    }, [0, Infinity]);
    if (cut.length) {
      const along = (vector) => vector.reduce((sum, value, i) => sum + value * cut[i], 0);
      const rise = along(ray) || 1e-9, meets = along(place.map((part, i) => (2 * part - 1) * half[i] - from[i])) / rise;
      if (rise > 0) end = Math.min(end, meets); else begin = Math.max(begin, meets);
    }
    let gathered = 0, best = [-1, null];
    for (let t = begin + stride / 2; t < end; t += stride) {
      const part = half.map((h, i) => (from[i] + ray[i] * t) / h / 2 + 0.5);
      const [x, y, z] = part.map((value, i) => Math.min(sizes[i] - 1, Math.max(0, Math.floor(value * sizes[i]))));
      for (let c = 0; c < channels; c++) {
        const value = data[((z * sizes[1] + y) * sizes[0] + x) * lanes + c];
        if (mode === "maximum") { if (value > best[0]) best = [value, part]; }
        else if (mode === "surface") { if (value / 255 >= levels[c]) return part; }
        else gathered += (1 - gathered) * (rows[c][4 * value + 3] / 255);
      }
      if (gathered > SEEN) return part;
    }
    return best[1];
  }
}
