"""A live contract run of one provider beside its bare requests: python benchmarks/live.py [URL MODEL].

Without a URL it starts the reference server, so it needs no engine.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import httpx

from forwarder import counting
from measure import RUNS, table, within
from sixgates import catalogue
from sixgates.capability import CHAT
from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, Request
from sixgates.preflight import first_probes
from sixgates.sources.live import Target, address, fetch

FIRST = first_probes({CHAT})
RATIO = 1.15
PACE_S = 0.002
SERVE = "import sys; from sixgates.cli import main; sys.exit(main())"
Stages = list[list[Request]]


def main(arguments: list[str]) -> int:
    if len(arguments) == 2:
        return measure(*arguments)
    if arguments:
        raise SystemExit("usage: python benchmarks/live.py [URL MODEL]")
    with reference() as url:
        return measure(url, "reference")


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


def measure(url: str, model: str) -> int:
    target = Target("measured", url.rstrip("/").removesuffix("/v1"), model, context_length=2048)
    probes = catalogue.load().probes()
    with counting(target.root) as counter:
        counted = Target("counted", counter.url, model, context_length=2048)
        answers = fetch(counted, probes, first=FIRST)
    sent = {name: answer.request for name, answer in answers.items() if isinstance(answer, Exchange)}
    stages = [[sent[probe.name] for probe in stage if probe.name in sent] for stage in in_order(list(probes))]
    whole, bare = in_turn(
        lambda: fetch(target, probes, first=FIRST), lambda: asyncio.run(replay(target, stages))
    )
    print(f"median of {RUNS} runs at {target.root}, {target.concurrency} requests at a time")
    ratio = whole / bare
    once = counter.requests == len(sent)
    table(
        [
            ("probes sent", str(len(sent)), ""),
            ("requests", str(counter.requests), f"{len(sent)}, {'kept' if once else 'MISSED'}"),
            ("time of the run's requests, s", f"{whole:.3f}", ""),
            ("time of the same requests, bare, s", f"{bare:.3f}", ""),
            ("ratio", f"{ratio:.2f}", within(ratio, RATIO)),
        ]
    )
    return 0 if once and ratio <= RATIO else 1


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


def in_turn(*actions: Callable[[], object]) -> list[float]:
    """The median wall time of each action, taken in turn after one round that only warms up."""
    rounds = [[timed(action) for action in actions] for _ in range(RUNS + 1)][1:]
    return [median(times) for times in zip(*rounds, strict=True)]


def timed(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started


async def replay(target: Target, stages: Stages) -> None:
    """Send the requests with nothing but httpx, as many at a time as the run does."""
    limit = asyncio.Semaphore(target.concurrency)
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for stage in stages:
            await asyncio.gather(*(send(client, limit, target.root, request) for request in stage))


async def send(client: httpx.AsyncClient, limit: asyncio.Semaphore, root: str, request: Request) -> None:
    async with limit:
        await client.request(
            request.method, address(root, request.path), headers=dict(request.headers), content=request.body
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
