"""The recordings of this repository: each belongs to a probe and a provider, is fresh, and says what it is of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.config import load_stack
from sixgates.sources import cassette

ROOT = Path(__file__).parents[2]
STACK = load_stack(ROOT / "config")
PROBES = {probe.name: probe for probe in catalogue.load().probes()}
FILES = sorted((ROOT / "cassettes").glob("*/*.yaml"))
HOME = re.compile(r"/(root|home|Users)/")


def test_every_active_provider_is_recorded() -> None:
    """And nothing else is."""
    assert {path.parent.name for path in FILES} == set(STACK.active)


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_a_cassette_is_fresh_and_labelled(path: Path) -> None:
    """Its probe exists unchanged, and engine, version, model and date are named; no home directory shows."""
    label, exchange = cassette.read(path, PROBES[path.stem])
    entry = STACK.active[path.parent.name]
    assert (label.provider, label.type) == (path.parent.name, entry.type)
    assert label.engine_version
    assert label.model in entry.model_names
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", label.recorded)
    assert exchange.request.header("authorization") is None
    assert HOME.search(path.read_text(encoding="utf-8")) is None
