"""HDF5 files that can meet a full disk: HDF5 itself never sees a write fail; knows no tilt and no volume.

After a write that failed HDF5 cannot close its file, and it ends the process by a segmentation fault when
Python ends (h5py 3.16, HDF5 2.0; one failure is enough, also if the next try succeeds). What it is given
here is a Python file that accepts all writes; the error is raised after HDF5 has closed it. An
image in memory would double the memory, and a helper process would copy the data and start for seconds.
"""

from __future__ import annotations

import contextlib
import io
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HELD, _SMALL = 64 << 20, 64 << 10  # bytes held in memory after a failure; beyond it only small pieces are


@contextlib.contextmanager
def patient_file(path: Path) -> Iterator[PatientFile]:
    """A new file for ``h5py.File``, which must be closed before this ends.

    Raises
    ------
    OSError
        On leaving: the first error that a write met.
    """
    file = PatientFile(path)
    try:
        yield file
    except Exception as error:
        if file.failure is not None and error is not file.failure:
            raise file.failure from error
        raise
    finally:
        file.close()
    if file.failure is not None:
        raise file.failure


class PatientFile(io.RawIOBase):
    """A file in which no write fails; it is a path as well, for writers that also ask for that.

    Parameters
    ----------
    path
        Is made, or emptied.

    Attributes
    ----------
    failure
        The first error, or None. From then on nothing reaches the disk: what is written is held in memory,
        where HDF5 may read it again, but for large pieces beyond a limit: those are data, written once.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.failure: OSError | None = None
        self._path = path
        self._file = path.open("w+b", buffering=0)
        self._place = 0
        self._size = 0
        self._held: list[tuple[int, bytes]] = []
        self._n_held = 0

    def __fspath__(self) -> str:
        return str(self._path)

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte goes."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read from the disk, and from memory what did not reach it."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._place))
        view[:count] = bytes(count)
        self._file.seek(self._place)
        done = 0
        while done < count and (n_read := self._file.readinto(view[done:count])):
            done += n_read
        for start, content in self._held:
            first, last = max(start, self._place), min(start + len(content), self._place + count)
            if first < last:
                view[first - self._place : last - self._place] = content[first - start : last - start]
        self._place += count
        return count

    def write(self, data: Any) -> int:
        """Write all of it, or pretend to."""
        view = memoryview(data).cast("B")
        place, self._place = self._place, self._place + len(view)
        if self.failure is None:
            try:
                self._put(place, view)
            except OSError as error:
                self.failure = error
        if self.failure is not None:
            self._hold(place, view)
        self._size = max(self._size, self._place)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Make it as long as that."""
        self._size = self._place if size is None else size
        if self.failure is None:
            try:
                self._file.truncate(self._size)
            except OSError as error:
                self.failure = error
        return self._size

    def close(self) -> None:
        """Close the file on the disk."""
        if not self.closed:
            self._file.close()
        super().close()

    def _put(self, place: int, view: memoryview) -> None:
        self._file.seek(place)
        while view:
            written = self._file.write(view) or 0
            view = view[written:]

    def _hold(self, place: int, view: memoryview) -> None:
        if self._n_held < _HELD or len(view) <= _SMALL:
            self._n_held += len(view)
            self._held.append((place, bytes(view)))
