"""What tilt series and volumes have in common; knows nothing of tilts or of reconstruction."""

from __future__ import annotations

import logging
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from hyperspy.signals import Signal2D

from etwidgets.checks import is_number
from etwidgets.errors import DataError, ParameterError
from etwidgets.resources import check_memory
from etwidgets.signals import saving

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_log = logging.getLogger(__name__)


def is_placeholder(data: Any) -> bool:
    """Whether these are not data: HyperSpy copies a signal without its data and puts them in afterwards."""
    return bool(data.dtype == object and data.size == 1 and data.item() is None)


class ImageStack(Signal2D):
    """Base of :class:`TomoStack` and :class:`RecStack`; not a signal type of its own."""

    _lazy: bool

    def _deepcopy_with_new_data(self, *args: Any, **kwargs: Any) -> Self:
        """As HyperSpy's, which takes the data out of the signal while it copies the rest.

        Another thread that looks at this signal meanwhile would find no data: an operation copies it in a
        worker while the page draws it. The stand-in has its own reference to the data.
        """
        copied: Self = super(ImageStack, copy(self))._deepcopy_with_new_data(*args, **kwargs)
        return copied

    def plot(self, navigator: Any = "slider", *args: Any, **kwargs: Any) -> None:
        """Plot with HyperSpy; the navigator is a slider unless another is asked for."""
        if self.axes_manager.navigation_dimension == 0 and isinstance(navigator, str):
            navigator = "auto"
        super().plot(navigator, *args, **kwargs)

    def change_data_type(self, dtype: DTypeLike) -> None:
        """Change the data type in place; the same as HyperSpy's ``change_dtype``."""
        self.change_dtype(np.dtype(dtype))

    def invert(self) -> Self:
        """Return a copy with inverted contrast, image by image.

        Each image keeps its own minimum and maximum: ``out = max + min - image``.
        """
        axes = (-2, -1)
        if self.data.dtype == bool:  # numpy has no difference of truth values
            return self._deepcopy_with_new_data(
                (self.data.max(axes, keepdims=True) ^ self.data) | self.data.min(axes, keepdims=True)
            )
        self._check_copies(1)
        total = self.data.max(axes, keepdims=True) + self.data.min(axes, keepdims=True)
        return self._deepcopy_with_new_data(total - self.data)

    def normalize(self, width: float = 3) -> Self:
        """Return a float32 copy in which all images have comparable intensities.

        Each image ``I`` becomes ``(I - min) / (mean + width * std)`` of ``I - min``, so that a bright
        image is about 1 at ``width`` standard deviations above its mean.

        Parameters
        ----------
        width
            How many standard deviations above the mean are put to 1.

        Raises
        ------
        DataError
            If an image is constant: it has no contrast to normalize; or holds NaN.
        ParameterError
            If ``width`` is not a number, or negative.
        """
        if not is_number(width) or width < 0:
            raise ParameterError(f"width must be a number, zero or more, not {width!r}")
        axes = (-2, -1)
        self._check_copies(3)
        lifted = self.data.astype(np.float32)
        total = np.asarray(lifted.sum(axes)).ravel()
        bad = np.flatnonzero(~np.isfinite(total))
        if bad.size:
            raise DataError(
                f"image(s) {bad.tolist()} hold NaN or infinite values; repair or remove them first"
            )
        lifted = lifted - lifted.min(axes, keepdims=True)
        scale = lifted.mean(axes, keepdims=True) + width * lifted.std(axes, keepdims=True)
        flat = np.flatnonzero(np.asarray(lifted.max(axes)).ravel() == 0)
        if flat.size:
            raise DataError(
                f"image(s) {flat.tolist()} are constant and cannot be normalized; remove them first"
            )
        return self._deepcopy_with_new_data(lifted / scale)

    def _check_copies(self, count: float) -> None:
        """Refuse what needs so many copies of the data, in their own type or in float32, and has no room."""
        if isinstance(self.data, np.ndarray):
            size = max(self.data.itemsize, np.dtype(np.float32).itemsize) * self.data.size
            check_memory(count * size, "the result", "crop the data, or load them with lazy=True")

    def stats(self) -> dict[str, float]:
        """Return mean, standard deviation, minimum and maximum of all data."""
        data = self.data
        values = {"mean": data.mean(), "std": data.std(), "min": data.min(), "max": data.max()}
        return {name: float(value) for name, value in values.items()}

    def save_raw(self, filename: str | Path | None = None) -> Path:
        """Write the data as a raw file with an ``.rpl`` header beside it.

        Parameters
        ----------
        filename
            Where to write; its stem is completed with the shape and the data type, as in
            ``name_77x256x256_float32.rpl``. Default: the title of the signal.

        Returns
        -------
        Path
            The ``.rpl`` file.
        """
        stem = Path(filename or self.metadata.General.title or "stack").with_suffix("")
        size = "x".join(str(n) for n in self.data.shape)
        path = stem.with_name(f"{stem.name}_{size}_{self.data.dtype.name}.rpl")
        return saving.save(self, path, overwrite=True)

    def save(
        self,
        filename: str | Path | None = None,
        overwrite: bool | None = None,
        extension: str | None = None,
        file_format: str | None = None,
        **kwargs: Any,
    ) -> Path:
        """Save in any format, so that a crash in the middle leaves the old file whole.

        Parameters
        ----------
        filename
            ``.hspy`` (default) and ``.zspy`` keep everything: data, tilts, shifts, history. What ``.mrc``,
            ``.tif``, ``.emd`` and others keep is said in :func:`etwidgets.io.save`, which is the same.
        overwrite
            Replace an existing file. Without it an existing file is an error, never a question.
        extension
            Used when ``filename`` has none.
        file_format
            HyperSpy's name of the writer, where the extension is ambiguous.
        **kwargs
            Passed to the writer, for example ``chunks`` and ``compression``.

        Returns
        -------
        Path
            The file that was written.

        Raises
        ------
        FileExistsError
            If the file exists and ``overwrite`` is not true.
        DiskFullError
            If there is no room for it; the old file is as it was.
        ParameterError, DataError
            If no name is given and the signal has none, nothing can write the extension, or the format
            cannot hold these data.
        """
        path = self._target(filename, extension)
        saving.save(self, path, overwrite=bool(overwrite), file_format=file_format, **kwargs)
        # HyperSpy notes the name it wrote to, which was the temporary one
        if hasattr(self, "tmp_parameters"):
            self.tmp_parameters.set_item("folder", str(path.parent))
            self.tmp_parameters.set_item("filename", path.stem)
            self.tmp_parameters.set_item("extension", path.suffix)
        return path

    def _target(self, filename: str | Path | None, extension: str | None) -> Path:
        if filename is None:
            known = self.tmp_parameters.get_item("filename", default=None) or self.metadata.General.title
            if not known:
                raise ParameterError(
                    "the signal has no title and was not loaded from a file; give a filename"
                )
            filename = Path(self.tmp_parameters.get_item("folder", default="")) / known
        path = saving.path_of(filename)
        if path.suffix == "" or extension:
            path = path.with_name(path.name + "." + (extension or "hspy").lstrip("."))
        return path


def class_of(signal_type: str) -> Any:
    """The class of a signal type, for signals that make signals of another class without importing it."""
    found = list(ImageStack.__subclasses__())
    for each in found:  # grows while it is walked
        if vars(each).get("_signal_type") == signal_type:
            return each
        found += each.__subclasses__()
    raise ParameterError(f"there is no signal of type {signal_type}")
