"""Maps from a decomposition: a few spectra whose mixtures approximate all others.

Decomposing all spectra at once takes twenty times their memory. Here, the spectra of blocks of pixels are
decomposed, and the loadings of each projection are then computed with the resulting spectra. Both steps use
all counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.checks import checked_count, is_whole
from etwidgets.errors import MissingDependencyError, ParameterError
from etwidgets.progress import NullProgress
from etwidgets.resources import check_memory
from etwidgets.spectral.line_fit import signal_to_noise
from etwidgets.spectral.lines import elements_in, net_of_lines
from etwidgets.spectral.spectra import as_stack, check, energies_kev, images

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from etwidgets.progress import Progress
    from etwidgets.signals import TomoStack

_MOST_FITTED = 12_000  # spectra; more make the fit slower and no better
_ITERATIONS = 400
_TOLERANCE = 1e-4
_HOLDS = 0.5  # of an element's line counts, for a component to bear its name
_SCREE = 12


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Components: their spectra and maps.

    Attributes
    ----------
    maps
        Label to tilt series ``(T, Y, X)`` float32: counts of the component. A label lists the elements whose
        line counts are mostly in the component, or is ``background``.
    spectra
        Label to ``(channels,)``, sum 1.
    energies
        ``(channels,)``; keV for X-rays.
    scree
        Fraction of the variance of each singular vector; where the curve levels off, there is only noise.
    """

    maps: Mapping[str, TomoStack]
    spectra: Mapping[str, NDArray[np.float64]]
    energies: NDArray[np.float64]
    scree: NDArray[np.float64]


def decompose(
    spectra: Any,
    components: int = 4,
    *,
    method: str = "NMF",
    seed: int = 0,
    progress: Progress | None = None,
) -> Decomposition:
    """Decompose spectra into a few components, with Poisson weights.

    Parameters
    ----------
    spectra
        ``(x, y, tilt | energy)``, in memory or lazy.
    components
        Number of components: one per phase or element, and one or two for background and absorption.
    method
        ``"NMF"``: non-negative components (Paatero and Tapper 1994, doi:10.1002/env.3170050203), as spectra
        are not negative; ``"SVD"``: orthogonal components, to judge how many there are.
    seed
        Seed of the random initial values.
    progress
        Reports the progress, and can cancel the work.

    Raises
    ------
    ParameterError
        If the number of components or the method is invalid.
    MissingDependencyError
        If scikit-learn is not installed.
    """
    check(spectra)
    kind = str(method).upper()
    if kind not in ("NMF", "SVD"):
        raise ParameterError(f"the method of a decomposition is 'NMF' or 'SVD', not {method!r}")
    if not is_whole(components) or not 1 <= components <= min(32, spectra.data.shape[-1] - 1):
        raise ParameterError(f"between 1 and 32 components are possible, not {components!r}")
    components, seed = int(components), checked_count("seed", seed, 0)
    progress = progress or NullProgress()
    blocks = _blocks(spectra, progress.part(0, 0.25))
    used = blocks.sum(0) > 0
    if used.sum() <= components:
        raise ParameterError(f"only {used.sum()} energies have counts; {components} components need more")
    # Keenan and Kotula 2004, doi:10.1002/sia.1657: scaled so that noise is the same everywhere
    weights = 1 / np.sqrt(blocks[:, used].mean(0))
    rows = 1 / np.sqrt(np.maximum(blocks[:, used].mean(1, keepdims=True), blocks.mean() * 1e-3))
    scaled = (blocks[:, used] * weights * rows).astype(np.float32)
    progress.advance(0.3, "finding the spectra")
    vectors, scree = _singular(scaled, max(_SCREE, components), seed)
    found = _nmf(scaled, components, seed) if kind == "NMF" else vectors[:components]
    maps, snrs = _loadings(spectra, found, weights, used, progress.part(0.5, 1), negative=kind == "SVD")
    return _named(spectra, found / weights, used, maps, snrs, scree)


def _blocks(spectra: Any, progress: Progress) -> NDArray[np.float32]:
    """Summed spectra of blocks of pixels, large enough to keep the fit small."""
    count, n_y, n_x, channels = spectra.data.shape
    side = max(1, int(np.ceil(np.sqrt(count * n_y * n_x / _MOST_FITTED))))
    parts = []
    for number, image in enumerate(images(spectra)):
        progress.advance(number / count, "reading the spectra")
        rows, columns = (np.arange(0, size, side) for size in (n_y, n_x))
        summed = np.add.reduceat(image, rows, axis=0, dtype=np.float32)
        parts.append(np.add.reduceat(summed, columns, axis=1).reshape(-1, channels))
    found = np.concatenate(parts)
    return found[found.sum(1) > 0]


