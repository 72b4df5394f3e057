"""X-ray lines and the windows around them; knows the tables of exspy, and counts only as a sum spectrum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage, signal

from etwidgets.checks import checked_reals
from etwidgets.errors import ParameterError
from etwidgets.spectral.spectra import energies_kev, exspy, sum_spectrum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LINE_WIDTH = 2.0  # widths at half height; holds 98 % of a line
_BACKGROUND_WIDTH = 1.0  # widths at half height, each of the two windows
_CLEAR_OF_LINES = 1.3  # widths at half height between a window and a line of the specimen
_SEARCH_KEV = 4.0
_SMALLEST_WEIGHT = 0.02  # of a line within its family; fainter ones do not move a window
_SEEN_WEIGHT = 0.4  # lines that must be seen where an element is
_LOWEST_KEV = 0.3
_MAIN = ("Ka", "La", "Ma")

Window = list[float]


def lines_of(spectra: Any, elements: Sequence[str] | None = None) -> list[str]:
    """The best line of each element for a map: the strongest isolated line above 1 keV.

    Parameters
    ----------
    spectra
        X-ray spectra.
    elements
        Symbols; default: those in the metadata, or those found in the sum spectrum.

    Raises
    ------
    ParameterError
        If an element has no line in the range of the spectra.
    """
    elements = _elements(spectra, elements)
    known = _lines_in_range(spectra, elements)
    chosen = []
    for element in elements:
        own = [(name, energy, weight) for name, energy, weight in known if name.split("_")[0] == element]
        main = [line for line in own if line[0].split("_")[1] in _MAIN]
        if not main:
            raise ParameterError(f"{element} has no line between the first and the last energy")
        others = [line for line in known if line[0].split("_")[0] != element]

        def merit(line: tuple[str, float, float], others: Any = others) -> tuple[bool, bool, float]:
            width = _width(spectra, line[0])
            alone = all(abs(line[1] - energy) > 1.5 * width for _, energy, _ in others)
            return alone, line[1] > 1, -line[1]

        chosen.append(max(main, key=merit)[0])
    return chosen


def line_windows(spectra: Any, lines: Sequence[str], width: float = _LINE_WIDTH) -> list[Window]:
    """Start and stop of each line, keV: ``width`` times its full width at half maximum."""
    windows = spectra.estimate_integration_windows(windows_width=width, xray_lines=list(lines))
    return [[float(start), float(stop)] for start, stop in windows]


def background_windows(
    spectra: Any, lines: Sequence[str], elements: Sequence[str] | None = None
) -> list[list[float]]:
    """Two windows next to each line that avoid all lines of the specimen.

    A background window on a neighboring line subtracts its counts; windows at a fixed distance can lose a
    quarter of the counts of an element.

    Parameters
    ----------
    spectra
        X-ray spectra.
    lines
        Such as ``"Ni_Ka"``.
    elements
        Symbols of all elements in the specimen; default: those in the metadata, or those found.

    Returns
    -------
    list
        For each line ``[left start, left stop, right start, right stop]``, keV.

    Raises
    ------
    ParameterError
        If there is no free range within 4 keV; give the windows, or decompose the spectra.
    """
    named = sorted({*_elements(spectra, elements), *(line.split("_")[0] for line in lines)})
    taken = [
        (energy, _CLEAR_OF_LINES * _width(spectra, name))
        for name, energy, _ in _lines_in_range(spectra, named)
    ]
    return [_beside(spectra, line, taken) for line in lines]


def check_windows(spectra: Any, lines: Sequence[str], windows: Sequence[Sequence[float]]) -> list[str]:
    """Reject invalid windows, and warn of windows on other lines.

    Parameters
    ----------
    spectra
        X-ray spectra.
    lines
        One per row of windows.
    windows
        Rows of ``[left start, left stop, right start, right stop]``, keV.

    Returns
    -------
    list
        Warnings: which window is on which line.

    Raises
    ------
    ParameterError, DataError
        If a line does not have one row of four ascending energies within the range, to its left and
        right.
    """
    rows = [checked_reals("background windows", row).ravel().tolist() for row in windows]
    if len(rows) != len(lines):
        raise ParameterError(
            f"{len(rows)} rows of background windows for {len(lines)} lines; give one for each"
        )
    energies = energies_kev(spectra)
    known = _lines_in_range(spectra, _elements(spectra, None, lines))
    said = []
    for line, row in zip(lines, rows, strict=True):
        if len(row) != 4:
            raise ParameterError(f"{line}: a row of background windows has 4 energies, not {len(row)}")
        if not row[0] < row[1] <= row[2] < row[3]:
            raise ParameterError(
                f"{line}: the energies of the background windows must ascend; they are {row}"
            )
        if row[0] < energies[0] or row[3] > energies[-1]:
            raise ParameterError(
                f"{line}: the background windows {row} lie outside of the spectra, which go from "
                f"{energies[0]:.2f} to {energies[-1]:.2f} keV"
            )
        energy = _energy(line)
        if not row[1] <= energy <= row[2]:
            raise ParameterError(f"{line} at {energy:.2f} keV is not between its background windows {row}")
        said += [
            f"{line}: the background window {start:.2f} to {stop:.2f} keV lies on {name} ({at:.2f} keV); its "
            "counts are subtracted as background"
            for start, stop in (row[:2], row[2:])
            for name, at, weight in known
            if start - _width(spectra, name) / 2 < at < stop + _width(spectra, name) / 2
            and weight > 5 * _SMALLEST_WEIGHT
        ]
    return said


def checked_lines(lines: Sequence[str]) -> list[str]:
    """Names of lines, at least one.

    Raises
    ------
    ParameterError
        If there is none, or something else among them.
    """
    given = [lines] if isinstance(lines, str) else list(lines or ())
    if not given or not all(isinstance(line, str) for line in given):
        raise ParameterError(f"lines must be a list with at least one line, such as 'Ni_Ka', not {lines!r}")
    return given


def check_in_range(spectra: Any, lines: Sequence[str]) -> None:
    """Refuse X-ray lines that are none, or beyond the energies of the spectra.

    Raises
    ------
    ParameterError
        With the energy of the line and those of the spectra.
    """
    energies = energies_kev(spectra)
    for line in lines:
        at = _energy(line)
        if not energies[0] <= at <= energies[-1]:
            raise ParameterError(
                f"{line} lies at {at:.2f} keV, outside of the spectra, which go from {energies[0]:.2f} to "
                f"{energies[-1]:.2f} keV; take another line of the element"
            )


def find_elements(spectra: Any) -> list[str]:
    """Elements whose lines stand out of the sum spectrum, the strongest first.

    An element is listed if its main line is a peak that no stronger element explains, and all its strong
    lines in the range are visible.
    """
    energies, counts = energies_kev(spectra), sum_spectrum(spectra)
    return elements_in(spectra, energies, counts)


def elements_in(spectra: Any, energies: NDArray[Any], counts: NDArray[Any]) -> list[str]:
    """Like :func:`find_elements`, for one spectrum."""
    left = dict(_peaks(energies, counts))
    peaks = list(left)
    found: list[str] = []
    candidates = _candidates(energies)
    while left:
        strongest = max(left, key=lambda peak: left[peak])
        best = min(
            (
                (abs(main - strongest), element)
                for element, main, strong in candidates
                if abs(main - strongest) < 0.035 + 0.002 * main
                and all(any(abs(line - peak) < 0.06 for peak in peaks) for line in strong)
            ),
            default=None,
        )
        del left[strongest]
        if best is None or best[1] in found:
            continue
        found.append(best[1])
        own = [energy for _, energy, _ in _lines_in_range(spectra, [best[1]])]
        for peak in [peak for peak in left if any(abs(peak - energy) < 0.06 for energy in own)]:
            del left[peak]
    return found


def net_of_lines(spectra: Any, element: str, energies: NDArray[Any], counts: NDArray[Any]) -> float:
    """Counts of an element's main lines in a spectrum above a smooth background; 0 if there are none."""
    smooth = _smooth_background(energies, counts)
    total = 0.0
    for name, energy, _ in _lines_in_range(spectra, [element]):
        if name.split("_")[1] in _MAIN and energy > _LOWEST_KEV:
            near = np.abs(energies - energy) < _width(spectra, name) / 2
            total += float(np.clip(counts - smooth, 0, None)[near].sum())
    return total


