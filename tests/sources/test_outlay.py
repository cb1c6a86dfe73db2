"""Before its first request a live run says what it will ask, and never asks for more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from tests.serving import served

from sixgates import catalogue
from sixgates.catalogue import Probe
from sixgates.exchange import Request, Response
from sixgates.probes.clients import MORE, STAYS_FOR, chat_stream_agent, chat_stream_chunked
from sixgates.probes.interleaved import parallel_streams
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.live import Target, fetch
from sixgates.sources.outlay import Outlay, announcement, most_tokens, outlays, place_of

PROBES = catalogue.load().probes()
THIS = "this machine"


class Counting(ReferenceProvider):
    """The reference provider, which keeps the requests that it was sent."""

    def __init__(self) -> None:
        super().__init__("m")
        self.asked: list[Request] = []

    def respond(self, request: Request) -> Response:
        """Note the request, and answer it."""
        self.asked.append(request)
        return super().respond(request)


def asked_of_a_server(probes: Iterable[Probe]) -> list[Request]:
    """What a live run sends."""
    provider = Counting()
    with served(provider) as url:
        fetch(Target("p", url, "m", context_length=64), probes)
    return provider.asked


def test_no_run_asks_for_more_than_was_said() -> None:
    """Over all probes, those that build on answers included."""
    (said,) = outlays(PROBES, PROBES)
    asked = asked_of_a_server(PROBES)
    caps = [most_tokens(request) for request in asked]
    assert 1000 < sum(cap or 0 for cap in caps) <= said.tokens
    left = [probe.name for probe in PROBES if probe.hang_up_after and most_tokens(probe.request("m")) is None]
    assert caps.count(None) == len(said.uncapped) + len(left) == len(said.uncapped) + 3
    gauges = [request for request in asked if request.path in said.gauges]
    assert gauges
    assert len(asked) - len(gauges) == said.requests


@pytest.mark.parametrize("probe", PROBES, ids=[probe.name for probe in PROBES])
def test_each_probe_is_counted_as_it_is_sent(probe: Probe, real: dict[str, int | None]) -> None:
    (said,) = outlays(PROBES, [probe])
    cap = real.get(probe.name, 0)
    assert (cap is None and probe.hang_up_after is None) == (probe.name in said.uncapped)
    assert (probe.hang_up_after or 0 if cap is None else cap) <= said.tokens


@pytest.fixture(scope="module")
def real() -> dict[str, int | None]:
    """By probe, the tokens that its request to a real server allows."""
    provider = Counting()
    gauges = {probe.gauge.name for probe in PROBES if probe.gauge}
    with served(provider) as url:
        found = fetch(Target("p", url, "m", context_length=64), PROBES)
    return {name: most_tokens(each.request) for name, each in found.items() if name not in gauges}  # type: ignore[union-attr]


def test_what_names_no_cap_is_known() -> None:
    """Three bodies that are no request, and one cap to be refused; where a client leaves, that is its cap."""
    (said,) = outlays(PROBES, PROBES)
    assert set(said.uncapped) == {"invalid-json", "empty-body", "deeply-nested", "chat-out-of-range"}


def test_what_is_asked_of_an_answer_without_a_limit_is_counted_at_its_most() -> None:
    """The rehearsal asks for one token, since the reference goes on; a server that ends early is asked for more."""
    (free,), (limited,) = (outlays(PROBES, [probe]) for probe in (chat_stream_agent, chat_stream_chunked))
    assert (free.tokens, free.uncapped) == (STAYS_FOR, ())
    assert (limited.tokens, limited.uncapped) == (STAYS_FOR + MORE, ())


def test_a_group_counts_twice() -> None:
    """It may have to go again as a whole."""
    (once,) = outlays(PROBES, parallel_streams)
    assert once.requests == 2
    assert once.tokens == 2 * sum(16 for _ in parallel_streams)


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (b'{"max_tokens": 5}', 5),
        (b'{"max_tokens": 5, "max_completion_tokens": 7}', 7),
        (b'{"max_output_tokens": 16}', 16),
        (b'{"max_tokens": 5, "n": 3}', 15),
        (b'{"max_tokens": 5, "n": null}', 5),
        (b'{"max_tokens": 5, "best_of": 4, "n": 2}', 20),
        (b'{"max_tokens": 5, "prompt": ["a", "b"]}', 10),
        (b'{"max_tokens": 5, "prompt": [1, 2]}', 5),
        (b'{"max_tokens": 5, "prompt": [[1], [2]], "n": 2}', 20),
        (b'{"max_tokens": null}', None),
        (b'{"max_tokens": 0}', None),
        (b"{}", None),
        (b"[]", None),
        (b"{", None),
        (b"", None),
    ],
)
def test_what_a_body_allows(body: bytes, tokens: int | None) -> None:
    assert most_tokens(Request("POST", "/v1/chat/completions", (), body)) == tokens


def test_what_writes_nothing_costs_nothing() -> None:
    assert most_tokens(Request("GET", "/v1/models")) == 0
    assert most_tokens(Request("POST", "/v1/embeddings", (), b'{"input": "a"}')) == 0


NOTHING = Outlay(0, 0, (), ())


@pytest.mark.parametrize(
    ("ahead", "more", "line"),
    [
        (
            Outlay(78, 4321, (), ()),
            None,
            "vllm: 78 requests, at most 4321 tokens to generate, to http://127.0.0.1:8001 (this machine)",
        ),
        (
            Outlay(78, 4321, (), ()),
            NOTHING,
            "vllm: 78 requests, at most 4321 tokens to generate, to http://127.0.0.1:8001 (this machine)",
        ),
        (
            Outlay(40, 900, ("empty-body",), ("/metrics",)),
            Outlay(20, 300, ("chat-out-of-range",), ()),
            "vllm: 40 requests and reads of /metrics, at most 900 tokens to generate, to http://127.0.0.1:8001 "
            "(this machine); then, as far as it offers that, at most 20 requests and 300 tokens more; without a cap, "
            "as the server is to refuse them: empty-body, chat-out-of-range",
        ),
    ],
)
def test_the_line(ahead: Outlay, more: Outlay | None, line: str) -> None:
    """No secret of the address stands in it."""
    assert announcement("vllm", "http://user:canary@127.0.0.1:8001?key=canary", ahead, more, THIS) == line


@dataclass(frozen=True, slots=True)
class Names:
    """A name server."""

    known: dict[str, list[str]] = field(
        default_factory=lambda: {
            "here": ["127.0.1.1"],
            "box": ["192.168.1.7"],
            "both": ["10.0.0.1", "8.8.8.8"],
            "api.example.com": ["8.8.8.8"],
        }
    )

    def __call__(self, host: str) -> list[str]:
        """The addresses of a host."""
        return self.known.get(host, [])


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("here", THIS),
        ("box", "a private network"),
        ("both", "a public address: it may be billed"),
        ("api.example.com", "a public address: it may be billed"),
        ("nowhere", "a name that does not resolve here: it may be billed"),
        ("localhost", THIS),
        ("models.localhost", THIS),
    ],
)
def test_whose_machine_a_name_is(host: str, place: str) -> None:
    assert place_of(f"http://{host}:8001", Names()) == place


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", THIS),
        ("127.8.8.8", THIS),
        ("0.0.0.0", THIS),
        ("[::1]", THIS),
        ("[::ffff:127.0.0.1]", THIS),
        ("10.1.2.3", "a private network"),
        ("172.17.0.2", "a private network"),
        ("169.254.1.1", "a private network"),
        ("100.64.0.1", "a private network"),
        ("[fd00::1]", "a private network"),
        ("8.8.8.8", "a public address: it may be billed"),
        ("[2001:4860:4860::8888]", "a public address: it may be billed"),
    ],
)
def test_whose_machine_an_address_is(address: str, place: str) -> None:
    assert place_of(f"http://{address}:8001") == place
