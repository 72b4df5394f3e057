"""Smoothing of several channels with edges, each by itself or coupled; knows no projection.

Inner iteration of Beck and Teboulle 2009 (doi:10.1109/TIP.2009.2028250). Coupled: total nuclear variation,
the nuclear norm of all channels' gradients in a pixel (Holt 2014, IEEE Trans. Image Process. 23, 3975; for
spectral tomography Zhong et al. 2018, doi:10.1016/j.ultramic.2018.04.011), least where edges coincide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets.engine.arithmetic import aligned, dual_step, primal_step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etwidgets.engine.team import Team

COUPLINGS = ("tv", "tnv")
"""Total variation of each channel, and total nuclear variation of all."""

_INNER_ITERATIONS = 10
_STEP = np.float32(1 / 8)  # 8 bounds the squared norm of the discrete gradient


class Smoother:
    """``argmin |u - target|**2 / 2 + variation(weights * u)`` for ``u >= 0``; begins where it ended last.

    Parameters
    ----------
    shape
        ``(E, Z, Y, width)`` of the targets.
    coupling
        One of :data:`COUPLINGS`.
    weights
        ``(E,)``: TV weight of each channel; all 0, or all above.
    team
        Threads; they share the work of ``"tv"``.
    """

    def __init__(
        self, shape: tuple[int, int, int, int], coupling: str, weights: NDArray[Any], team: Team
    ) -> None:
        self._coupled, self._weights, self._team = coupling == "tnv", weights.astype(np.float32), team
        self._fields = aligned((shape[0], 2, *shape[1:]))
        self._last = aligned(self._fields.shape)
        self._inside = np.ones(shape[1:3], np.float32)

    def __call__(
        self, target: NDArray[np.float32], iterations: int = _INNER_ITERATIONS
    ) -> NDArray[np.float32]:
        """The smoothed channels, a new array."""
        image = aligned(target.shape)
        if self._weights.any():
            self._fields[:] = self._last
            pace = 1.0
            for _ in range(iterations):
                next_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
                self._primal(target, image)
                self._dual(image, np.float32((pace - 1) / next_pace))
                pace = next_pace
            self._fields[:] = self._last
        self._primal(target, image)
        return image

    def _primal(self, target: NDArray[np.float32], image: NDArray[np.float32]) -> None:
        limits = np.float32(0), np.float32(np.inf)
        channels = target, self._fields, self._weights, image

        def work(start: int, stop: int) -> None:
            for aim, (down, right), weight, result in zip(*channels, strict=True):
                primal_step(aim, down, right, weight, self._inside, *limits, result, start, stop)

        self._team.share(work, target.shape[1])

    def _dual(self, image: NDArray[np.float32], momentum: np.float32) -> None:
        if self._coupled:
            steps = _STEP * self._weights / self._weights.max() ** 2
            _coupled_step(image, self._fields, self._last, steps, momentum)
            return
        channels = image, self._fields, self._last, _STEP / self._weights

        def work(start: int, stop: int) -> None:
            for channel, fields, last, step in zip(*channels, strict=True):
                dual_step(channel, fields, last, step, momentum, start, stop)

        self._team.share(work, image.shape[1])


def _coupled_step(
    image: NDArray[np.float32],
    fields: NDArray[np.float32],
    last: NDArray[np.float32],
    steps: NDArray[np.float32],
    momentum: np.float32,
) -> None:
    """As :func:`dual_step`, for all channels together, in place."""
    scaled = steps[:, np.newaxis, np.newaxis, np.newaxis] * image
    fields[:, 0, :-1] += scaled[:, :-1] - scaled[:, 1:]
    fields[:, 1, :, :-1] += scaled[:, :, :-1] - scaled[:, :, 1:]
    limit_singular_values(fields)
    difference = fields - last
    last[:] = fields
    fields += momentum * difference


def limit_singular_values(fields: NDArray[np.float32]) -> None:
    """Bring singular values above 1 of the matrices ``(E, 2)`` in the first two axes down to 1, in place.

    With the eigenvalues ``p >= q`` of the matrix ``F'F`` (2, 2) this is ``F (a + b F'F)``: a polynomial that
    is 1 where a singular value is at most 1, and its inverse elsewhere.
    """
    down, right = fields[:, 0], fields[:, 1]
    dd, rr, dr = (
        np.einsum("e...,e...->...", *pair) for pair in ((down, down), (right, right), (down, right))
    )
    middle, half = (dd + rr) / 2, np.hypot((dd - rr) / 2, dr)
    larger, smaller = middle + half, np.maximum(middle - half, 0)
    f_larger, f_smaller = (1 / np.sqrt(np.maximum(value, 1)) for value in (larger, smaller))
    # equal singular values: any slope will do
    slope = np.where(half > 1e-6 * middle, (f_larger - f_smaller) / np.maximum(2 * half, 1e-30), 0)
    constant = f_larger - slope * larger
    cross = slope * dr
    moved = down * (constant + slope * dd) + right * cross
    right *= constant + slope * rr
    right += down * cross
    down[:] = moved
