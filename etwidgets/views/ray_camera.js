// The camera of the rendering: turned around the middle of what is looked at; pure.
// The box of the volume has x to the right, y downwards and z away from the viewer, as the slice across z is shown.

export const EYE = 3.2;   // distance of the eye from the middle, in half heights of the unzoomed view

const multiply = (a, b) => [0, 1, 2].map((i) => [0, 1, 2].map((j) => a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j]));
const apply = (m, [x, y, z]) => m.map(([a, b, c]) => a * x + b * y + c * z);
const transposed = (m) => [0, 1, 2].map((i) => m.map((line) => line[i]));

const about = {
  x: (angle) => [[1, 0, 0], [0, Math.cos(angle), -Math.sin(angle)], [0, Math.sin(angle), Math.cos(angle)]],
  y: (angle) => [[Math.cos(angle), 0, Math.sin(angle)], [0, 1, 0], [-Math.sin(angle), 0, Math.cos(angle)]],
  z: (angle) => [[Math.cos(angle), -Math.sin(angle), 0], [Math.sin(angle), Math.cos(angle), 0], [0, 0, 1]],
};

const FRONT = [[1, 0, 0], [0, -1, 0], [0, 0, -1]];   // from the box to the screen: x right, y up, z to the viewer

export const LOOKS = {
  z: FRONT,                                          // as the slice across z: x right, y down
  y: [[1, 0, 0], [0, 0, -1], [0, 1, 0]],             // as the slice across y: x right, z down
  x: [[0, 1, 0], [0, 0, -1], [-1, 0, 0]],            // as the slice across x: y right, z down
};

// A direction of the screen, turned as the volume is turned by the hand.
export const turned = (direction, dx, dy) => apply(multiply(about.x(dy), about.y(dx)), direction);

export class Camera {
  constructor() {
    this.rotation = multiply(about.x(0.5), multiply(about.y(-0.6), FRONT));
    this.center = [0, 0, 0]; this.scale = 1; this.pan = [0, 0];
  }

  turn(dx, dy) { this.rotation = multiply(multiply(about.x(dy), about.y(dx)), this.rotation); }

  // A direction of the screen (right, up, towards the viewer) in the box, and back.
  toBox(direction) { return apply(transposed(this.rotation), direction); }

  toView(direction) { return apply(this.rotation, direction); }

  look(axis) { this.rotation = LOOKS[axis]; }

  zoom(factor) { this.fitted = false; this.scale = Math.min(60, Math.max(0.2, this.scale * factor)); }

  // Parts of the half height of the view, to the right and upwards.
  move(dx, dy) { this.fitted = false; this.pan = [this.pan[0] - dx / this.scale, this.pan[1] - dy / this.scale]; }

  // So that a box, from `low` to `high` in the box of the volume, fills the view.
  fit(low, high, aspect) {
    this.center = low.map((value, i) => (value + high[i]) / 2);
    this.pan = [0, 0]; this.scale = 1;
    let most = 1e-6;
    for (let corner = 0; corner < 8; corner++) {
      const point = low.map((value, i) => ((corner >> i) & 1 ? high[i] : value));
      const [x, y] = this.toScreen(point);
      most = Math.max(most, Math.abs(x) / aspect, Math.abs(y));
    }
    this.scale = 0.86 / most;
    this.fitted = true;   // until it is zoomed or moved by hand
  }

  // To the right and upwards, in half heights of the view.
  toScreen(point) {
    const [x, y, z] = apply(this.rotation, point.map((value, i) => value - this.center[i]));
    const nearer = EYE / Math.max(0.05, EYE - z);
    return [(x - this.pan[0]) * nearer * this.scale, (y - this.pan[1]) * nearer * this.scale, z];
  }

  // The ray through a place of the screen: from where, and in which direction, in the box of the volume.
  ray(u, v) {
    const back = transposed(this.rotation), eye = [...this.pan, EYE];
    const to = [u / this.scale, v / this.scale, -EYE], length = Math.hypot(...to);
    const from = apply(back, eye).map((value, i) => value + this.center[i]);
    return [from, apply(back, to.map((value) => value / length))];
  }

  state() { return { rotation: this.rotation, center: this.center, scale: this.scale, pan: this.pan }; }

  set(state) { this.fitted = false; Object.assign(this, structuredClone(state)); }
}