def _singular(scaled: NDArray[np.float32], count: int, seed: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
    from_ = _sklearn("utils.extmath")
    count = min(count, min(scaled.shape) - 1)
    _, values, vectors = from_.randomized_svd(scaled, n_components=count, random_state=seed)
    return vectors, np.asarray(values**2 / float((scaled.astype(float) ** 2).sum()))


def _nmf(scaled: NDArray[np.float32], components: int, seed: int) -> NDArray[np.float32]:
    model = _sklearn("decomposition").NMF(
        components, init="nndsvda", random_state=seed, max_iter=_ITERATIONS, tol=_TOLERANCE
    )
    model.fit(scaled)
    found = model.components_
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def _loadings(
    spectra: Any,
    found: NDArray[Any],
    weights: NDArray[Any],
    used: NDArray[np.bool_],
    progress: Progress,
    *,
    negative: bool,
) -> tuple[NDArray[np.float32], list[float]]:
    """Loadings of each component ``(K, T, Y, X)``, and its signal-to-noise ratio."""
    count, n_y, n_x, _ = spectra.data.shape
    check_memory(4.0 * len(found) * count * n_y * n_x, f"a set of {len(found)} components")
    loadings = np.empty((len(found), count, n_y, n_x), np.float32)
    inverse = np.linalg.pinv(found.astype(float))  # (channels, K)
    noise, signal = np.zeros(len(found)), np.zeros(len(found))
    for number, image in enumerate(images(spectra)):
        progress.advance(number / count, f"projection {number + 1} of {count}")
        counts = np.asarray(image[..., used], dtype=np.float32).reshape(n_y * n_x, -1)
        free = (counts * weights) @ inverse
        # unconstrained least squares tells how far the counting noise moves a loading
        noise += (counts @ (weights[:, np.newaxis] * inverse) ** 2).mean(0)
        signal += (free**2).mean(0)
        solved = free if negative else _not_negative(counts * weights, found, free)
        loadings[:, number] = solved.T.reshape(-1, n_y, n_x)
    return loadings, [signal_to_noise(s, n) for s, n in zip(signal, noise, strict=True)]


def _not_negative(data: NDArray[Any], found: NDArray[Any], start: NDArray[Any]) -> NDArray[np.float64]:
    """Non-negative least squares for every row by coordinate descent; each has only a few unknowns."""
    gram = (found @ found.T).astype(float)
    target = (data @ found.T).astype(float)
    solved = np.clip(start, 0, None)
    for _ in range(200):
        largest = 0.0
        for k in range(len(found)):
            step = (target[:, k] - solved @ gram[:, k]) / gram[k, k]
            new = np.clip(solved[:, k] + step, 0, None)
            largest = max(largest, float(np.abs(new - solved[:, k]).max(initial=0)))
            solved[:, k] = new
        if largest <= 1e-6 * float(solved.max(initial=0)):
            break
    return solved


def _named(
    spectra: Any,
    found: NDArray[Any],
    used: NDArray[np.bool_],
    loadings: NDArray[np.float32],
    snrs: Sequence[float],
    scree: NDArray[np.float64],
) -> Decomposition:
    energies = energies_kev(spectra)
    whole = np.zeros((len(found), energies.size))
    whole[:, used] = found
    scale = whole.sum(1)
    scale[np.abs(scale) < 1e-12] = 1
    whole /= scale[:, np.newaxis]
    loadings *= scale[:, np.newaxis, np.newaxis, np.newaxis].astype(np.float32)
    totals = loadings.sum((1, 2, 3), dtype=float)
    labels = _labels(spectra, energies, whole * totals[:, np.newaxis])
    order = np.argsort(-totals)
    maps = {}
    for k in order:
        stack = as_stack(loadings[k], spectra, labels[k])
        stack.metadata.add_dictionary(
            {"Spectral": {"kind": "component", "spectrum": whole[k], "energies": energies, "snr": snrs[k]}}
        )
        maps[labels[k]] = stack
    return Decomposition(maps, {labels[k]: whole[k] for k in order}, energies, scree)


def _labels(spectra: Any, energies: NDArray[Any], counts: NDArray[Any]) -> list[str]:
    """A label for each component ``(K, channels)``, from the elements whose line counts are mostly in it."""
    if spectra.metadata.Signal.signal_type == "EELS":
        return [f"component {k + 1}" for k in range(len(counts))]
    elements = list(spectra.metadata.get_item("Sample.elements", default=None) or [])
    elements = elements or elements_in(spectra, energies, counts.sum(0))
    names: list[list[str]] = [[] for _ in counts]
    for element in elements:
        net = np.array([net_of_lines(spectra, element, energies, np.clip(each, 0, None)) for each in counts])
        if net.max() > _HOLDS * net.sum():
            names[int(net.argmax())].append(element)
    labels: list[str] = []
    for own in names:
        label = " + ".join(own) or "background"
        same = sum(each == label or each.startswith(f"{label} (") for each in labels)
        labels.append(f"{label} ({same + 1})" if same else label)
    return labels


def _sklearn(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        raise MissingDependencyError(
            "decompositions need the package scikit-learn: pip install 'etwidgets[spectral]'"
        ) from error
