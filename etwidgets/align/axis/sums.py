"""Mass and moment of the columns of a series turned on trial, without turning it; knows no method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.fft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class ColumnSums:
    """Sums along oblique lines, from Fourier transforms of the rows that are shifted against each other.

    Parameters
    ----------
    images
        ``(T, Y, X)``, without dark level.
    """

    def __init__(self, images: NDArray[Any]) -> None:
        self.count, height, self.width = images.shape
        self.rows = np.arange(height) - (height - 1) / 2
        self.x = np.arange(self.width) - (self.width - 1) / 2
        """Columns ``(X,)``, pixels from the middle."""
        self._size = 2 * scipy.fft.next_fast_len(self.width, real=True)
        spectra = scipy.fft.rfft(np.asarray(images, np.float32), n=self._size, axis=2)
        self._spectra = np.ascontiguousarray(spectra.transpose(2, 0, 1))  # (frequency, T, Y)
        self._waves = 2 * np.pi * scipy.fft.rfftfreq(self._size)
        total = images.sum((1, 2), dtype=float)
        centers = (images.sum(2, dtype=float) @ self.rows) / np.where(total > 0, total, np.inf)
        self._centers = np.clip(centers, self.rows[0], self.rows[-1])
        self.shifts = np.zeros(self.count)
        """Shifts along x ``(T,)``, pixels, that are applied to each projection."""

    def at(self, angle_deg: float, *, centered: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mass and moment about the middle row, each ``(T, X)``, of the images turned by ``angle_deg``.

        ``centered``: each about its own center of mass, which no shift of a projection across the axis
        changes.
        """
        return next(self.at_each(np.array([angle_deg]), centered=centered))

    def at_each(
        self, angles_deg: NDArray[np.float64], *, centered: bool
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """What :meth:`at` gives for each of some angles ``(A,)``, in less time."""
        angles = np.deg2rad(angles_deg)
        slopes = np.tan(-angles)
        about = self._centers if centered else np.zeros(self.count)
        turned = np.exp(-1j * self._waves[:, None, None] * self.rows[:, None] * slopes)  # (frequency, Y, A)
        shears = np.concatenate([turned, turned * self.rows[:, None]], axis=2).astype(np.complex64)
        sums = (self._spectra @ shears).transpose(2, 1, 0)
        for i, (angle, slope) in enumerate(zip(angles, slopes, strict=True)):
            moves = np.exp(-1j * np.outer(self.shifts - about * slope, self._waves))
            mass, moment = (
                scipy.fft.irfft(each * moves, self._size, axis=1)[:, : self.width]
                for each in (sums[i], sums[len(angles) + i])
            )
            moment = moment - about[:, None] * mass
            moment = (moment + self.x * np.sin(angle) * mass) / np.cos(angle)
            yield mass, moment
