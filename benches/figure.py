"""What was measured, and one line of the table about it."""

import dataclasses
import statistics


class Failed(Exception):
    """A command or a program that had to do something did not."""


@dataclasses.dataclass
class Sample:
    seconds: float
    resident: float  # MB, the largest process of the command


@dataclasses.dataclass
class Side:
    samples: list = dataclasses.field(default_factory=list)

    @property
    def seconds(self):
        return statistics.median(s.seconds for s in self.samples)

    @property
    def resident(self):
        return max(s.resident for s in self.samples)

    def __str__(self):
        # Three digits tell enough of anything; what takes milliseconds would have one.
        scale, unit, digits = (1, "s", 2) if self.seconds >= 0.1 else (1000, "ms", 1)
        middle, least, most = (
            f"{scale * value:.{digits}f}"
            for value in (self.seconds, *(f(s.seconds for s in self.samples) for f in (min, max)))
        )
        return f"{middle} {unit} ({least}–{most}), {self.resident:.0f} MB"


@dataclasses.dataclass
class Row:
    """Times beside a peer's; a row without a limit only reports."""

    what: str
    ours: Side
    peer: str
    theirs: Side | None = None
    ratio_limit: float | None = None
    resident_limit: float | None = None
    seconds_limit: float | None = None
    seconds_wished: float | None = None

    def holds(self):
        ratio = self.ratio_limit is None or self.ours.seconds <= self.ratio_limit * self.theirs.seconds
        resident = self.resident_limit is None or self.ours.resident <= self.resident_limit
        seconds = self.seconds_limit is None or self.ours.seconds <= self.seconds_limit
        return ratio and resident and seconds

    def cells(self):
        budget, verdict = [], "yes" if self.holds() else "**no**"
        if self.ratio_limit is not None:
            budget.append(f"≤ {self.ratio_limit}×")
        if self.seconds_limit is not None:
            budget.append(f"≤ {1000 * self.seconds_limit:.0f} ms")
        if self.resident_limit is not None:
            budget.append(f"≤ {self.resident_limit:.0f} MB")
        if self.seconds_wished is not None:
            budget.append(f"about {self.seconds_wished} s")
            verdict = "yes" if self.ours.seconds <= self.seconds_wished else "no (only reported)"
        ratio = f"{self.ours.seconds / self.theirs.seconds:.2f}×" if self.theirs else "–"
        peer = f"{self.peer}: {self.theirs}" if self.theirs else self.peer
        return [self.what, str(self.ours), peer, ratio, ", ".join(budget), verdict]


@dataclasses.dataclass
class Count:
    """A number that must not be exceeded; what a peer has is beside it."""

    what: str
    value: float
    unit: str
    most: float
    peer: str = "–"

    def holds(self):
        return self.value <= self.most

    def cells(self):
        verdict = "yes" if self.holds() else "**no**"
        words = [f"{number:g} {self.unit}" for number in (round(self.value, 2), self.most)]
        return [self.what, words[0], self.peer, "–", f"≤ {words[1]}", verdict]
