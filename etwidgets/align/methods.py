"""One record per registration method and per tilt-axis method: what is known of it, and the function to call.

Adding a method takes its module (a function and its options) and a record here; checks, panels, scripts and
the tables of the documentation follow from the record.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from etwidgets.align.axis.com import AxisComOptions, axis_by_com
from etwidgets.align.axis.common_line import AxisCommonLineOptions, axis_by_common_line
from etwidgets.align.axis.max_image import AxisMaxImageOptions, axis_by_max_image
from etwidgets.align.registering.center_of_mass import ComOptions, com_shifts
from etwidgets.align.registering.common_line import CommonLineOptions, common_line_shifts
from etwidgets.align.registering.patches import PatchOptions, patch_shifts
from etwidgets.align.registering.phase_correlation import PhaseCorrelationOptions, phase_correlation_shifts
from etwidgets.align.registering.stackreg import stackreg_shifts
from etwidgets.errors import ParameterError
from etwidgets.options import NoOptions, Option, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from etwidgets.align.axis.estimate import AxisEstimate
    from etwidgets.align.registering.found_shifts import FoundShifts
    from etwidgets.align.registering.ordered_series import OrderedSeries
    from etwidgets.progress import Progress


class FindsShifts(Protocol):
    """Finds the shifts ``(T, 2)``, pixels ``(y, x)``, of a series in order of tilt."""

    def __call__(
        self, series: OrderedSeries, options: Any, progress: Progress, /
    ) -> NDArray[np.float64] | FoundShifts:
        """Do it."""


class FindsAxis(Protocol):
    """Finds the tilt axis of registered images ``(T, Y, X)`` at tilts ``(T,)``, degrees."""

    def __call__(
        self, images: NDArray[Any], tilts_deg: NDArray[np.float64], options: Any, progress: Progress, /
    ) -> AxisEstimate:
        """Do it."""


_Function = TypeVar("_Function", FindsShifts, FindsAxis)


@dataclass(frozen=True, slots=True)
class Method(Generic[_Function]):
    """One method.

    Attributes
    ----------
    name
        As users choose it, in any letter case.
    title
        Its full name.
    use_for
        What it is for.
    when
        What must hold for it to work.
    caution
        Where it fails, and what then happens.
    source
        The paper, with its DOI.
    function
        :class:`FindsShifts` or :class:`FindsAxis`.
    options_type
        The dataclass of its options, whose fields were made with :func:`etwidgets.options.option`.
    """

    name: str
    title: str
    use_for: str
    when: str
    caution: str
    source: str
    function: _Function
    options_type: type[Any] = NoOptions

    @property
    def options(self) -> tuple[Option, ...]:
        """Its options, with their defaults, limits, units and help."""
        return describe(self.options_type)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its options."""
        return tuple(option.name for option in self.options)


_REGISTRATION: dict[str, Method[FindsShifts]] = {
    method.name: method
    for method in (
        Method(
            name="PC",
            title="Phase correlation",
            use_for="Any series; the first to try. Compares each projection with its neighbor in tilt. "
            "For a flat specimen that fills the field, use stretch.",
            when="Neighboring projections look alike: tilt steps of a few degrees, some detail.",
            caution="Errors add up along the series. Pairs no better than chance are bridged and named. "
            "Along a needle StackReg may be as good, or better at low dose: compare.",
            source="Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156; "
            "Knapp and Carter 1976, doi:10.1109/TASSP.1976.1162830",
            function=phase_correlation_shifts,
            options_type=PhaseCorrelationOptions,
        ),
        Method(
            name="StackReg",
            title="Least squares of intensities",
            use_for="Needles and pillars, soft contrast, noise. Fits each projection to its neighbor by "
            "least squares.",
            when="Neighboring projections have the same intensity and differ by a small shift.",
            caution="Slower than PC, and errors add up along the series. Changes of brightness mislead it; "
            "large jumps may end in a wrong minimum. For a specimen that fills the field use PC.",
            source="Thevenaz et al. 1998, doi:10.1109/83.650848",
            function=stackreg_shifts,
        ),
        Method(
            name="COM",
            title="Center of mass",
            use_for="Needles, pillars, particles in dark field, once the background is subtracted. All "
            "projections at once: no errors add up.",
            when="Intensity is mass (no background, nothing negative), and each chosen column holds the same "
            "matter at every tilt.",
            caution="Matter that enters at high tilt, or columns cut by the frame, pull it away.",
            source="Sanders et al. 2015, doi:10.1186/s40679-015-0005-7",
            function=com_shifts,
            options_type=ComOptions,
        ),
        Method(
            name="COM-CL",
            title="Center of mass and common line",
            use_for="Isolated particles in dark field, then CoM for the tilt axis. Most exact where it "
            "applies; errors do not add up.",
            when="The whole object is inside every projection, on an empty background.",
            caution="Puts the center of mass on the tilt axis. A background or a second object that moves "
            "through the frame shifts everything.",
            source="Scott et al. 2012, doi:10.1038/nature10934",
            function=common_line_shifts,
            options_type=CommonLineOptions,
        ),
        Method(
            name="Patches",
            title="Tracked patches",
            use_for="Specimens that fill the field with detail: slabs, matter that enters at high tilt. "
            "Finds the axis rotation as well.",
            when="Squares of the image can be followed from tilt to tilt, and move as one rigid specimen.",
            caution="Refused for needles and single particles, which most squares do not see. Low dose hides "
            "the detail.",
            source="Zheng et al. 2022, doi:10.1016/j.yjsbx.2022.100068; "
            "Lawrence et al. 2006, doi:10.1016/j.jsb.2005.12.010",
            function=patch_shifts,
            options_type=PatchOptions,
        ),
    )
}

