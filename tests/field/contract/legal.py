"""How a legal behaviour of a widely used server is told: what it is, where it is seen, and who reads it well."""

from __future__ import annotations

from typing import Any

from tests.field.contract.report import Part, Report

from sixgates.impact.measured import CLIENTS

SDKS = ("openai-python", "openai-python helper", "openai-node", "openai-node helper")
"""The official ones, of which each reads every endpoint."""
ALL = CLIENTS
LISTING = ("openai-python", "openai-node")
"""Those that read the list of models."""
EACH_BUT_PYTHON_HELPER = tuple(each for each in CLIENTS if each != "openai-python helper")
"""It makes one word of the roles of all deltas, and has the text and the calls nevertheless."""


def legal(
    name: str, link: str, what: str, *corrupt: Part, read_by: tuple[str, ...] = ALL, **more: Any
) -> Report:
    """One behaviour that no check may call FAILED."""
    return Report(name, link, what, corrupt, legal=True, read_by=read_by, **more)
