"""Whether a provider can be judged at all shows in its first two answers, chat or embeddings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, FailureKind, Request, Response, TransportError
from sixgates.preflight import diagnose, first_probes
from sixgates.symptom import Symptom

Reply = Callable[..., Response]
CHAT = first_probes({"chat", "tools", "embeddings"})
EMBEDDINGS = first_probes({"embeddings"})


def answered(name: str, response: Response | None) -> Exchange:
    """An exchange with that response, or with a connection that was refused."""
    error = None if response else TransportError(FailureKind.REFUSED, "refused")
    return Exchange(name, Request("POST", f"/v1/{name}"), response, error)


def test_who_does_not_chat_is_first_asked_for_an_embedding() -> None:
    assert [probe.name for probe in CHAT] == ["models-list", "chat"]
    assert [probe.name for probe in EMBEDDINGS] == ["models-list", "embeddings"]


@pytest.mark.parametrize(("first", "second"), [(CHAT, "chat"), (EMBEDDINGS, "embeddings")])
def test_one_symptom_in_both_answers_is_the_cause(
    first: tuple[Probe, Probe], second: str, reply: Reply
) -> None:
    refusal = reply(401, {"error": "no"})
    answers = {name: answered(name, refusal) for name in ("models-list", second)}
    assert diagnose(first, answers) == (
        Symptom.UNAUTHORIZED,
        f'POST /v1/{second} answered 401 "{{\\"error\\": \\"no\\"}}"',
    )


def test_a_dead_port_shows_at_once() -> None:
    found = diagnose(EMBEDDINGS, {"models-list": answered("models-list", None)})
    assert found == (Symptom.REFUSED, "POST /v1/models-list: refused")


def test_an_answer_to_what_was_not_first_settles_nothing(reply: Reply) -> None:
    """Chat that works is no sign of life for a provider that is judged on embeddings."""
    lost = reply(404, {"detail": "Not Found"})
    answers = {name: answered(name, lost) for name in ("models-list", "embeddings")}
    alive = {**answers, "chat": answered("chat", reply(200, {}))}
    assert diagnose(CHAT, alive) is None
    found = diagnose(EMBEDDINGS, alive)
    assert found is not None
    assert found[0] is Symptom.NOT_OPENAI


def test_a_usable_listing_is_enough_to_judge(reply: Reply) -> None:
    answers = {
        "models-list": answered("models-list", reply(200, {"data": []})),
        "embeddings": answered("embeddings", reply(404, {"detail": "Not Found"})),
    }
    assert diagnose(EMBEDDINGS, answers) is None
