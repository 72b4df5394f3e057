"""Bad and odd inputs of all kinds, each with how it must be answered."""

from bad_inputs import alignment, files, sessions, spectra, stacks, volumes

AREAS = (*stacks.AREAS, *alignment.AREAS, *volumes.AREAS, *spectra.AREAS, *sessions.AREAS, *files.AREAS)
CASES = tuple(case for area in AREAS for case in area.cases)
