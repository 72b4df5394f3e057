"""Draws docs/images/imports.svg: which part of the package imports which, from the imports as they are."""

import tomllib
from collections import Counter
from pathlib import Path

import grimp
import matplotlib as mpl
import matplotlib.pyplot as plt

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "etwidgets"
ROOT = Path(__file__).parent.parent
# imported by nearly all: their arrows would hide the others
EVERYWHERE = ("progress", "atomic", "checks", "resources", "errors")
ACCENT, QUIET = "#2f6fde", "#555555"


def layers() -> list[list[str]]:
    """The layers of the import contract, the highest one first; private ones are left out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    lines = next(contract for contract in contracts if contract["type"] == "layers")["layers"]
    named = [[name.strip(" ()") for name in line.split("|")] for line in lines]
    return [kept for line in named if (kept := [name for name in line if not name.startswith("_")])]


def imports() -> Counter[tuple[str, str]]:
    """How many import lines lead from one part to another."""
    graph = grimp.build_graph("etwidgets", cache_dir=None)
    counted: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            parts = tuple(name.split(".")[1] for name in (module, other) if name.count("."))
            if len(parts) == 2 and parts[0] != parts[1]:
                counted[parts] += 1
    return counted


def main() -> None:
    """Draw it."""
    lines, counted = layers(), imports()
    places = {}
    for row, line in enumerate(lines):
        for column, name in enumerate(line):
            places[name] = (2.4 * (column - (len(line) - 1) / 2), -row)
    figure, ax = plt.subplots(figsize=(9, 9), layout="constrained")
    sides = [1, -1]
    for index, ((source, target), count) in enumerate(sorted(counted.items())):
        if source in places and target in places and target not in EVERYWHERE:
            (x0, y0), (x1, y1) = places[source], places[target]
            far = abs(y1 - y0)
            bend = 0 if far == 1 else sides[index % 2] * min(0.55, 0.16 * far**0.7)
            arrow = {
                "arrowstyle": "-|>",
                "color": ACCENT,
                "alpha": 0.45,
                "linewidth": 0.5 + 0.35 * count**0.5,
            }
            arrow |= {"connectionstyle": f"arc3,rad={bend}", "shrinkA": 14, "shrinkB": 14}
            ax.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": QUIET}
        ax.text(x, y, name, ha="center", va="center", bbox=box, fontsize=10)
    ax.text(
        -5.6,
        0.7,
        "Arrows: imports as they are, all downwards; thicker: more of them.\n"
        f"Without those of {', '.join(EVERYWHERE[:-1])} and {EVERYWHERE[-1]},\nwhich nearly all import.",
        color=QUIET,
    )
    ax.set(xlim=(-5.6, 5.6), ylim=(-len(lines) + 0.3, 1))
    ax.axis("off")
    figure.savefig(Path(__file__).parent / "images" / "imports.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
