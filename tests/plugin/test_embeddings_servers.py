"""A server that embeds and does not chat is judged by what it offers, and asked nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.serving import served

from sixgates.catalogue import CHAT_PATH, OFFERED_AT
from sixgates.exchange import Request, Response
from sixgates.reference.desk import Refused
from sixgates.reference.provider import ReferenceProvider

CONTRACTS = Path(__file__).parents[2] / "contracts"
Start = Callable[["EmbeddingsOnly"], str]


class EmbeddingsOnly(ReferenceProvider):
    """The reference without its other endpoints; it keeps the paths that it was asked on."""

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        super().__init__(model="m")
        self.missing = {*OFFERED_AT, *without} - ({"/v1/embeddings"} - without)
        self.asked: list[str] = []

    def respond(self, request: Request) -> Response:
        """A 404 to what is not there."""
        self.asked.append(request.path)
        if request.path in self.missing:
            refusal = Refused(404, "Not Found", "invalid_request_error")
            return self.json(refusal.envelope, refusal.status)
        return super().respond(request)


@pytest.fixture
def serving() -> Iterator[Start]:
    """Serve a provider until the test ends; returns its base URL."""
    with ExitStack() as stack:
        yield lambda provider: stack.enter_context(served(provider))


def judge(pytester: pytest.Pytester, url: str) -> pytest.RunResult:
    """Run the contract suite against an embeddings server."""
    address = ("--live", "--endpoint", url, "--model", "m", "--capabilities", "embeddings,dimensions")
    return pytester.runpytest_subprocess(CONTRACTS, *address, "--rootdir", pytester.path, "-q")


def test_an_embeddings_server_is_asked_nothing_of_chat(pytester: pytest.Pytester, serving: Start) -> None:
    """It passes what applies, is MET, and no chat or completion was asked of it."""
    provider = EmbeddingsOnly()
    result = judge(pytester, serving(provider))
    assert result.ret == 0, result.stdout.str()
    assert result.parseoutcomes()["passed"] > 20
    assert "/v1/embeddings" in provider.asked
    assert CHAT_PATH not in provider.asked
    assert "4 Contract       MET" in result.stdout.str()


def test_a_server_that_lost_its_embeddings_fails_with_advice(
    pytester: pytest.Pytester, serving: Start
) -> None:
    """A listing alone is a server that can be judged; the one failure says what is missing."""
    provider = EmbeddingsOnly(frozenset(("/v1/embeddings",)))
    result = judge(pytester, serving(provider))
    assert result.ret == 1
    text = result.stdout.str()
    assert "embeddings.answered  MUST  FAILED" in text
    assert "the server serves no embeddings" in text
    assert "/v1/embeddings" in provider.asked
    assert CHAT_PATH not in provider.asked
