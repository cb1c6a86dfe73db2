"""Who answers: an engine by two signs that agree, an owner's word unless it is contradicted, and no gateway."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.known.dressed import VERSIONS, Answers, bearing, dressed, signs_of

from sixgates import catalogue
from sixgates.config import Model, Provider, ProviderType
from sixgates.exchange import Chunk, Exchange, Request, Response
from sixgates.excuses import accepted, engine_of, remarks, title
from sixgates.known import identify
from sixgates.known.signs import GATEWAYS, SIGNS, Kind
from sixgates.party import Party
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers

ROOT = Path(__file__).parents[2]
RECORDED = {
    ("cassettes", "vllm"): (ProviderType.VLLM, "0.32.0", "LIST ANSWER ERROR"),
    ("cassettes", "vllm_embeddings"): (ProviderType.VLLM, "", "LIST ANSWER ERROR"),
    ("cassettes", "llama_cpp"): (ProviderType.LLAMA_CPP, "", "HEADER LIST ANSWER ERROR"),
    ("cassettes", "llama_cpp_embeddings"): (ProviderType.LLAMA_CPP, "", "HEADER LIST ERROR"),
    ("cassettes/versions/b11434", "llama_cpp"): (ProviderType.LLAMA_CPP, "", "HEADER LIST ANSWER ERROR"),
    ("cassettes", "llama_cpp_python"): (ProviderType.LLAMA_CPP_PYTHON, "", "HEADER LIST ERROR"),
    ("cassettes", "ollama"): (ProviderType.OLLAMA, "", "LIST ANSWER ERROR"),
    ("cassettes", "ollama_thinking"): (ProviderType.OLLAMA, "", "LIST ANSWER ERROR"),
    ("cassettes", "ollama_embeddings"): (ProviderType.OLLAMA, "", "LIST ERROR"),
}
"""Each recording: whose it is, the version that its answers say, and where it shows."""
ALONE = [(sign.engine, sign.kind) for sign in SIGNS]
PAIRS = [
    (engine, pair)
    for engine in dict.fromkeys(sign.engine for sign in SIGNS)
    for pair in combinations(signs_of(engine), 2)
]


@cache
def reference() -> Answers:
    """What the reference answers, which shows no engine."""
    return answers(ReferenceProvider("m", key="k"), catalogue.load().probes())


def party(kind: ProviderType, **more: object) -> Party:
    """A provider of a declared type."""
    entry = {"type": kind, "base_url": "http://127.0.0.1:1", "models": [Model(name="m")], **more}
    return Party("p", Provider.model_validate(entry))


@pytest.mark.parametrize(("folder", "name"), RECORDED, ids=str)
def test_a_recorded_engine_is_told_by_its_signs(folder: str, name: str) -> None:
    """Each shows in two places at least, and nothing in its recording is the sign of another."""
    engine, version, kinds = RECORDED[folder, name]
    _, found = cassette.answers(ROOT / folder / name, name, catalogue.load().probes())
    identity = identify(found)
    assert (identity.type, identity.version, identity.gateway) == (engine, version, "")
    assert {one: " ".join(kind.name for kind in shown) for one, shown in identity.signs.items()} == {
        engine: kinds
    }


def test_every_recording_is_in_the_table() -> None:
    """A new one has to be told as well."""
    folders = [
        "cassettes",
        *(f"cassettes/versions/{path.name}" for path in (ROOT / "cassettes/versions").iterdir()),
    ]
    kept = {(folder, path.name) for folder in folders for path in (ROOT / folder).iterdir()}
    assert set(RECORDED) == kept - {("cassettes", "versions")}


def test_the_reference_shows_no_engine() -> None:
    """The control of all that follows."""
    assert identify(reference()).signs == {}


@pytest.mark.parametrize(("engine", "kind"), ALONE, ids=[f"{e}-{k.name}" for e, k in ALONE])
def test_one_sign_alone_proves_nothing(engine: ProviderType, kind: Kind) -> None:
    """A gateway may pass on `Server: llama.cpp`, or an answer with its fingerprint."""
    found = signs_of(engine)[kind](reference())
    identity = identify(found)
    assert identity.signs == {engine: (kind,)}, "the sign is not seen at all"
    assert (identity.type, identity.version) == (None, "")
    undeclared = party(ProviderType.OPENAI_COMPATIBLE)
    assert engine_of(undeclared, found, None, live=True) == (ProviderType.OPENAI_COMPATIBLE, "")
    assert accepted(undeclared, ProviderType.OPENAI_COMPATIBLE, "", "", found) == ()


@pytest.mark.parametrize(("engine", "pair"), PAIRS, ids=[f"{e}-{a.name}-{b.name}" for e, (a, b) in PAIRS])
def test_two_signs_prove_an_engine_where_its_list_does_not_deny_it(
    engine: ProviderType, pair: tuple[Kind, Kind]
) -> None:
    """The reference's list names another owner: a gateway that writes its own list is not the engine."""
    found = reference()
    for kind in pair:
        found = signs_of(engine)[kind](found)
    without_list = {name: answer for name, answer in found.items() if name != "models-list"}
    assert identify(found).type is (engine if Kind.LIST in pair else None)
    if Kind.LIST not in pair:
        assert identify(without_list).type is engine


