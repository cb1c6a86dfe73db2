"""The shape of deviations.yaml: what a provider is known to do differently, why, and until when."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from sixgates.config.shape import Closed, Text
from sixgates.description import Description


class Described(Closed):
    """Findings that a deviation is about: `*` is any text, `#` a number, `~` some text without a quotation mark."""

    where: Text | None = None
    expected: Text | None = None
    got: Text | None = None
    answer: Text | None = None
    """The status and the body of the reply, such as `404 {"detail":"Not Found"}`."""

    @model_validator(mode="after")
    def _says_something(self) -> Described:
        if not any(text and text.strip("*") for text in (self.where, self.expected, self.got, self.answer)):
            raise ValueError("where, expected, got or answer, and not only `*`")
        return self

    @property
    def description(self) -> Description:
        """The same for the judge."""
        return Description(self.where, self.expected, self.got, self.answer)


class Deviation(Closed):
    """A declared exception: it fails the run when it expires, or when the check passes after all."""

    provider: Text
    check: Text
    reason: Annotated[str, StringConstraints(min_length=10)]
    expires: date
    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    engine_version: str | None = None
    findings: list[Described] = Field(default_factory=list)
    """What was seen; without it the entry excuses whatever its check finds."""


class DeviationsFile(Closed):
    """deviations.yaml."""

    deviations: list[Deviation] = Field(default_factory=list)
