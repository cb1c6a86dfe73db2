"""Servers that are not always the same: which answers are defective is told by a seed, not by the moment."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.serving import served

from sixgates.config import Deviation, Provider
from sixgates.contract import Contract
from sixgates.exchange import Request, Response
from sixgates.party import Party
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.reference.server import PACE_S

When = Callable[[Request, int], bool]
"""Of a request, and how often just this request came before, whether the other provider answers it."""


class Changing(ReferenceProvider):
    """The reference, but for the requests that another provider answers; it counts all of them."""

    def __init__(self, other: ReferenceProvider | MutantProvider, when: When) -> None:
        super().__init__("m")
        self.inner, self.other, self.when = ReferenceProvider("m"), other, when
        self.asked: Counter[bytes] = Counter()
        self.total = 0
        self._lock = threading.Lock()

    def respond(self, request: Request) -> Response:
        """The answer of one or the other."""
        with self._lock:
            offer = request.header("accept-encoding")
            recipe = f"{request.method} {request.path}#{offer} ".encode() + (request.body or b"")
            before = self.asked[recipe]
            self.asked[recipe] += 1
            self.total += 1
        return (self.other if self.when(request, before) else self.inner).respond(request)

    def begin(self, request: Request) -> None:
        """The one behind it shows it on its gauge."""
        self.inner.begin(request)

    def end(self, request: Request, *, left: bool = False) -> None:
        """The same."""
        self.inner.end(request, left=left)


def mutant(name: str) -> MutantProvider:
    """The reference with one defect."""
    return MutantProvider(mutants.load()[name], ReferenceProvider("m"))


def by_seed(seed: int, share: float) -> When:
    """A share of the requests, the same in each run whatever the order in which they come."""

    def when(request: Request, before: int) -> bool:
        recipe = f"{seed} {before} {request.method} {request.path} ".encode() + (request.body or b"")
        return int.from_bytes(hashlib.sha256(recipe).digest()[:4], "big") < share * 2**32

    return when


@contextmanager
def judging(
    provider: ReferenceProvider | MutantProvider,
    folder: Path,
    *wanted: str,
    repeat: int = 1,
    capabilities: tuple[str, ...] = (),
    deviations: tuple[Deviation, ...] = (),
    pace: float = PACE_S,
) -> Iterator[Contract]:
    """The contract of a served provider, judged as long as it is served."""
    with served(provider, pace) as url:
        entry = Provider.model_validate(
            {"type": "vllm", "base_url": url, "models": [{"name": "m"}], "capabilities": list(capabilities)}
        )
        party = Party("p", entry, deviations)
        yield Contract(party, folder, folder, live=True, wanted=set(wanted), repeat=repeat)
