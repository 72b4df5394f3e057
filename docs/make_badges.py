"""Draws docs/images/badge-*.svg from pyproject.toml, so that they are true and need no other host."""

import tomllib
from pathlib import Path

HERE = Path(__file__).parent
LETTER, PAD = 6.6, 8
GRAY, BLUE = "#555555", "#2f6fde"


def badges() -> dict[str, tuple[str, str]]:
    """Name of the file: what it is about, and what it says."""
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [line.split(" :: ")[-1] for line in project["classifiers"] if "Python :: 3." in line]
    return {
        "badge-python": ("Python", " | ".join(versions)),
        "badge-license": ("license", project["license"]),
        "badge-hyperspy": ("HyperSpy", "extension"),
    }


def draw(about: str, says: str) -> str:
    """The badge as SVG."""
    left, right = (round(len(text) * LETTER + 2 * PAD) for text in (about, says))
    words = (
        f'<text x="{x}" y="14" text-anchor="middle">{text}</text>'
        for x, text in ((left / 2, about), (left + right / 2, says))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{about}: {says}"><title>{about}: {says}</title>'
        f'<rect width="{left}" height="20" fill="{GRAY}"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{BLUE}"/>'
        f'<g fill="#ffffff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="11">'
        f"{''.join(words)}</g>"
        "</svg>\n"
    )


if __name__ == "__main__":
    for name, words in badges().items():
        (HERE / "images" / f"{name}.svg").write_text(draw(*words), encoding="utf-8")
