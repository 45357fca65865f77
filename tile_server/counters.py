"""What this worker has done since it started, for `/metrics`."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram's classes in seconds."""


@dataclass
class Counters:
    """Changed on the event loop only. `classes`: answers that took up to a bound and more than the one before.

    `tiles`: prebuilt tiles answered from what is ready."""

    started: float = field(default_factory=time.time)
    tiles: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    classes: Counter[tuple[str, float]] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)
    running: int = 0

    def answered(self, group: str, status: int, seconds: float) -> None:
        """Counts one answer of a group of paths (its first segment: a name of ours, never the client's text)."""
        self.answers[group, status] += 1
        self.seconds[group] = self.seconds.get(group, 0.0) + seconds
        at = bisect_left(BOUNDS_S, seconds)
        if at < len(BOUNDS_S):
            self.classes[group, BOUNDS_S[at]] += 1
