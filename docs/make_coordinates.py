"""Draws docs/images/coordinates.svg: the axes of projections, sinograms and volumes, and the signs."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "etwidgets"
ACCENT, QUIET = "#c65d00", "#555555"


def frame(axis, title, right, down):
    axis.set(xlim=(-0.35, 1.15), ylim=(1.2, -0.3), title=title)
    axis.set_aspect("equal")
    axis.axis("off")
    axis.add_patch(plt.Rectangle((0, 0), 1, 1, fill=False, linewidth=1.2))
    arrow = {"arrowstyle": "->", "color": QUIET, "linewidth": 1.4}
    axis.annotate("", (0.45, -0.1), (0, -0.1), arrowprops=arrow)
    axis.text(0.48, -0.1, right, va="center", color=QUIET)
    axis.annotate("", (-0.1, 0.45), (-0.1, 0), arrowprops=arrow)
    axis.text(-0.1, 0.5, down, ha="center", va="top", color=QUIET)


def main():
    figure, axes = plt.subplots(1, 4, figsize=(15, 4.2), layout="constrained")
    arrow = {"arrowstyle": "->", "color": ACCENT, "linewidth": 1.6}

    frame(axes[0], "projection  data[t]  (Y, X)", "x", "y")
    axes[0].plot([0, 1], [0.5, 0.5], "--", color=ACCENT)
    axes[0].text(0.5, 0.46, "tilt axis, parallel to x", ha="center", color=ACCENT)
    axes[0].annotate("", (0.8, 0.85), (0.8, 0.6), arrowprops=arrow)
    axes[0].text(0.77, 0.75, "shift y > 0", ha="right", color=ACCENT)

    frame(axes[1], "rotation > 0: clockwise", "x", "y")
    x = np.array([0.05, 0.95])
    axes[1].plot(x, [0.5, 0.5], ":", color=QUIET)
    axes[1].plot(x, 0.5 + np.tan(np.deg2rad(12)) * (x - 0.5), color=ACCENT)
    angle = np.deg2rad(np.linspace(0, 12, 20))
    axes[1].plot(0.5 + 0.38 * np.cos(angle), 0.5 + 0.38 * np.sin(angle), color=ACCENT)
    axes[1].text(0.5, 0.7, "slope dy/dx = +tan(angle)\nabout ((Y-1)/2, (X-1)/2)", ha="center", color=ACCENT)

    frame(axes[2], "sinogram  data[:, :, x]  (T, Y)", "y", "t")
    t = np.linspace(0, 1, 60)
    tilt = np.deg2rad(-70 + 140 * t)
    axes[2].plot(0.5 + 0.25 * np.cos(tilt) - 0.15 * np.sin(tilt), t, color=ACCENT)
    axes[2].text(0.5, 1.12, "$t = y\\,\\cos\\theta - r\\,\\sin\\theta$", ha="center", color=ACCENT)

    frame(axes[3], "slice  volume[x]  (Z, Y)", "y", "z")
    axes[3].plot(0.7, 0.62, "o", color=ACCENT)
    axes[3].text(0.7, 0.72, "(y, r) from the center", ha="center", color=ACCENT)
    axes[3].plot(0.5, 0.5, "+", color=QUIET, markersize=12)
    axes[3].annotate("", (0.3, 0.3), (0.3, 0.02), arrowprops={**arrow, "color": QUIET})
    axes[3].text(0.33, 0.1, "beam at 0°", color=QUIET)
    figure.savefig(Path(__file__).parent / "images" / "coordinates.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