@pytest.mark.parametrize("engine", VERSIONS)
def test_a_version_is_that_of_the_engine_that_is_proved(engine: ProviderType) -> None:
    """And of none where two answers of one engine say two versions."""
    found = dressed(engine, reference())
    assert identify(found).version == VERSIONS[engine]
    other = signs_of(engine)[Kind.ANSWER](reference())["chat"]
    assert identify({**found, "chat-again": other}).version == VERSIONS[engine]
    assert isinstance(other, Exchange)
    assert other.response is not None
    newer = other.response.body.replace(
        VERSIONS[engine].encode(), VERSIONS[engine].replace("0", "9").encode()
    )
    again = replace(other, response=replace(other.response, chunks=(Chunk(newer, 0.1),)))
    assert identify({**found, "chat-again": again}).version == ""


def test_signs_of_two_engines_prove_neither() -> None:
    """Several engines behind one address: nobody knows which of them sends the broken reply."""
    found = dressed(ProviderType.VLLM, reference())
    mixed = signs_of(ProviderType.LLAMA_CPP)[Kind.HEADER](found)
    assert identify(mixed).type is None


@pytest.mark.parametrize("prefix", GATEWAYS)
@pytest.mark.parametrize("engine", dict.fromkeys(sign.engine for sign in SIGNS))
def test_a_gateway_that_names_itself_is_not_the_engine_behind_it(engine: ProviderType, prefix: str) -> None:
    """However much of it shows, and whatever was declared: the report says who answers."""
    found = bearing(dressed(engine, reference()), (f"{prefix.title()}Id", "1"))
    assert identify(dressed(engine, reference())).type is engine
    assert identify(found).type is None
    declared = party(engine, engine_version="b10434")
    assert accepted(declared, engine, "b10434", "", found) == ()
    assert title(engine, "1", found).endswith(f" 1 behind {GATEWAYS[prefix]}")
    said = f"and not excused here: {GATEWAYS[prefix]} answers (header {prefix}id)"
    assert all(each.endswith(said) for each in remarks(declared, engine, "b10434", found).values())


@pytest.mark.parametrize("kind", Kind)
def test_a_declared_engine_is_not_excused_where_another_answers(kind: Kind) -> None:
    """`type: vllm` was written, and what answers is llama.cpp."""
    declared, found = (
        party(ProviderType.VLLM, engine_version="0.32.0"),
        signs_of(ProviderType.LLAMA_CPP)[kind](reference()),
    )
    assert engine_of(declared, found, None, live=True) == (ProviderType.VLLM, "0.32.0")
    assert accepted(declared, ProviderType.VLLM, "0.32.0", "", found) == ()
    assert remarks(declared, ProviderType.VLLM, "0.32.0", found)["tools.call.no_args"] == (
        f"known of vLLM 0.32.*, and not excused here: the answers are those of type llama_cpp ({kind})"
    )
    assert title(ProviderType.VLLM, "0.32.0", found) == "vLLM 0.32.0 as declared"


def test_a_declared_engine_holds_behind_a_plain_proxy() -> None:
    """nginx or Envoy writes its own Server header and leaves the rest; so does a server that shows nothing at all."""
    declared = party(ProviderType.VLLM, engine_version="0.32.0")
    for found in (
        reference(),
        bearing(dressed(ProviderType.VLLM, reference()), ("server", "nginx/1.27.0"), ("via", "1.1 proxy")),
        bearing(dressed(ProviderType.VLLM, reference()), ("server", "llama.cpp")),
    ):
        assert accepted(declared, ProviderType.VLLM, "0.32.0", "", found)
        assert remarks(declared, ProviderType.VLLM, "0.32.0", found) == {}
        assert title(ProviderType.VLLM, "0.32.0", found) == "vLLM 0.32.0"


@pytest.mark.parametrize(
    ("ad_hoc", "step"), [(False, "declare type: llama_cpp"), (True, "give --engine llama_cpp:VERSION")]
)
def test_one_sign_is_mentioned_with_what_would_make_it_hold(ad_hoc: bool, step: str) -> None:
    """Whoever runs a llama.cpp of which little shows learns how to say so."""
    found = signs_of(ProviderType.LLAMA_CPP)[Kind.HEADER](reference())
    undeclared = replace(party(ProviderType.OPENAI_COMPATIBLE), ad_hoc=ad_hoc)
    assert remarks(undeclared, ProviderType.OPENAI_COMPATIBLE, "", found)["tools.named.called"] == (
        "known of llama.cpp >=b10434,<=b11434, and not excused here: "
        f"it shows only by the headers of every reply; where it is that, {step}"
    )
    assert remarks(undeclared, ProviderType.OPENAI_COMPATIBLE, "", reference()) == {}


def test_a_header_that_not_every_reply_has_is_no_sign() -> None:
    """A gateway passes on headers of what it relays, and writes its own errors without them."""
    found = signs_of(ProviderType.LLAMA_CPP)[Kind.HEADER](reference())
    own = {**found, "no-key": reference()["no-key"]}
    assert identify(own).signs == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "owned_by", "error", "code", "message", "id", "timings", "detail"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["models-list", "chat", "no-key"]), st.sampled_from([200, 404, 500]))
def test_whatever_a_server_says_is_no_error_of_ours(document: object, probe: str, status: int) -> None:
    """No JSON, and no lack of it, breaks the look at who answers."""
    for body in (json.dumps(document).encode(), b"\xff{", b""):
        reply = Response(status, (), (Chunk(body, 0.1),))
        assert identify({probe: Exchange(probe, Request("GET", "/"), reply)}).type is None
