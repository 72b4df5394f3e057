"""What each registration and tilt-axis method assumes, in words for the panels; does no work itself."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Method:
    """Help on one method, in fixed slots.

    Attributes
    ----------
    use_for
        What it is for.
    when
        What must hold for it to work.
    caution
        Where it fails, and what then happens.
    source
        The paper, with its DOI.
    parameters
        The keywords that it takes.
    """

    use_for: str
    when: str
    caution: str
    source: str
    parameters: tuple[str, ...]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "PC": Method(
            use_for="Any series; the first to try. Compares each projection with its neighbor in tilt.",
            when="Neighboring projections look alike: tilt steps of a few degrees, sharp features.",
            caution="Errors add up along the series. A strong background or a static detector pattern "
            "holds the shift at zero; filter a copy first and use align_other.",
            source="Guizar-Sicairos et al. 2008, doi:10.1364/OL.33.000156",
            parameters=("upsample_factor",),
        ),
        "StackReg": Method(
            use_for="Soft contrast or noise. Fits each projection to its neighbor by least squares.",
            when="Neighboring projections have the same intensity and differ by a small shift.",
            caution="Slower than PC, and errors add up along the series. Changes of brightness mislead it; "
            "large jumps may end in a wrong minimum.",
            source="Thevenaz et al. 1998, doi:10.1109/83.650848",
            parameters=(),
        ),
        "COM": Method(
            use_for="Needles, pillars, particles in dark field. All projections at once: no errors add up.",
            when="Intensity is mass (no background, nothing negative), and each chosen column holds the same "
            "matter at every tilt.",
            caution="Matter that enters at high tilt, or columns cut by the frame, pull it away. "
            "Shifts in x are looked for up to p pixels only.",
            source="Sanders et al. 2015, doi:10.1186/s40679-015-0005-7",
            parameters=("xrange", "p", "nslices"),
        ),
        "COM-CL": Method(
            use_for="Isolated particles in dark field. Most exact where it applies; errors do not add up.",
            when="The whole object is inside every projection, on an empty background.",
            caution="Puts the center of mass on the tilt axis. A background or a second object that moves "
            "through the frame shifts everything.",
            source="Scott et al. 2012, doi:10.1038/nature10934",
            parameters=("com_ref_index", "cl_ref_index", "cl_resolution", "cl_div_factor"),
        ),
    }
)

AXIS_METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "CoM": Method(
            use_for="Needles and pillars along the tilt axis. Finds rotation and shift with standard errors.",
            when="The series is registered; intensity is mass; columns hold the same matter at every tilt.",
            caution="The rotation is undetermined for an object as long as wide: see its error.",
            source="Wolf 2012, Proc. 15th European Microscopy Congress (sinogram analysis)",
            parameters=("slices", "nslices"),
        ),
        "MaxImage": Method(
            use_for="Particles, which draw lines across the tilt axis in the maximum over all tilts.",
            when="The series is registered, the tilt range wide, and small bright features stand out.",
            caution="Straight edges of the specimen or support are taken for tracks. It finds the shift "
            "only with also_shift, by trial reconstructions.",
            source="Canny 1986, doi:10.1109/TPAMI.1986.4767851; "
            "Duda and Hart 1972, doi:10.1145/361237.361242",
            parameters=("limit", "delta", "also_shift", "shift_limit", "nslices"),
        ),
    }
)
