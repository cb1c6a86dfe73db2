"""An ad-hoc server is held to the context length that its own list of models states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.serving import served

from sixgates import catalogue
from sixgates.config import Provider
from sixgates.contract import Contract
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.party import Party
from sixgates.reference import mutants
from sixgates.reference.mutants import Mutant, MutantProvider, in_json
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.stated import MOST_ASKED, stated_length
from sixgates.verdict import Outcome

ROOT = Path(__file__).parents[2]
CHECKS = ("errors.context_length_status", "errors.context_no_silent_truncation")


def listed(document: object, status: int = 200) -> Exchange:
    """A list of models, or whatever came instead."""
    body = (Chunk(json.dumps(document).encode(), 0.1),)
    return Exchange("models-list", Request("GET", "/v1/models", (), None), Response(status, (), body))


@pytest.mark.parametrize(
    ("entry", "length"),
    [
        ({"max_model_len": 4096}, 4096),
        ({"meta": {"n_ctx": 2048, "n_ctx_train": 8192}}, 2048),
        ({"context_length": 163840}, 163840),
        ({"context_window": 131072}, 131072),
        ({"max_context_length": 32768}, 32768),
        ({"max_model_len": None, "context_length": 512}, 512),
        ({"max_model_len": True}, None),
        ({"max_model_len": "4096"}, None),
        ({"max_model_len": 0}, None),
        ({"meta": None}, None),
        ({"meta": {"n_ctx_train": 8192}}, None),
        ({}, None),
    ],
)
def test_what_an_entry_says(entry: dict[str, Any], length: int | None) -> None:
    """Each server has its own member for it; what the model was trained for is none."""
    assert stated_length(listed({"data": [{"id": "m"} | entry]}), "m") == length


def test_of_several_models_the_one_that_is_asked_for_counts() -> None:
    """And where none of them has its name, none does."""
    two = listed({"data": [{"id": "a", "max_model_len": 1}, {"id": "m", "max_model_len": 2}]})
    assert (stated_length(two, "m"), stated_length(two, "b")) == (2, None)
    assert stated_length(listed({"data": [{"id": "a", "max_model_len": 1}]}), "b") == 1
    assert stated_length(listed({"data": [{"id": "m", "max_model_len": 1}]}, 500), "m") is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["data", "id", "meta", "n_ctx", "max_model_len"]), inner)
        ),
    )
)
def test_no_list_raises(document: object) -> None:
    """A server may list anything."""
    said = stated_length(listed(document), "m")
    assert said is None or said > 0


@pytest.mark.parametrize("provider", ["vllm", "llama_cpp"])
def test_what_the_recorded_engines_state(provider: str) -> None:
    """Both were started with a context of 2048 tokens."""
    _, answers = cassette.answers(ROOT / "cassettes" / provider, provider, catalogue.load().probes())
    assert stated_length(answers["models-list"], "smollm2") == 2048


def contract(folder: Path, url: str, length: int | None = None) -> Contract:
    """Of a server that nobody described, with two checks wanted."""
    model = {"name": "reference", "context_length": length}
    entry = Provider.model_validate({"type": "openai_compatible", "base_url": url, "models": [model]})
    party = Party("p", entry, detect=True, ad_hoc=True)
    return Contract(party, folder / "cassettes", folder, live=True, wanted={*CHECKS})


def stating(length: object, *defects: Mutant) -> MutantProvider:
    """The reference, whose list states a length, with a defect in its refusals."""
    listing = Mutant(
        "stated",
        on=lambda request: request.path == "/v1/models" or any(each.on(request) for each in defects),
        edit=lambda response: (
            in_json(lambda body: body["data"][0].update(max_model_len=length))(response)
            if b'"list"' in response.body
            else defects[0].edit(response)  # type: ignore[misc]
        ),
        caught_by=(),
    )
    return MutantProvider(listing, ReferenceProvider())


def outcomes(folder: Path, provider: MutantProvider) -> dict[str, tuple[Outcome, str]]:
    """What the two checks come to, live."""
    with served(provider, pace=0.0) as url:
        tries = contract(folder, url).judgement()
        return {
            name: (verdict.outcome, verdict.reason) for name in CHECKS for verdict in [tries.verdict(name)]
        }


def test_a_stated_length_is_asked_for(tmp_path: Path) -> None:
    """The reference holds 2048 tokens, says so, and refuses more."""
    assert outcomes(tmp_path, stating(2048)) == dict.fromkeys(CHECKS, (Outcome.PASSED, ""))


def test_a_stated_length_that_crashes_is_found(tmp_path: Path) -> None:
    """In each of three tries: the request that is sent again is as long as the first."""
    defect = mutants.load()["overlong-prompt-500"]
    assert outcomes(tmp_path, stating(2048, defect))[CHECKS[0]][0] is Outcome.FAILED


@pytest.mark.parametrize(
    ("length", "why"),
    [
        (None, "its list of models does not say how much its model holds"),
        (
            MOST_ASKED + 1,
            "its model holds 65537 tokens, and a prompt of more than 65536 is not sent unasked",
        ),
    ],
)
def test_what_is_not_asked_says_why(tmp_path: Path, length: int | None, why: str) -> None:
    """Nobody sends a book unasked."""
    reason = f"p was not asked for context_length: {why}. "
    reason += "`context_length` of its model in providers.yaml says it"
    found = outcomes(tmp_path, stating(length))
    assert found == dict.fromkeys(CHECKS, (Outcome.NOT_APPLICABLE, reason))