def _peaks(energies: NDArray[Any], counts: NDArray[Any]) -> list[tuple[float, float]]:
    """Energy and height above the background of the peaks that exceed the noise."""
    step = float(energies[1] - energies[0])
    smooth = ndimage.gaussian_filter1d(np.asarray(counts, dtype=float), max(0.03 / step, 0.5))
    background = _smooth_background(energies, counts)
    height = smooth - background
    noise = np.sqrt(np.maximum(background, 1) / max(0.1 / step, 1))
    at, _ = signal.find_peaks(height, distance=max(int(0.08 / step), 1))
    good = [i for i in at if height[i] > 6 * noise[i] and height[i] > 0.004 * height.max()]
    return [(float(energies[i]), float(height[i])) for i in good if energies[i] > _LOWEST_KEV]


def _smooth_background(energies: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.float64]:
    """A spectrum without its narrow peaks (a morphological opening)."""
    step = float(energies[1] - energies[0])
    smooth = ndimage.gaussian_filter1d(np.asarray(counts, dtype=float), 0.03 / step)
    width = max(int(0.6 / step), 3)
    return ndimage.gaussian_filter1d(ndimage.grey_opening(smooth, width), width / 3)


def _candidates(energies: NDArray[Any]) -> list[tuple[str, float, list[float]]]:
    """Element, energy of its main line, energies of its strong lines; one entry per main line."""
    found = []
    for element, entry in exspy().material.elements:
        if "Xray_lines" not in entry.Atomic_properties:
            continue
        lines = {
            name: (line["energy (keV)"], line["weight"]) for name, line in entry.Atomic_properties.Xray_lines
        }
        inside = {name: line for name, line in lines.items() if 0.9 < line[0] < energies[-1]}
        for name in _MAIN[:2]:
            if name in inside:
                strong = [
                    energy
                    for each, (energy, weight) in inside.items()
                    if each in _MAIN[:2] and weight > _SEEN_WEIGHT
                ]
                found.append((element, float(inside[name][0]), strong))
    return found


