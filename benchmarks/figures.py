"""From pairs of measurements to a line for people: medians, and how far the pairs lie apart."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Pairs = Sequence[tuple[float, float]]
    """Without and with, measured one right after the other."""


def spread(values: Iterable[float], digits: int = 2) -> str:
    """The median, and where the middle half of the values lies; of fewer than four values, all of them."""
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    if len(ordered) > 3:  # noqa: PLR2004 - see above
        low, _, high = quantiles(ordered, n=4)
    return f"{median(ordered):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def ratio(pairs: Pairs) -> str:
    return spread((with_ / without for without, with_ in pairs), 3)


def added(pairs: Pairs, unit: float = 1.0, digits: int = 2) -> str:
    """The differences, in units of `unit`."""
    return spread(((with_ - without) / unit for without, with_ in pairs), digits)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
