"""Measures what each client makes of each fault, and writes the table that claims rest on.

`python tests/field/measure_clients.py --node FOLDER --python CLIENT=INTERPRETER … --write` plays the answers of the
mutants, and of the servers in `tests/field/contract`, in which a check finds something, to each client. openai-python
is read by this interpreter; the others by what is named, and keep their rows where they are not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.field.clients.compare import effect
from tests.field.clients.met import MET
from tests.field.clients.stage import staged
from tests.field.contract.corpus import REPORTS
from tests.field.contract.report import Corrupted

from sixgates import catalogue
from sixgates.capability import CAPABILITIES
from sixgates.exchange import Exchange
from sixgates.impact.fault import fault_of, is_together, together, way_of
from sixgates.impact.measured import CLIENTS, Effect
from sixgates.judge import Answer, Judgement, Subject
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources.reference import answers

HERE = Path(__file__).parent / "clients"
TABLE = Path(__file__).resolve().parents[2] / "src" / "sixgates" / "impact" / "measured.json"
KNOWN = catalogue.load()
MOST = 6
"""Answers in which one server shows a fault that are played."""
NODE = ("openai-node", "openai-node helper", "Vercel AI SDK")
NATIVE = ("openai-python", "openai-python helper")


@dataclass(frozen=True, slots=True)
class Shown:
    """A fault in an answer, or several at once, and the right answer to the same request."""

    server: str
    check: str
    fault: str
    refused: bool
    exchange: Exchange
    right: Exchange


def servers() -> Iterator[tuple[str, tuple[str, ...], ReferenceProvider | MutantProvider]]:
    """Each defective server with the checks that its one defect breaks."""
    for name, mutant in mutants.load().items():
        yield name, mutant.caught_by, MutantProvider(mutant, ReferenceProvider(key="sk-reference"))
    for report in REPORTS:
        yield report.id, tuple(each for each in report.checks if each in KNOWN.checks), Corrupted(report)
    for habit in MET:
        yield (
            habit.name,
            habit.caught_by or tuple(KNOWN.checks),
            MutantProvider(habit, ReferenceProvider(key="sk-reference")),
        )


def unmeasurable(check: str) -> bool:
    """Whether what a check finds is no fault of an answer: a capability that is missing, or what the SDK says."""
    return check.startswith("capability.") or "witness" in check


def shown(only: Sequence[str] = ()) -> Iterator[Shown]:
    """Every fault that a check finds in an answer of a defective server, and that a client may read."""
    probes = KNOWN.probes()
    right = answers(ReferenceProvider(key="sk-reference"), probes)
    subject = Subject("played", "reference", frozenset(CAPABILITIES))
    for name, caught_by, provider in servers():
        checks = [check for check in caught_by if not unmeasurable(check)]
        if only and name not in only:
            continue
        judgement = Judgement(KNOWN, subject, answers(provider, probes))
        for check in checks:
            yield from _of_check(name, check, judgement, right)


def _of_check(server: str, check: str, judgement: Judgement, right: Mapping[str, Answer]) -> Iterator[Shown]:
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    shows: dict[str, Exchange | None] = {}
    for probe, exchange, finding in judgement.told(check):
        shows[probe] = exchange  # where the probe was refused, what was asked after that
        where = finding.where.removeprefix(f"{probe}: ")
        found[probe][fault_of(finding, exchange, probe)] = where.startswith(("status", "connection"))
    count: Counter[str] = Counter()
    for probe, faults in found.items():
        answer, instead = shows[probe], right.get(probe)
        if answer is None or not isinstance(instead, Exchange) or not _is_read(answer):
            continue
        count[together(faults)] += 1
        if count[together(faults)] <= MOST:
            yield from (Shown(server, check, each, faults[each], answer, instead) for each in faults)
            if len(faults) > 1:
                yield Shown(server, check, together(faults), any(faults.values()), answer, instead)


def _is_read(exchange: Exchange) -> bool:
    """Whether clients ask for such answers, and would have stayed for the whole."""
    return way_of(exchange) is not None and exchange.left is None


def drive(command: Sequence[str], cwd: str | None, jobs: list[dict[str, str]]) -> Any:
    """What a client makes of the jobs."""
    result = subprocess.run(
        command, cwd=cwd, input=json.dumps(jobs), capture_output=True, text=True, check=False, timeout=1800
    )
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}: {result.stderr[-2000:]}")
    return json.loads(result.stdout)


@dataclass(frozen=True, slots=True)
class Played:
    """What one client made of each exchange, and how often it asked for it."""

    client: str
    version: str
    came: Mapping[Exchange, tuple[Any, int]]

    @property
    def reads(self) -> list[str]:
        """The ways in which the client asks for answers."""
        return sorted({way_of(each) or "" for each, (came, _) in self.came.items() if came is not None})


def play(found: Sequence[Shown], client: str, command: Sequence[str], cwd: str | None) -> Played:
    """Play each answer in which a fault was shown, and the right one, to a client."""
    exchanges = list(dict.fromkeys(each for one in found for each in (one.exchange, one.right)))
    with staged(exchanges) as stage:
        jobs = [{"url": stage.url(n), "way": way_of(each) or ""} for n, each in enumerate(exchanges)]
        said = drive(command, cwd, jobs)
        came = {each: (said["came"][n], stage.asked[n]) for n, each in enumerate(exchanges)}
    print(f"{client} {said['version']}: {len(exchanges)} answers", file=sys.stderr)
    return Played(client, said["version"], came)


def measured(found: Sequence[Shown], played: Played) -> Iterator[Measured]:
    """What each fault that was shown does to a client."""
    for one in found:
        bad, good = played.came[one.exchange], played.came[one.right]
        if bad[0] is not None and good[0] is not None:
            yield one, played.client, _effect(one, bad, good), bad[0]


Measured = tuple[Shown, str, Effect, Any]
"""What was shown, the client, what it does to it, and what it has."""


def _effect(one: Shown, bad: tuple[Any, int], good: tuple[Any, int]) -> Effect:
    status = one.exchange.response.status if one.exchange.response else 0
    if one.refused and status >= 400 and way_of(one.exchange) == "retrieve":
        return Effect.MISLED  # whoever looks a model up is told that it is not there
    refused = one.refused and one.check.endswith("answered")
    return effect(one.exchange, *bad, one.right, *good, refused=refused)


def of_all(effects: set[Effect]) -> Effect:
    """What all answers with a fault show of it."""
    if effects == {Effect.BROKEN}:
        return Effect.BROKEN
    if effects & {Effect.BROKEN, Effect.SOMETIMES}:
        return Effect.SOMETIMES
    return next(each for each in (Effect.MISLED, Effect.PASSES_ON, Effect.SAFE) if each in effects)


def tabled(effects: Sequence[Measured], kept: Mapping[str, Any], clients: Sequence[str]) -> dict[str, Any]:
    """The table: by check and fault, the clients of each effect; rows stay of clients that were not asked.

    Where a check finds several faults in one answer, they have a row together, and none is shown to be what breaks a
    client: another answer that has one of them alone says more, and without one it is "sometimes". A check enters the
    table when it hurts a client.
    """
    several: set[tuple[str, str, Exchange]] = {
        (one.server, one.check, one.exchange) for one, *_ in effects if is_together(one.fault)
    }
    alone: dict[tuple[str, str, str], set[Effect]] = defaultdict(set)
    among: dict[tuple[str, str, str], set[Effect]] = defaultdict(set)
    for one, client, what, _ in effects:
        by_itself = (one.server, one.check, one.exchange) not in several or is_together(one.fault)
        (alone if by_itself else among)[one.check, one.fault, client].add(what)
    unsure = {Effect.BROKEN: Effect.SOMETIMES}
    seen = {key: {unsure.get(what, what) for what in whats} for key, whats in among.items()} | alone
    table: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for (check, fault, client), whats in seen.items():
        table[check][fault][of_all(whats).value].append(client)
    for check, faults in kept.items():
        for fault, words in faults.items():
            for word, names in words.items():
                table[check][fault][word] += [
                    each for each in names if each not in clients and (check, fault, each) not in seen
                ]
    harmful = {Effect.BROKEN, Effect.MISLED, Effect.SOMETIMES}
    return {
        check: {
            fault: {
                word.value: sorted(set(words[word.value]), key=CLIENTS.index)
                for word in Effect
                if words.get(word.value)
            }
            for fault, words in sorted(faults.items())
        }
        for check, faults in ((check, table[check]) for check in KNOWN.checks if check in table)
        if check in kept or any(words.get(word.value) for words in faults.values() for word in harmful)
    }


def write(
    effects: Sequence[Measured], played: Sequence[Played], old: Mapping[str, Any], *, part: bool = False
) -> None:
    """Write the table; of a part of the servers, only the rows that they show are new."""
    document = {
        "versions": {**old.get("versions", {}), **{each.client: each.version for each in played}},
        "reads": old["reads"]
        if part
        else {**old.get("reads", {}), **{one.client: one.reads for one in played}},
        "checks": tabled(effects, old["checks"], [] if part else [each.client for each in played]),
    }
    TABLE.write_text(f"{written(document, 3)}\n", "utf-8")


def written(value: Any, depth: int, indent: str = " ") -> str:
    """JSON with a line for each member down to a depth, so that a change of one fault is a change of one line."""
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    members = (
        f"{indent}{json.dumps(key, ensure_ascii=False)}: {written(each, depth - 1, indent + ' ')}"
        for key, each in value.items()
    )
    return "{\n" + ",\n".join(members) + f"\n{indent[1:]}}}"


def main() -> None:
    """Measure, print what is said of each mutant and client, and write the table where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--node", help="a folder with openai, ai and @ai-sdk/openai-compatible in node_modules"
    )
    parser.add_argument("--python", action="append", default=[], help="CLIENT=INTERPRETER")
    parser.add_argument("--mutant", action="append", default=[], help="this defective server only")
    parser.add_argument("--write", action="store_true", help="write the table")
    options = parser.parse_args()
    commands: dict[str, tuple[list[str], str | None]] = {
        client: ([sys.executable, str(HERE / "drive.py"), client], None) for client in NATIVE
    }
    for named in options.python:
        client, _, interpreter = named.partition("=")
        commands[client] = ([interpreter, str(HERE / "drive.py"), client], None)
    if options.node:
        for client in NODE:
            commands[client] = (["node", str(HERE / "drive.mjs"), client], options.node)
    found = list(shown(options.mutant))
    played = [play(found, client, *command) for client, command in commands.items()]
    effects = [each for one in played for each in measured(found, one)]
    for one, client, what, came in effects:
        said = came.get("raised", "") if isinstance(came, dict) else ""
        print(f"{one.server}\t{one.check}\t{one.fault}\t{client}\t{what}\t{said[:80]!r}")
    if options.write:
        write(effects, played, json.loads(TABLE.read_bytes()), part=bool(options.mutant))


if __name__ == "__main__":
    main()
