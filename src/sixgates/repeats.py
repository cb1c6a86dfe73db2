"""What a live run sends more than once: what was broken, all with `--repeat`, and the first probes at its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

from sixgates.bundles.following import FOLLOW_UPS
from sixgates.catalogue import Check, Probe
from sixgates.exchange import Exchange, FailureKind
from sixgates.judge import Answer, Judgement, NotSent
from sixgates.sources import cassette
from sixgates.sources.patience import OVERDUE_IN_ALL
from sixgates.tries import Tries, Try, asked_again
from sixgates.verdict import Cause, Level, Outcome, Verdict

TRIES = 3
"""How often a check is judged before it is reported as broken."""
MOST_REPEATED = 240
"""Requests of one run, all providers and workers together, that are sent again because of what was broken."""
LOOKS = 3
"""How often the first probes are sent at the end where their answers differ from those at the start."""
LIMITED = frozenset({429, 503})
"""With Retry-After these say that a server is busy, not what it is."""

Answers = Mapping[str, Answer]
Send = Callable[[tuple[Probe, ...]], Answers]
_ENDING = "end"
_NOTES = "notes.json"


@dataclass(frozen=True, slots=True)
class Allowance:
    """The requests that a run may still repeat, counted in a file that all its workers share."""

    path: Path

    def spend(self, choose: Callable[[int], int]) -> None:
        """Take as many as `choose` says, given how many are left."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            used = int(self.path.read_text(encoding="utf-8")) if self.path.exists() else 0
            self.path.write_text(str(used + choose(MOST_REPEATED - used)), encoding="utf-8")