def _beside(spectra: Any, line: str, taken: list[tuple[float, float]]) -> list[float]:
    energies, energy = energies_kev(spectra), _energy(line)
    fwhm = _width(spectra, line)
    own, step = _BACKGROUND_WIDTH * fwhm, float(energies[1] - energies[0])

    def clear(start: float) -> bool:
        stop = start + own
        inside = start >= max(energies[0], 0.1) and stop <= energies[-1]
        return inside and all(stop < at - reach or start > at + reach for at, reach in taken)

    away = np.arange(_CLEAR_OF_LINES * fwhm, _SEARCH_KEV, step)
    left = next((energy - d - own for d in away if clear(energy - d - own)), None)
    right = next((energy + d for d in away if clear(energy + d)), None)
    if left is None or right is None:
        side = "below" if left is None else "above"
        raise ParameterError(
            f"{line}: there is no range for a background window {side} it without other lines; "
            "give the windows, or decompose the spectra"
        )
    return [round(float(value), 4) for value in (left, left + own, right, right + own)]


def _elements(spectra: Any, given: Sequence[str] | None, lines: Sequence[str] = ()) -> list[str]:
    if given is not None:
        return list(given)
    stored = list(spectra.metadata.get_item("Sample.elements", default=None) or [])
    if not stored:
        stored = find_elements(spectra) if not lines else []
    return [*stored, *dict.fromkeys(line.split("_")[0] for line in lines if line.split("_")[0] not in stored)]


def _lines_in_range(spectra: Any, elements: Sequence[str]) -> list[tuple[str, float, float]]:
    """Name, energy (keV) and weight of every relevant line."""
    energies = energies_kev(spectra)
    found = []
    for element in elements:
        for name, line in lines_table(element):
            energy, weight = float(line["energy (keV)"]), float(line["weight"])
            if energies[0] < energy < energies[-1] and energy > 0.1 and weight >= _SMALLEST_WEIGHT:
                found.append((f"{element}_{name}", energy, weight))
    return found


def lines_table(element: str) -> Any:
    """Pairs of name and ``{"energy (keV)", "weight"}`` of all lines of an element.

    Raises
    ------
    ParameterError
        If there is no such element.
    """
    known = exspy().material.elements
    if element not in known:
        raise ParameterError(f"there is no element {element!r}; write its symbol, such as Ni")
    return known[element].Atomic_properties.Xray_lines


def _energy(line: str) -> float:
    """Energy, keV."""
    element, _, name = line.partition("_")
    lines = dict(lines_table(element))
    if name not in lines:
        raise ParameterError(
            f"there is no line {line!r}; {element} has {', '.join(f'{element}_{n}' for n in lines)}"
        )
    return float(lines[name]["energy (keV)"])


def _width(spectra: Any, line: str) -> float:
    """Full width at half maximum, keV."""
    ((start, stop),) = spectra.estimate_integration_windows(windows_width=1, xray_lines=[line])
    return float(stop - start)
