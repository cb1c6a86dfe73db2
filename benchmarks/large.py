"""How reading and planning grow with the stack, beside half of it: python benchmarks/large.py."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

from measure import table, within
from sixgates.config import load_stack
from sixgates.config.stack import PROVIDERS, read_file
from sixgates.gateway.rehearsed import scenarios_of
from sixgates.gateway.sample import sampled
from sixgates.linting.reports import of_stack

ROUNDS = 3
GROWTH = 3.5
"""Twice the size takes a little more than twice as long: caches are not linear. Squares take four times."""

SAMPLE = 200


def providers(count: int) -> str:
    """So many providers with one model each."""
    return "providers:\n" + "".join(
        f"  p{n}:\n    type: vllm\n    base_url: http://10.{n >> 16}.{n >> 8 & 255}.{n & 255}:8000\n"
        f"    models:\n      - m{n}\n"
        for n in range(count)
    )


def routes(count: int) -> tuple[str, str]:
    """Ten providers, and so many names on them, a tenth of which falls back to the next; patterns too."""
    names = "".join(
        f"  n{n}: {{provider: p{n % 10}, backend_model: m{n % 10}"
        + (f", fallback: n{n + 1}}}\n" if n % 10 == 0 else "}\n")
        for n in range(count)
    )
    patterns = "".join(f"  - {{pattern: '^pre{n}-.*', provider: p{n % 10}}}\n" for n in range(count // 20))
    return providers(10), f"exact_matches:\n{names}patterns:\n{patterns}"


def write(folder: Path, sources: tuple[str, str]) -> Path:
    """A stack of the two files."""
    folder.mkdir()
    (folder / "providers.yaml").write_text(sources[0])
    (folder / "model-mappings.yaml").write_text(sources[1])
    return folder


def took(action: Callable[[Path], object], folder: Path) -> float:
    """The median of a few runs; each reads the files anew, as a change of a comment forces it to."""
    found = []
    for number in range(ROUNDS):
        for file in folder.glob("*.yaml"):
            file.write_text(file.read_text() + f"# {number}\n")
        started = process_time()
        action(folder)
        found.append(process_time() - started)
    return median(found)


def plan(folder: Path) -> None:
    """All scenarios, and the sample that is played."""
    sample = sampled(scenarios_of(load_stack(folder)), SAMPLE)
    assert len(sample.chosen) == SAMPLE, sample.bound


def unknown(count: int) -> tuple[str, str]:
    """So many providers, and as many names on others whose names are near."""
    names = "".join(f"  n{n}: {{provider: px{n}, backend_model: m{n}}}\n" for n in range(count))
    return providers(count), f"exact_matches:\n{names}"


def nothing_mapped(count: int) -> tuple[str, str]:
    """Providers alone."""
    return providers(count), "exact_matches: {}\n"


@dataclass(frozen=True, slots=True)
class Work:
    """What is measured on a stack of this size, and how many seconds it may take."""

    words: str
    action: Callable[[Path], object]
    sources: Callable[[int], tuple[str, str]]
    size: int
    seconds: float


WORK = (
    Work("linting 2,000 names", of_stack, routes, 2_000, 5),
    Work("linting 2,000 unknown providers", of_stack, unknown, 2_000, 5),
    Work("planning 2,000 names, sampling 200", plan, routes, 2_000, 5),
    Work("reading 9 MB of providers", lambda at: read_file(at, PROVIDERS), nothing_mapped, 100_000, 5),
    Work("linting 9 MB of providers", of_stack, nothing_mapped, 100_000, 15),
)


def main() -> int:
    rows, missed = [], False
    with tempfile.TemporaryDirectory() as name:
        for number, work in enumerate(WORK):
            half = took(work.action, write(Path(name) / f"half{number}", work.sources(work.size // 2)))
            whole = took(work.action, write(Path(name) / f"whole{number}", work.sources(work.size)))
            rows.append((f"{work.words}, s", f"{whole:.2f}", within(whole, work.seconds)))
            rows.append(
                ("  times as long as half of it", f"{whole / half:.2f}", within(whole / half, GROWTH))
            )
            missed = missed or whole > work.seconds or whole / half > GROWTH
    print(f"medians of {ROUNDS} runs; process time")
    table(rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