@dataclass(slots=True)
class Repeats:
    """The sendings of one provider after the first, in their order; of checks why they were not asked again.

    `lost` is why nothing more is sent at all.
    """

    sent: list[Answers] = field(default_factory=list)
    looks: list[Answers] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    lost: Cause | None = None

    def tries(self, first: Judgement) -> Tries:
        """All judgements; a look at the end is one as well."""
        again = [Try.of(first, each) for each in self.sent]
        again += [Try.of(first, each, ending=True) for each in self.looks if each]
        return Tries(first, tuple(again), self.notes)

    def save(self, folder: Path, label: cassette.Label, root: str, probes: Iterable[Probe]) -> None:
        """Write all answers, each sending in a folder of its own; raises CassetteError."""
        known = tuple(probes)
        folders = [*(("again", each) for each in self.sent), *((_ENDING, each) for each in self.looks)]
        for number, (kind, answers) in enumerate(folders):
            cassette.save(folder / f"{number:03}-{kind}", label, root, known, answers)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            document = {"notes": self.notes, "lost": self.lost and asdict(self.lost)}
            (folder / _NOTES).write_text(json.dumps(document), encoding="utf-8")
        except OSError as problem:
            message = f"{folder}: cannot be written: {problem.strerror or problem}"
            raise cassette.CassetteError(message) from None

    @classmethod
    def load(cls, folder: Path, provider: str, probes: Iterable[Probe]) -> Repeats:
        """What `save` wrote; nothing where it wrote nothing."""
        found = cls()
        if not (
            folder / _NOTES
        ).is_file():  # written last: a disk that refused the rest has stopped the run already
            return found
        known = tuple(probes)
        for each in sorted(path for path in folder.iterdir() if path.is_dir()):
            kept = cassette.held(each)
            _, answers = cassette.answers(each, provider, [probe for probe in known if probe.name in kept])
            (found.looks if each.name.endswith(_ENDING) else found.sent).append(answers)
        document = json.loads((folder / _NOTES).read_text(encoding="utf-8"))
        found.notes, lost = document["notes"], document["lost"]
        found.lost = lost and Cause(lost["key"], lost["summary"], tuple(lost["next_steps"]))
        return found


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks one provider again, after the first answers of a run; `checks` are those that are wanted."""

    first: Judgement
    probes: tuple[Probe, ...]
    checks: tuple[Check, ...]
    send: Send
    allowance: Allowance
    say: Callable[[str], None] = lambda text: None

    def again(self, times: int) -> Repeats:
        """Everything `times` times in all, then what is broken until it was judged three times."""
        found = Repeats()
        everything = tuple(probe for probe in self.probes if probe.name in self.first.answers)
        if times > 1:
            self.say(f"{self.first.subject.name}: {len(everything)} probes again, {times} times in all")
        found.sent += self._sent(found, everything, times - 1)
        rounds = TRIES - times
        if rounds > 0 and found.lost is None:
            self._what_is_broken(found, rounds)
        return found

    def look(self, found: Repeats, probes: Iterable[Probe], differ: Callable[[Answers], bool]) -> None:
        """Send the first probes once more, and twice again where their answers differ from those at the start."""
        wanted = tuple(probe for probe in probes if isinstance(self.first.answers.get(probe.name), Exchange))
        found.looks += map(_unlimited, self._sent(found, wanted, 1))
        if found.looks and differ(found.looks[0]) and self._spent((LOOKS - 1) * len(wanted)):
            found.looks += map(_unlimited, self._sent(found, wanted, LOOKS - 1))

    def _sent(self, found: Repeats, probes: tuple[Probe, ...], times: int) -> list[Answers]:
        """What comes back so many times, until the provider is lost."""
        sent: list[Answers] = []
        for _ in range(times if probes else 0):
            found.lost = self._lost([*found.sent, *found.looks, *sent])
            if found.lost is not None:
                break
            sent.append(self.send(probes))
        found.lost = self._lost([*found.sent, *found.looks, *sent])
        return sent

    def _spent(self, cost: int) -> bool:
        granted: list[bool] = []

        def choose(left: int) -> int:
            granted.append(cost <= left)
            return cost if granted[0] else 0

        self.allowance.spend(choose)
        return granted[0]

    def _what_is_broken(self, found: Repeats, rounds: int) -> None:
        broken = _suspect(found.tries(self.first), self.checks)
        chosen, probes = self._granted(broken, rounds)
        for check in broken:
            if check not in chosen:
                found.notes[check.id] = (
                    f"not asked again: all providers of this run together may be sent {MOST_REPEATED} requests again"
                )
        if not probes:
            return
        self.say(
            f"{self.first.subject.name}: {len(chosen)} checks do not hold; "
            f"{len(probes)} probes are sent again, {'twice' if rounds == 2 else 'once'}"
        )
        found.sent += self._sent(found, probes, rounds)
        if found.lost is not None:
            note = f"not asked again to the end: {found.lost.summary}"
            found.notes |= dict.fromkeys((check.id for check in chosen), note)

    def _granted(self, broken: list[Check], rounds: int) -> tuple[list[Check], tuple[Probe, ...]]:
        """The checks that may be asked again, and the probes that this takes; a probe costs once in each round."""
        chosen: list[Check] = []
        names: set[str] = set()

        def choose(left: int) -> int:
            for check in broken:
                more = needed(asked_again(self.first, check), self.probes, self.first.answers)
                if rounds * len(names | more) <= left:
                    chosen.append(check)
                    names.update(more)
            return rounds * len(names)

        self.allowance.spend(choose)
        return chosen, tuple(probe for probe in self.probes if probe.name in names)

    def _lost(self, later: Iterable[Answers]) -> Cause | None:
        """Why nothing more is sent: the provider is lost, or too many of its answers were overdue in all."""
        everything = [answer for answers in (self.first.answers, *later) for answer in answers.values()]
        lost = next((answer for answer in everything if isinstance(answer, Cause)), None)
        overdue = sum(map(_overdue, everything))
        if lost is not None or overdue < OVERDUE_IN_ALL:
            return lost
        name = self.first.subject.name
        return Cause(
            f"{name}:overdue",
            f"{name} did not end {overdue} of its answers before their deadline: nothing is asked again",
            ("look at the provider's log and load, give it a smaller or faster model, and judge it again",),
        )


def needed(probes: Iterable[Probe], known: Iterable[Probe], answers: Answers) -> set[str]:
    """These probes, what they build on, what goes out at the same moment, and what was not sent for lack of them."""
    by_name = {probe.name: probe for probe in known if probe.name in answers}
    names: set[str] = set()
    waiting = [probe.name for probe in probes]
    while waiting:
        probe = by_name.get(waiting.pop())
        if probe is None or probe.name in names:
            continue
        names.add(probe.name)
        waiting += [each.name for each in by_name.values() if _goes_with(each, probe, answers)]
    return names


def _goes_with(other: Probe, probe: Probe, answers: Answers) -> bool:
    if probe.after is other or probe.gauge is other or other.gauge is probe:
        return True
    if probe.group is not None and other.group == probe.group:
        return True
    if other in FOLLOW_UPS.get(probe.name, ()):
        return True
    return other.after is probe and isinstance(answers[other.name], NotSent)


def _suspect(tries: Tries, checks: Iterable[Check]) -> list[Check]:
    """The checks to ask again: what is broken and not excused, and what is excused in vain; each MUST first."""
    found = [check for check in checks if _in_question(tries.verdict(check.id))]
    return sorted(found, key=lambda check: check.level is not Level.MUST)


def _in_question(verdict: Verdict) -> bool:
    if verdict.outcome in {Outcome.FAILED, Outcome.ADVISORY}:
        return True
    return verdict.outcome is Outcome.STALE and not verdict.findings


def _overdue(answer: Answer) -> bool:
    late = {FailureKind.DEADLINE, FailureKind.CONNECT_TIMEOUT}
    return isinstance(answer, Exchange) and answer.error is not None and answer.error.kind in late


def _unlimited(answers: Answers) -> Answers:
    """The answers without those that only say that the server is busy."""
    return {name: answer for name, answer in answers.items() if not limited(answer)}


def limited(answer: Answer | None) -> bool:
    """Whether a server said only that it has too much to do, and when to come again; 429 says so by itself."""
    response = answer.response if isinstance(answer, Exchange) else None
    if response is None or response.status not in LIMITED:
        return False
    return response.status == 429 or response.header("retry-after") is not None
