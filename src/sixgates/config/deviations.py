"""The shape of deviations.yaml: what a provider is known to do differently, why, and until when."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from sixgates.config.shape import Closed, Text


class Deviation(Closed):
    """A declared exception: it fails the run when it expires, or when the check passes after all."""

    provider: Text
    check: Text
    reason: Annotated[str, StringConstraints(min_length=10)]
    expires: date
    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    engine_version: str | None = None


class DeviationsFile(Closed):
    """deviations.yaml."""

    deviations: list[Deviation] = Field(default_factory=list)
