"""A live contract run of one provider beside its bare requests, and beside itself with one request at a time.

`python benchmarks/live.py URL MODEL` asks a provider that chats. Without a URL it starts the reference server and
asks for everything, so it needs no engine.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from time import perf_counter

import httpx

from forwarder import counting
from measure import RUNS, at_least, table, within
from sixgates import catalogue
from sixgates.board import Watch
from sixgates.capability import CAPABILITIES, CHAT
from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, Request
from sixgates.preflight import first_probes
from sixgates.sources.live import Target, fetch
from sixgates.sources.wire import address

FIRST = first_probes({CHAT})
RATIO, FASTER = 1.15, 2.0
PACE_S = 0.01
SERVE = "import sys; from sixgates.cli import main; sys.exit(main())"
Stages = list[list[Request]]


def main(arguments: list[str]) -> int:
    if len(arguments) == 2:
        url, model = arguments
        return measure(url, model, {CHAT})
    if arguments:
        raise SystemExit("usage: python benchmarks/live.py [URL MODEL]")
    with reference() as url:
        return measure(url, "reference", CAPABILITIES)


@contextmanager
def reference() -> Iterator[str]:
    """The reference server in a process of its own; yields its address."""
    command = [sys.executable, "-c", SERVE, "serve", "--pace", str(PACE_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            wait_for(url)
            yield url
        finally:
            process.terminate()


def wait_for(url: str, patience_s: float = 20.0) -> None:
    end = perf_counter() + patience_s
    while True:
        try:
            httpx.get(f"{url}/v1/models")
        except httpx.ConnectError:
            if perf_counter() > end:
                raise
        else:
            return


def measure(url: str, model: str, capabilities: Iterable[str]) -> int:
    target = Target("measured", url.rstrip("/").removesuffix("/v1"), model, context_length=2048)
    single = replace(target, concurrency=1)
    offered = frozenset(capabilities)
    probes = [probe for probe in replayable() if offered.issuperset(probe.needs)]
    with counting(target.root) as counter:
        answers = fetch(replace(target, root=counter.url), probes, first=FIRST)
    sent = {name: answer.request for name, answer in answers.items() if isinstance(answer, Exchange)}
    stages = [[sent[probe.name] for probe in stage if probe.name in sent] for stage in in_order(probes)]
    (whole, together), (one_by_one, in_sequence), (bare,) = in_turn(
        lambda: run_of(target, probes),
        lambda: run_of(single, probes),
        lambda: replayed(target, stages),
    )
    ratio, faster = whole / bare, in_sequence / together
    once = counter.requests == len(sent)
    print(f"median of {RUNS} runs at {target.root}, {target.concurrency} requests at a time")
    table(
        [
            ("probes sent", str(len(sent)), ""),
            ("requests", str(counter.requests), f"{len(sent)}, {'kept' if once else 'MISSED'}"),
            ("time of the run's requests, s", f"{whole:.3f}", ""),
            ("time of the same requests, bare, s", f"{bare:.3f}", ""),
            ("ratio", f"{ratio:.2f}", within(ratio, RATIO)),
            ("time of the run's requests one by one, s", f"{one_by_one:.3f}", ""),
            ("times as long", f"{one_by_one / whole:.2f}", ""),
            ("of these, time of what needs no quiet, s", f"{together:.3f}", ""),
            ("the same one by one, s", f"{in_sequence:.3f}", ""),
            ("times as long", f"{faster:.2f}", at_least(faster, FASTER)),
        ]
    )
    return 0 if once and ratio <= RATIO and faster >= FASTER else 1


def replayable() -> list[Probe]:
    """The probes, without the one that hangs up and its gauge: the one has no whole answer, the other is polled."""
    known = catalogue.load().probes()
    gauges = [probe.gauge for probe in known]
    return [probe for probe in known if probe.gauge is None and probe not in gauges]


def run_of(target: Target, probes: Sequence[Probe]) -> tuple[float, float]:
    """Seconds of a run, and of its second part: what comes first and what wants quiet is sent alone before."""
    alone = sum(probe.alone or probe in FIRST for probe in probes)
    watch = _Times([perf_counter()])
    fetch(target, probes, first=FIRST, watch=watch)
    return perf_counter() - watch.answered[0], watch.answered[-1] - watch.answered[alone]


class _Times(Watch):
    """When each answer came."""

    def __init__(self, answered: list[float]) -> None:
        self.answered = answered

    def keeps(self, name: str, what: object) -> None:
        self.answered.append(perf_counter())


def in_order(probes: list[Probe]) -> Iterator[list[Probe]]:
    """What may be sent together: those that go first and those that want quiet stand alone."""
    rest = [probe for probe in probes if probe not in FIRST]
    for probe in (*FIRST, *(probe for probe in rest if probe.alone)):
        yield [probe]
    free = [probe for probe in rest if not probe.alone]
    yield [probe for probe in free if probe.group is None and probe.after is None]
    yield [probe for probe in free if probe.group is None and probe.after is not None]
    for group in dict.fromkeys(probe.group for probe in free if probe.group is not None):
        yield [probe for probe in free if probe.group == group]


def in_turn(*actions: Callable[[], tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The medians of what each action took, taken in turn after one round that only warms up."""
    rounds = [[action() for action in actions] for _ in range(RUNS + 1)][1:]
    return [tuple(median(times) for times in zip(*taken, strict=True)) for taken in zip(*rounds, strict=True)]


def replayed(target: Target, stages: Stages) -> tuple[float]:
    """Seconds of the bare requests."""
    started = perf_counter()
    asyncio.run(replay(target, stages))
    return (perf_counter() - started,)


async def replay(target: Target, stages: Stages) -> None:
    """Send the requests with nothing but httpx, as many at a time as the run does."""
    limit = asyncio.Semaphore(target.concurrency)
    limits = httpx.Limits(
        max_keepalive_connections=0
    )  # as in a run: some servers close what they promise to keep
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as client:
        for stage in stages:
            await asyncio.gather(*(send(client, limit, target.root, request) for request in stage))


async def send(client: httpx.AsyncClient, limit: asyncio.Semaphore, root: str, request: Request) -> None:
    async with limit:
        await client.request(
            request.method, address(root, request.path), headers=dict(request.headers), content=request.body
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
