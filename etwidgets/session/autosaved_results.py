"""What was expensive to compute, on disk beside a session's steps, so that coming back takes seconds.

A session is continued from the newest result that fits its steps, and only the steps after it are done
again. What is read is checked by its digest; what does not fit is computed as if nothing had been kept.
"""

from __future__ import annotations

import json
import logging
import shutil
import uuid
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etwidgets import autosaved_sessions
from etwidgets.atomic import atomic_path
from etwidgets.errors import DataError
from etwidgets.session.digest import digest, digest_of_images
from etwidgets.session.history import Channel, State
from etwidgets.signals import TomoStack
from etwidgets.signals.original_images import OriginalImages, give_originals, originals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etwidgets.session.history import Step
    from etwidgets.signals import RecStack

_log = logging.getLogger(__name__)
_LIST = "results.json"
_WORTH_S = 1.0  # what is computed faster than this is not worth the disk
_WRITE_BYTES_PER_S = 2e8  # a slow disk: what is computed faster than it is written is not kept either


@dataclass(frozen=True, eq=False)
class Results:
    """A state with the steps that led to it.

    Attributes
    ----------
    state
        What there is.
    steps
        All steps up to it.
    """

    state: State
    steps: tuple[Step, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all that would be written."""
        return sum(int(data.nbytes) for data in self._arrays)

    @property
    def seconds(self) -> float:
        """How long it took to compute."""
        return sum(step.seconds for step in self.steps)

    @property
    def worth_keeping(self) -> bool:
        """Whether computing it took longer than writing it, and it is in memory as a whole."""
        in_memory = all(isinstance(data, np.ndarray) for data in self._arrays)
        return in_memory and self.seconds > max(_WORTH_S, self.nbytes / _WRITE_BYTES_PER_S)

    @property
    def _arrays(self) -> list[Any]:
        """The data of all signals but spectra, and the original images of the series, each once."""
        signals = [signal for signal in self.state.signals if signal is not self.state.spectra]
        arrays = [signal.data for signal in signals] + _originals_in(self.state)
        return list({id(data): data for data in arrays}.values())


@dataclass(frozen=True, eq=False)
class Found:
    """Results that were read.

    Attributes
    ----------
    state
        Without spectra, which are not kept.
    count
        How many steps led to it.
    had_spectra
        Whether it had some.
    """

    state: State
    count: int
    had_spectra: bool


def _originals_in(state: State) -> list[Any]:
    """The original images of the series of a state."""
    found = [originals_of(signal) for signal in state.signals if isinstance(signal, TomoStack)]
    return [each.data for each in found if each is not None]


def _known_by(steps: Sequence[Step]) -> list[list[Any]]:
    """What tells these steps from others, as JSON gives it back; a digest alone knows no pixel size."""
    plain = [[step.operation, dict(step.parameters), step.after] for step in steps]
    return list(json.loads(json.dumps(plain)))


class ResultsFolder:
    """Keeps the results of one session.

    Parameters
    ----------
    folder
        Of the session; the folder above it holds all sessions, which share the limit.

    Attributes
    ----------
    session
        As given.
    """

    def __init__(self, folder: Path) -> None:
        self.session = folder
        self._folder = folder / autosaved_sessions.RESULTS
        # by file name: the signal or images in it, which are not to be kept alive by this, and the digest
        self._files: dict[str, tuple[weakref.ref[Any], str]] = {}

    def keep(self, results: Results) -> str:
        """Write what is not there yet, and remove what is no longer needed.

        Returns
        -------
        str
            Empty, or why they are not kept, in words.

        Raises
        ------
        OSError
            If they cannot be written; what was kept before is still there.
        """
        if not autosaved_sessions.make_room(self.session.parent, results.nbytes, keep=self.session):
            return (
                "the results are larger than the limit for saved results; they are computed again when this "
                "session is continued"
            )
        self._folder.mkdir(exist_ok=True)
        state = results.state
        content = {
            "steps": _known_by(results.steps),
            "stale": state.stale,
            "source": state.source,
            "stack": self._file_of(state.stack),
            "reconstruction": self._file_of(state.reconstruction),
            "channels": [
                [channel.name, self._file_of(channel.stack), self._file_of(channel.reconstruction)]
                for channel in state.channels
            ],
            "spectra": state.spectra is not None,
        }
        with atomic_path(self._folder / _LIST) as temporary:
            temporary.write_text(json.dumps(content, ensure_ascii=True), encoding="utf-8")
        self._remove_all_but(state)
        return ""

    def find(self, steps: Sequence[Step]) -> Found | None:
        """The kept state, if some of these steps led to it.

        Parameters
        ----------
        steps
            Those that are in effect.

        Returns
        -------
        Found or None
            None where nothing is kept that fits, or what is kept was changed.
        """
        try:
            content = json.loads((self._folder / _LIST).read_text(encoding="utf-8"))
            count = len(content["steps"])
            if count == 0 or content["steps"] != _known_by(steps[:count]):
                return None
            channels = tuple(
                Channel(str(name), self._read(stack), self._read(volume))
                for name, stack, volume in content["channels"]
            )
            stack, volume = self._read(content["stack"]), self._read(content["reconstruction"])
            state = State(stack, volume, bool(content["stale"]), str(content["source"]), channels)
        except FileNotFoundError:
            return None
        except Exception:  # noqa: BLE001  (a damaged file may raise anything; the steps are done again)
            _log.warning(
                "saved results in %s cannot be used; they are computed again", self._folder, exc_info=True
            )
            return None
        return Found(state, count, bool(content["spectra"]))

    def _read(self, entry: list[Any] | None) -> Any:
        if entry is None:
            return None
        from etwidgets import io

        name, fingerprint = Path(entry[0]).name, entry[1]
        signal = io.load(self._folder / name)
        if digest(signal) != fingerprint:
            raise DataError(f"{name} is not what was written")
        self._files[name] = (weakref.ref(signal), fingerprint)
        if len(entry) > 2:  # an older version kept no original images
            give_originals(signal, OriginalImages.from_plain(self._read_images(*entry[2][:2]), entry[2][2]))
        return signal

    def _read_images(self, name: str, fingerprint: str) -> NDArray[Any]:
        name = Path(name).name
        for known, (there, same) in self._files.items():
            images = there()
            if known == name and same == fingerprint and images is not None:
                return np.asarray(images)  # several series may have come from the same images
        images = np.load(self._folder / name, allow_pickle=False)
        if digest_of_images(images) != fingerprint:
            raise DataError(f"{name} is not what was written")
        self._files[name] = (weakref.ref(images), fingerprint)
        return images

    def _file_of(self, signal: TomoStack | RecStack | None) -> list[Any] | None:
        """Names of the files that hold a signal and its original images, and the digests; written if new."""
        if signal is None:
            return None
        originals = originals_of(signal) if isinstance(signal, TomoStack) else None
        if originals is None:
            return self._signal_file(signal)
        return [*self._signal_file(signal), [*self._images_file(originals.data), originals.as_plain()]]

    def _images_file(self, images: NDArray[Any]) -> list[str]:
        for name, (known, fingerprint) in self._files.items():
            if known() is images and (self._folder / name).is_file():
                return [name, fingerprint]
        fingerprint = digest_of_images(images)
        name = f"{fingerprint}-{uuid.uuid4().hex[:8]}.npy"
        with atomic_path(self._folder / name) as temporary, temporary.open("wb") as file:
            np.save(file, images, allow_pickle=False)
        self._files[name] = (weakref.ref(images), fingerprint)
        return [name, fingerprint]

    def _signal_file(self, signal: TomoStack | RecStack) -> list[str]:
        for name, (known, fingerprint) in self._files.items():
            if known() is signal and (self._folder / name).is_file():
                return [name, fingerprint]
        fingerprint = digest(signal)
        name = f"{fingerprint}-{uuid.uuid4().hex[:8]}.hspy"  # two signals may differ in their metadata only
        # HyperSpy writes into the metadata that it saved, and the page may be reading those
        copy = signal._deepcopy_with_new_data(signal.data)  # noqa: SLF001  (the data are shared)
        copy.save(self._folder / name, overwrite=True, compression=None)
        self._files[name] = (weakref.ref(signal), fingerprint)
        return [name, fingerprint]

    def _remove_all_but(self, state: State) -> None:
        present = {id(each) for each in (*state.signals, *_originals_in(state))}
        self._files = {name: item for name, item in self._files.items() if id(item[0]()) in present}
        for path in self._folder.iterdir():
            if path.name != _LIST and path.name not in self._files:
                if path.is_dir():
                    shutil.rmtree(
                        path, ignore_errors=True
                    )  # left by a process that was killed while it wrote
                else:
                    path.unlink(missing_ok=True)
