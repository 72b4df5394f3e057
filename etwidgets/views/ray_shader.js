// The text of the program that casts the rays: one variant for each number of channels, each mode, with light and planes or not.

export const MODES = ["volume", "surface", "maximum"];

export const VERTEX = `#version 300 es
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }`;

// Lengths are parts of the longest side of the volume, from its middle. One channel has its slope in the same texture:
// value, and the direction in which it rises, as long as it is steep.
export const fragment = ({ channels, mode, lit, planes }) => `#version 300 es
precision highp float; precision highp sampler3D; precision highp int;
#define CHANNELS ${channels}
#define MODE ${MODES.indexOf(mode)}
#define LIT ${lit ? 1 : 0}
#define PLANES ${planes ? 1 : 0}
uniform sampler3D volume, blocks;
uniform sampler2D transfer;     // a row per channel: color and opacity; then a row per channel: largest opacity up to a value
uniform int steps;
uniform mat3 back;              // from the screen to the box
uniform vec3 center, halfSize, low, high, place, voxels, cells;
uniform vec2 pan, size;
uniform float scale, eye, stride;
uniform vec4 levels, cut;       // the side of a plane through the place that is not drawn; its last number: whether there is one
uniform bool marks;             // faces of directions with a mark in the last row of the table
out vec4 color;

vec4 at(vec3 p) { return textureLod(volume, p / halfSize * 0.5 + 0.5, 0.0); }
vec4 look(float v, int c) { return texelFetch(transfer, ivec2(int(v * 255.0 + 0.5), c), 0); }
float noise(vec2 p) { return fract(52.9829189 * fract(dot(p, vec2(0.06711056, 0.00583715)))); }

#if CHANNELS == 1
vec3 slope(vec3 p, vec4 v, int c) { return v.gba * 2.0 - 1.0; }
#else
vec3 slope(vec3 p, vec4 v, int c) {
  vec3 d = 2.0 * halfSize / voxels;
  vec3 g = vec3(at(p + vec3(d.x, 0, 0))[c], at(p + vec3(0, d.y, 0))[c], at(p + vec3(0, 0, d.z))[c]) - v[c];
  return g * min(8.0, 1.0 / max(length(g), 1e-4));
}
#endif
vec3 shade(vec3 tint, vec3 g, vec3 ray) {
#if LIT
  float l = length(g);
  if (l < 0.05) return tint;
  vec3 n = g / l; float front = abs(dot(n, ray)), above = 0.5 - 0.5 * dot(n, back * vec3(-0.398, 0.697, 0.597));
  return mix(tint, tint * (0.3 + 0.5 * front + 0.35 * above) + 0.22 * pow(front, 24.0), min(1.0, 1.5 * l));
#else
  return tint;
#endif
}
void put(inout vec4 sum, vec3 tint, float a) { sum += (1.0 - sum.a) * vec4(tint * a, a); }
void putPlane(inout vec4 sum, vec3 p) {
  vec4 v = at(p); vec3 tint = vec3(0.0); float a = 0.0;
  for (int c = 0; c < CHANNELS; c++) { tint += CHANNELS == 1 ? vec3(v[c]) : look(1.0, c).rgb * v[c]; a = max(a, v[c]); }
  put(sum, tint, 0.35 + 0.6 * a);
}

void main() {
  vec2 uv = (gl_FragCoord.xy * 2.0 - size) / size.y;
  vec3 from = back * vec3(pan, eye) + center, ray = normalize(back * vec3(uv / scale, -eye));
  vec3 ground = vec3(0.051, 0.051, 0.059);
  vec3 safe = mix(ray, vec3(1e-7), lessThan(abs(ray), vec3(1e-7)));
  vec3 t0 = (low - from) / safe, t1 = (high - from) / safe, first = min(t0, t1), last = max(t0, t1);
  float begin = max(max(first.x, first.y), max(first.z, 0.0)), end = min(last.x, min(last.y, last.z));
  float face = -1.0;              // where the ray enters through the cut
  if (cut.w > 0.5) {
    float rise = dot(ray, cut.xyz), meets = dot(place - from, cut.xyz) / (abs(rise) < 1e-6 ? 1e-6 : rise);
    if (rise > 0.0) end = min(end, meets);
    else if (meets > begin) { face = meets; begin = meets; }
  }
  float t = begin;
  if (t >= end) { color = vec4(ground, 1.0); return; }
  vec4 sum = vec4(0.0), best = vec4(0.0);
  vec3 tp = (place - from) / safe;
  float opaque = stride * 0.5 * voxels.x / halfSize.x;   // the opacity of a point is that of one voxel
  t += stride * noise(gl_FragCoord.xy);
  float before = t - stride;
#if MODE != 2
  if (face > 0.0) putPlane(sum, from + ray * face);
#endif
  for (int i = 0; i < steps; i++) {
    if (t > end || sum.a > 0.96) break;
    vec3 p = from + ray * t;
#if PLANES
    for (int k = 0; k < 3; k++) if (tp[k] > before && tp[k] <= t && tp[k] > begin) putPlane(sum, from + ray * tp[k]);
    before = t;
#endif
    vec3 unit = p / halfSize * 0.5 + 0.5;
    vec4 b = texelFetch(blocks, clamp(ivec3(unit * cells), ivec3(0), textureSize(blocks, 0) - 1), 0); bool empty = true;
    for (int c = 0; c < CHANNELS; c++) {
#if MODE == 0
      if (look(b[c], c + 4).a > 0.001) empty = false;
#elif MODE == 1
      if (b[c] >= levels[c]) empty = false;
#else
      if (b[c] > best[c]) empty = false;
#endif
    }
    if (empty) {   // on to the far side of this block
      vec3 far = ((floor(unit * cells) + step(0.0, safe)) / cells * 2.0 - 1.0) * halfSize, leave = (far - from) / safe;
      float jump = max(min(leave.x, min(leave.y, leave.z)) + 0.02 * stride, t + 0.25 * stride);
#if PLANES
      for (int k = 0; k < 3; k++) if (tp[k] > t && tp[k] < jump) jump = tp[k] + 1e-5;
#endif
      t = jump; continue;
    }
    vec4 v = at(p);
#if MODE == 2
    best = max(best, v);
#elif MODE == 1
    for (int c = 0; c < CHANNELS; c++) {
      if (sum.a > 0.5 || v[c] < levels[c]) continue;
      float a = t - stride, z = t;
      for (int k = 0; k < 5; k++) { float m = 0.5 * (a + z); if (at(from + ray * m)[c] >= levels[c]) z = m; else a = m; }
      p = from + ray * z; v = at(p);
      vec3 g = slope(p, v, c);
      bool cut = z <= begin + stride;   // a face that was cut shows what is inside
      float inside = cut ? v[c] : at(p + 2.0 * stride * g / max(length(g), 0.01))[c];
      vec3 tint = look(max(inside, levels[c]), c).rgb;
      if (marks && length(g) > 0.05 && texelFetch(transfer, ivec2(int(mod(atan(-g.z, g.y) / 3.14159265 + 1.0, 1.0) * 255.99), 8), 0).a > 0.5) tint = vec3(0.85, 0.11, 0.38);
      put(sum, cut ? tint : shade(tint, g, ray), 1.0);
    }
#else
    for (int c = 0; c < CHANNELS; c++) {
      vec4 s = look(v[c], c);
      if (s.a < 0.002) continue;
      put(sum, shade(s.rgb, slope(p, v, c), ray), 1.0 - pow(1.0 - min(s.a, 0.999), opaque));
    }
#endif
    t += stride;
  }
#if PLANES
  for (int k = 0; k < 3; k++) if (tp[k] > before && tp[k] <= end && tp[k] > begin) putPlane(sum, from + ray * tp[k]);
#endif
#if MODE == 2
  vec3 bright = vec3(0.0);
  for (int c = 0; c < CHANNELS; c++) bright += CHANNELS == 1 ? vec3(best[c]) : look(best[c], c).rgb * best[c];
  put(sum, bright, 1.0); sum = vec4(bright, 1.0);
#endif
  color = vec4(sum.rgb + (1.0 - sum.a) * ground, 1.0);
}`;
