// The volume on the graphics card, and the programs that draw it.
import { fragment, VERTEX } from "./ray_shader.js";

const BLOCK = 8, STEEP = 24;   // voxels along a block; difference of bytes between neighbors at which there is full light

export class RayProgram {
  constructor(gl) {
    this.gl = gl; this.made = {};
    this.textures = [0, 1, 2].map(() => gl.createTexture());
    this.vertices = gl.createVertexArray();
  }

  variant(look) {
    const { gl } = this, wanted = { channels: this.channels, mode: look.mode, lit: look.lit, planes: look.planes }, key = JSON.stringify(wanted);
    if (this.made[key]) return this.made[key];
    const program = gl.createProgram(), where = {};
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment(wanted)]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text); gl.compileShader(shader); gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) || "the program for WebGL 2 cannot be linked");
    for (let i = 0; i < gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS); i++) {
      const { name } = gl.getActiveUniform(program, i);
      where[name] = gl.getUniformLocation(program, name);
    }
    return (this.made[key] = { program, where });
  }

  // `data`: bytes, x fastest, then y, then z; `lanes` of them per voxel.
  setVolume({ sizes, lengths, lanes, channels }, data) {
    const { gl } = this, longest = Math.max(...lengths);
    this.sizes = sizes; this.channels = channels;
    this.half = lengths.map((length) => length / longest / 2);
    const put = (unit, [w, h, d], values, count, filter) => {
      const [inside, format] = { 1: [gl.R8, gl.RED], 2: [gl.RG8, gl.RG], 4: [gl.RGBA8, gl.RGBA] }[count];
      gl.activeTexture(gl.TEXTURE0 + unit); gl.bindTexture(gl.TEXTURE_3D, this.textures[unit]);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      gl.texImage3D(gl.TEXTURE_3D, 0, inside, w, h, d, 0, format, gl.UNSIGNED_BYTE, values);
      for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_3D, which, filter);
      for (const which of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) gl.texParameteri(gl.TEXTURE_3D, which, gl.CLAMP_TO_EDGE);
    };
    if (channels === 1) put(0, sizes, withSlope(sizes, data), 4, gl.LINEAR);
    else put(0, sizes, data, lanes, gl.LINEAR);
    const counts = sizes.map((size) => Math.ceil(size / BLOCK));
    put(1, counts, largestOfBlocks(sizes, lanes, data, counts), lanes, gl.NEAREST);
    this.cells = sizes.map((size) => size / BLOCK);   // the last block may reach beyond the volume
  }

  // A row of 256 colors with opacity per channel; and for 256 directions whether a face is marked.
  setTransfer(rows, unseen) {
    const { gl } = this, table = new Uint8Array(9 * 256 * 4);
    this.marks = unseen.some(Boolean);
    unseen.forEach((each, i) => { table[8 * 1024 + 4 * i + 3] = each ? 255 : 0; });
    rows.forEach((row, c) => {
      table.set(row, c * 1024);
      let most = 0;
      for (let v = 0; v < 256; v++) { most = Math.max(most, row[4 * v + 3]); table[(c + 4) * 1024 + 4 * v + 3] = most; }
    });
    gl.activeTexture(gl.TEXTURE2); gl.bindTexture(gl.TEXTURE_2D, this.textures[2]);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 9, 0, gl.RGBA, gl.UNSIGNED_BYTE, table);
    for (const which of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, which, gl.NEAREST);
  }

  // Draw rows `first` to `last` of an image of `width` x `height`, into what is bound.
  draw(camera, look, { width, height, first = 0, last = height, eye }) {
    const { gl } = this, { program, where } = this.variant(look), voxel = 2 * Math.min(...this.half.map((half, i) => half / this.sizes[i]));
    const stride = voxel * look.stride, inBox = (part, i) => (2 * part - 1) * this.half[i];
    gl.useProgram(program); gl.bindVertexArray(this.vertices);
    [["volume", gl.TEXTURE_3D], ["blocks", gl.TEXTURE_3D], ["transfer", gl.TEXTURE_2D]].forEach(([name, kind], unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit); gl.bindTexture(kind, this.textures[unit]); gl.uniform1i(where[name], unit);
    });
    gl.uniform4fv(where.levels, [...look.levels, 1, 1, 1, 1].slice(0, 4));
    gl.uniform1i(where.marks, this.marks); gl.uniform1f(where.stride, stride); gl.uniform1i(where.steps, Math.min(4096, Math.ceil(1.8 / stride) + 64));
    gl.uniformMatrix3fv(where.back, false, camera.rotation.flat());   // rows of the rotation as columns: its inverse
    gl.uniform3fv(where.center, camera.center); gl.uniform2fv(where.pan, camera.pan);
    gl.uniform1f(where.scale, camera.scale); gl.uniform1f(where.eye, eye);
    gl.uniform3fv(where.halfSize, this.half); gl.uniform3fv(where.voxels, this.sizes); gl.uniform3fv(where.cells, this.cells);
    gl.uniform3fv(where.low, look.clip.map(([low], i) => inBox(low, i)));
    gl.uniform3fv(where.high, look.clip.map(([, high], i) => inBox(high, i)));
    gl.uniform3fv(where.place, look.place.map((part, i) => inBox(part, i) * 0.9999 + 1e-5));
    gl.uniform4fv(where.cut, look.cut.length ? [...look.cut, 1] : [0, 0, 0, 0]);
    gl.uniform2f(where.size, width, height);
    gl.viewport(0, 0, width, height); gl.enable(gl.SCISSOR_TEST); gl.scissor(0, first, width, last - first);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.SCISSOR_TEST);
  }
}

