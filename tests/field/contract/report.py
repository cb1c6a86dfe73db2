"""A public report on a real server, as a small corruption of the reference and the verdict that is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sixgates.exchange import Exchange, Request, Response
from sixgates.reference.mutants import Applies, Edit, Rewrite, body_of
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.pace import limits_the_rate
from sixgates.verdict import Outcome

KEY = "sk-reference"

Against = Callable[[Request, Response], Response]
"""A change of an answer that depends on what was asked."""


@dataclass(frozen=True, slots=True)
class Part:
    """What goes wrong with some requests: they are read wrongly, or their answers are changed.

    `fresh` makes a change that remembers what it saw, anew for each server.
    """

    on: Applies
    edit: Edit | None = None
    rewrite: Rewrite | None = None
    against: Against | None = None
    fresh: Callable[[], Against] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One report: where it is told, what the server did, and what gate 4 should say of such a server.

    `checks` are patterns of ids, one of which must have the `outcome`, where all capabilities are declared.
    `auto` is the outcome that is right where they are detected instead, `undeclared` the one where the owner
    declares none; None means that it is not tried. A `legal` behaviour is one that clients read well, `read_by`
    those of `CLIENTS` that were measured: no check may call it FAILED, and no client is said to be broken by it.
    """

    id: str
    link: str
    what: str
    corrupt: tuple[Part, ...]
    outcome: Outcome = Outcome.FAILED
    checks: tuple[str, ...] = ()
    auto: Outcome | None = None
    undeclared: Outcome | None = None
    declared: bool = True
    legal: bool = False
    read_by: tuple[str, ...] = ()


TRIES = 3
"""How often a server is asked that says that it is busy; a live run waits longer than any of these is."""


class Corrupted(ReferenceProvider):
    """The reference with the defect of one report; `touched` counts the answers in which it showed."""

    def __init__(self, report: Report, *, model: str = "reference", key: str | None = KEY) -> None:
        super().__init__(model, key=key)
        self._parts = [(part, part.fresh() if part.fresh else None) for part in report.corrupt]
        self.touched = 0

    def respond(self, request: Request) -> Response:
        """The answer to a request, which is sent again where it is refused for load, as a live run does."""
        for _ in range(TRIES):
            response = self._respond(request)
            if not limits_the_rate(Exchange("", request, response)):
                break
        return response

    def _respond(self, request: Request) -> Response:
        """The reference's answer, after all parts that apply changed the request or it."""
        parts = [(part, made) for part, made in self._parts if part.on(request)]
        asked = request
        for part, _ in parts:
            asked = part.rewrite(asked) if part.rewrite else asked
        answer = super().respond(asked)
        changed = answer
        for part, made in parts:
            changed = part.edit(changed) if part.edit else changed
            changed = part.against(request, changed) if part.against else changed
            changed = made(request, changed) if made else changed
        asked_else = body_of(asked) != body_of(request) or asked.headers != request.headers
        self.touched += changed != answer or asked_else
        return changed