_AXIS: dict[str, Method[FindsAxis]] = {
    method.name: method
    for method in (
        Method(
            name="CoM",
            title="Center-of-mass tracks",
            use_for="Needles and pillars along the tilt axis. Rotation and shift with 95 % intervals; a dark "
            "level is taken off for the measurement.",
            when="The series is registered; intensity is mass; columns hold the same matter at every tilt.",
            caution="The rotation is undetermined for an object as long as wide, and both for a film or "
            "where matter enters the field: CommonLine is better there.",
            source="Wolf 2012, Proc. 15th European Microscopy Congress (sinogram analysis)",
            function=axis_by_com,
            options_type=AxisComOptions,
        ),
        Method(
            name="CommonLine",
            title="Common lines and tracks",
            use_for="Particles, catalysts, rods, and objects of which some enter the field; as good as CoM "
            "for needles. The first to try where the object is not known.",
            when="The series is registered; intensity is mass; most columns hold the same matter at every "
            "tilt.",
            caution="A film that fills the field determines no rotation. Where much enters the field, the "
            "shift comes from trial reconstructions, which take longer.",
            source="Scott et al. 2012, doi:10.1038/nature10934; Ludwig 1966, doi:10.1002/cpa.3160190105",
            function=axis_by_common_line,
            options_type=AxisCommonLineOptions,
        ),
        Method(
            name="MaxImage",
            title="Lines in maximum image",
            use_for="A check by eye: small bright particles draw lines across the tilt axis in the maximum "
            "over all tilts. CommonLine is more exact.",
            when="The series is registered, the tilt range wide, and a few small bright features move far.",
            caution="Often undetermined; then nothing is applied. Straight edges of the specimen or support "
            "are taken for tracks. It finds the shift only on request, by trial reconstructions.",
            source="Canny 1986, doi:10.1109/TPAMI.1986.4767851; "
            "Duda and Hart 1972, doi:10.1145/361237.361242",
            function=axis_by_max_image,
            options_type=AxisMaxImageOptions,
        ),
    )
}

METHODS: Mapping[str, Method[FindsShifts]] = MappingProxyType(_REGISTRATION)
"""The registration methods by name: ours, and those that were added."""

AXIS_METHODS: Mapping[str, Method[FindsAxis]] = MappingProxyType(_AXIS)
"""The tilt-axis methods by name: ours, and those that were added."""


def add_registration_method(method: Method[FindsShifts]) -> ExitStack:
    """Add a registration method of your own, for this process.

    Returns
    -------
    ExitStack
        Closing it removes the method again; ``with add_registration_method(...):`` does so at the end of the
        block.

    Raises
    ------
    ParameterError
        If there is a method of that name, in any letter case.
    """
    return _add(_REGISTRATION, method)


def add_axis_method(method: Method[FindsAxis]) -> ExitStack:
    """Add a tilt-axis method of your own, as :func:`add_registration_method` does."""
    return _add(_AXIS, method)


def _add(known: dict[str, Method[_Function]], method: Method[_Function]) -> ExitStack:
    if method.name.lower() in (name.lower() for name in known):
        raise ParameterError(f"there is a method {method.name!r} already; choose another name")
    known[method.name] = method
    undo = ExitStack()
    undo.callback(known.pop, method.name)
    return undo


class MethodParameters(AbstractSet[str]):
    """Names of the parameters that an operation takes by any of its methods, as they are now.

    A set that changes when a method is added.

    Parameters
    ----------
    common
        Those that do not depend on the method.
    methods
        The methods by name.
    """

    def __init__(self, common: Iterable[str], methods: Mapping[str, Method[Any]]) -> None:
        self._common, self._methods = tuple(common), methods

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> dict[str, None]:
        names = (name for method in self._methods.values() for name in method.parameters)
        return dict.fromkeys([*self._common, *names])
