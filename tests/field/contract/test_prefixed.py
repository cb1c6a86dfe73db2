"""A server behind a path of its own, as on Groq (/openai/v1), OpenRouter (/api/v1) and Gemini (/v1beta/openai)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.serving import served

from sixgates.contract import Contract
from sixgates.exchange import Request, Response
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.verdict import Outcome

CHECKS = (
    "models.list.shape",
    "models.retrieve.ok",
    "chat.answered",
    "chat.stream.answered",
    "errors.envelope",
)
NOWHERE = Response(404, (("content-type", "text/html"),))


class Prefixed(ReferenceProvider):
    """The reference under a path; whatever is asked elsewhere is not there."""

    prefix = ""

    def respond(self, request: Request) -> Response:
        """The reference's answer below the path."""
        below = request.path.removeprefix(self.prefix)
        return super().respond(replace(request, path=below)) if below != request.path else NOWHERE


@pytest.mark.parametrize(("prefix", "below"), [("/openai", "/v1"), ("/api", "/v1/"), ("/a/b", "")])
def test_a_prefix_is_legal(prefix: str, below: str, tmp_path: Path) -> None:
    """With the version in the address or without, and with a slash at its end."""
    provider = Prefixed("m")
    provider.prefix = prefix
    with served(provider) as root:
        address = f"{root}{prefix}{below}"
        run = Run(tmp_path, tmp_path, tmp_path, live=True, base_url=address, model="m")
        contract = Contract(run.parties()[0], tmp_path, tmp_path, live=True, wanted=set(CHECKS))
        judgement = contract.judgement()
        assert {judgement.verdict(name).outcome for name in CHECKS} == {Outcome.PASSED}
        assert judgement.fatal is None
