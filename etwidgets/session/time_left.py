"""How long a job will still take, from when it was how far; has no clock of its own and knows no job."""

from __future__ import annotations

from bisect import bisect_right

_RECENT = 0.4  # of the time since the first report; what was before says little
_LEAST_S = 2.0  # and no less than that
_SURE_S, _SURE = 1.0, 0.03  # after so much time between reports, or such a part of the work, there is a pace


class TimeLeft:
    """Told of progress, tells the time left.

    The pace is that of the recent past: what was done before the first report (loading, compiling) is no
    part of it, other work on the machine comes and goes, and iterations may become quicker or slower.
    Only the moments at which there was progress count, for work is reported in steps.

    Parameters
    ----------
    seconds_after
        What follows after all of the work is reported.
    """

    def __init__(self, seconds_after: float = 0.0) -> None:
        self.seconds_after = seconds_after
        self._times: list[float] = []
        self._fractions: list[float] = []

    def tell(self, now: float, fraction: float) -> None:
        """At this time (s, of any clock) so much was done (0 to 1); from one thread only."""
        # the first step is over after what precedes it: from then on there is a pace
        if fraction > (self._fractions[-1] if self._fractions else 0.0):
            # readers go by the fractions, in another thread: a time must be there first
            self._times.append(now)
            self._fractions.append(min(fraction, 1.0))

    def left(self, now: float) -> float | None:
        """Seconds until the end; None while nothing can be said."""
        count = len(self._fractions)
        if count < 2:
            return None
        times, fractions = self._times[:count], self._fractions[:count]
        last = times[-1]
        first = self._first(times)
        seconds, done = last - times[first], fractions[-1] - fractions[first]
        waited = max(0.0, now - last)
        if fractions[-1] >= 1:
            return max(0.0, self.seconds_after - waited)
        if seconds <= 0 or (seconds < _SURE_S and fractions[-1] < _SURE):
            return None
        whole = (1 - fractions[-1]) * seconds / done
        # a step that is overdue shows that the pace was better than it is
        return max(whole - waited, whole * 0.5) + self.seconds_after

    @staticmethod
    def _first(times: list[float]) -> int:
        """From which report on the pace is taken."""
        window = max(_LEAST_S, _RECENT * (times[-1] - times[0]))
        return max(0, min(bisect_right(times, times[-1] - window) - 1, len(times) - 2))
