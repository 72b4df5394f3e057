"""What a message says on the page: no words of the programming interface, and the button that mends it.

Errors and warnings speak to whoever writes a script. Every message to the page goes through :func:`for_page`,
so that the library need not know that there is a page.

A table of phrases, not fields of the errors: some 150 places raise or warn, in layers that must not know the
page, and most of them need none of this. A test puts the messages of all these places through the table and
refuses words of the programming interface, so that it cannot fall behind.
"""

from __future__ import annotations

import re

from etwidgets import engine
from etwidgets.align import AXIS_METHODS, METHODS
from etwidgets.session.model import Cure

GIVE_TILTS = Cure("Give tilts", panel="data")
TO_SPECTRAL = Cure("Go to Spectral", panel="spectral")
SUBTRACT = Cure("Subtract background", "subtract_background")
TO_RECONSTRUCT = Cure("Go to Reconstruct", panel="reconstruct")

_GIVE = ". Give them: the first tilt and the step, or a file that has them."

_PHRASES: tuple[tuple[str, str, Cure | None], ...] = (
    (
        r"load the folder, a pattern such as '.*?', or a list of files",
        "go into its folder and take all of them, or choose several in the list",
        Cure("Go to Data", panel="data"),
    ),
    (
        r"; give them with load\(.*?\) or a \.rawtlt file beside it, or set them with s\.set_tilts\(.*?\)",
        _GIVE,
        GIVE_TILTS,
    ),
    (r"; set them with s\.tilts = .*?, or load\(\.\.\., tilts=\.\.\.\)", _GIVE, GIVE_TILTS),
    (r"; set them in the Data tab, or by session\.apply\(.*?\)", _GIVE, GIVE_TILTS),
    (
        r"; load them with spectral\.load\(.*?\) \(degrees\)",
        "; give the first tilt and the step",
        TO_SPECTRAL,
    ),
    (
        r"open it as spectra, with etwidgets\.spectral\.load or in the Spectral tab",
        "open it in the Spectral tab",
        TO_SPECTRAL,
    ),
    (r"; omit tilts=", "; leave “tilts from” empty", None),
    (r"; use lazy=True if this is what you expect", "; crop or bin it in another program first", None),
    (r" or pass overwrite=True", "", None),
    (r"; average them first: s\.mean\('Frames'\)", "; average the frames first, in a script", None),
    (r"; or use backend='cpu', which needs nothing", "; or choose the processor under “run on”", None),
    (r"; omit cuda=True, or use backend='auto'", "; choose another under “run on”", None),
    (r"\. One of your own is given to the session: Session\(operations=\[\.\.\.\]\)", "", None),
    (r" \(for an array: array\.tolist\(\)\)", "", None),
    (r"; omit cuda=True", "", None),
    (r"; omit axis_deg", "", None),
    (r"; give tilts_deg=", _GIVE, GIVE_TILTS),
    (r"give cuda=\S+ or backend=\S+, not both", "choose one of the two under “run on”", None),
    (r"recon_error cannot", "The convergence cannot", None),
    (r"(?<![\w./'-])(limit|p)=", r"\1 ", None),
    (r"; choose_weights finds one", "", None),
    (r"; compare its result by forward_project", "", None),
    (
        r"use scale=\[1, 2, 2\], or s\.inav\[::2\] to keep every second projection",
        "bin the images only",
        None,
    ),
    (
        r"need windows=.*? over each edge and background_windows=.*? before it",
        "need windows over each edge and before it, which only scripts can give; decompose the spectra",
        None,
    ),
    (r"; use etwidgets\.load\(.*\)", "; open the file", None),
    (r"; CoM leaves metadata\.Tomography\.axis_estimate", "", None),
    (r"; make one of an array first: TomoStack\(array, tilts\)", "", None),
    (r"; fill them: data\.filled\(value\)", "", None),
    (r", np\.stack\(\[.*?\]\)", "", None),
    (r"; give them with s\.tilts = \[\.\.\.\]", _GIVE, GIVE_TILTS),
    (r"set the tilts first \(s\.tilts = \[\.\.\.\]\)", "set the tilts first", GIVE_TILTS),
    (r": s\.change_data_type\('float32'\)", "", None),
    (r"reconstruct the series first", r"\g<0>", TO_RECONSTRUCT),
    (r"series has a dark level; subtract the background first", r"\g<0>", SUBTRACT),
)
"""Pattern, what is said instead, and what mends it."""

_NAMES = {
    "tv_weights": "TV weights",
    "haadf_weight": "HAADF weight",
    "smallest_voxels": "“smallest”",
    "smooth_px": "“smooth”",
    "split_px": "“split touching objects”",
    "shift_type": "kind of shifting",
    "tilt_range": "range of tilts",
    "num_points": "number of points",
    "background_windows": "windows of the background",
    "swap_axes": "swapping axes",
    "quarter_turns": "quarter turns",
    "frames_per_second": "frames per second",
    "color_map": "colors",
    "interp_order": "order",
    "plot_results": "showing results",
    "edge_px": "edge",
    "first_row": "first row",
    "axis_deg": "direction of the tilt axis",
    "tilt_axis_angle_deg": "direction of the tilt axis",
    "x_start": "x from", "x_stop": "x to", "y_start": "y from", "y_stop": "y to",
}  # fmt: skip
"""Names of parameters as the page has them; options of methods have their labels in their records."""


def _names() -> dict[str, str]:
    options = list(engine.all_options().values())
    for methods in (METHODS, AXIS_METHODS):
        options += [option for method in methods.values() for option in method.options]
    return {each.user_keyword: each.label for each in options if "_" in each.user_keyword} | _NAMES


def for_page(text: str) -> tuple[str, Cure | None]:
    """A message as the page says it, and the button that mends what it is about; None where there is none."""
    cure = None
    for pattern, words, mends in _PHRASES:
        text, count = re.subn(pattern, words, text)
        if count and cure is None:
            cure = mends
    names = _names()
    pattern = rf"(?<![\w./'-])({'|'.join(names)})(?!\w|[./'-]\w)=?"
    return re.sub(
        pattern, lambda found: names[found[1]] + (" " if found[0].endswith("=") else ""), text
    ), cure
