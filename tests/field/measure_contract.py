"""Prints how gate 4 fares on the defects of real servers: `python tests/field/measure_contract.py [AREA …]`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.field.contract.corpus import AREAS
from tests.field.contract.reading import Rate, readings


def main(areas: list[str]) -> None:
    """One line for each reading that is not right, then the rates of all and of what is legal."""
    rates: Counter[Rate] = Counter()
    legal: Counter[bool] = Counter()
    for area in areas or AREAS:
        for reading in readings(AREAS[area]):
            rates[reading.rate] += 1
            if reading.report.legal:
                legal[reading.rate is Rate.HIGH] += 1
            if not reading.rate.right or "-v" in sys.argv:
                said = ", ".join(reading.said[:6] + reading.broken) or "nothing"
                print(
                    f"{area}/{reading.report.id} ({reading.way}, {reading.touched}): {reading.rate}: {said}"
                )
    total = sum(rates.values())
    print(f"{total} readings: " + ", ".join(f"{rates[rate]} {rate}" for rate in Rate))
    print(f"{legal[True]} of {legal.total()} legal behaviours called broken")


if __name__ == "__main__":
    main([each for each in sys.argv[1:] if not each.startswith("-")])