// Each value with the direction in which the values around it rise; short where they hardly do.
function withSlope([nx, ny, nz], data) {
  const found = new Uint8Array(4 * data.length).fill(128), dy = nx, dz = nx * ny;
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) {
    const row = (z * ny + y) * nx, up = y ? dy : 0, down = y < ny - 1 ? dy : 0, near = z ? dz : 0, far = z < nz - 1 ? dz : 0;
    for (let x = 0; x < nx; x++) {
      const i = row + x, gx = data[x < nx - 1 ? i + 1 : i] - data[x ? i - 1 : i], gy = data[i + down] - data[i - up], gz = data[i + far] - data[i - near];
      found[4 * i] = data[i];
      if (!gx && !gy && !gz) continue;
      const scale = 127 / Math.max(STEEP, Math.sqrt(gx * gx + gy * gy + gz * gz));
      found[4 * i + 1] = 128 + gx * scale; found[4 * i + 2] = 128 + gy * scale; found[4 * i + 3] = 128 + gz * scale;
    }
  }
  return found;
}

function largestOfBlocks([nx, ny, nz], lanes, data, [bx, by, bz]) {
  const found = new Uint8Array(bx * by * bz * lanes);
  const around = (index, most) => [...new Set([-1, 0, 1].map((d) => Math.min(most - 1, Math.max(0, (index + d) >> 3))))];
  for (let z = 0; z < nz; z++) for (let y = 0; y < ny; y++) {
    // interpolation reaches into the next voxel: a voxel counts in the blocks of its neighbors, too
    const ys = around(y, by), zs = around(z, bz);
    for (let x = 0; x < nx; x++) for (let c = 0; c < lanes; c++) {
      const value = data[((z * ny + y) * nx + x) * lanes + c];
      if (!value) continue;
      const x0 = Math.max(0, (x - 1) >> 3), x1 = Math.min(bx - 1, (x + 1) >> 3);
      for (const k of zs) for (const j of ys) for (let h = x0; h <= x1; h++) {
        const i = ((k * by + j) * bx + h) * lanes + c;
        if (found[i] < value) found[i] = value;
      }
    }
  }
  return found;
}
