"""Which feature of a refused request a server refuses: by itself, by its own words, or one of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sixgates.bundles.following import ALL, follow_up
from sixgates.bundles.table import BUNDLES, Bundle
from sixgates.exchange import Exchange
from sixgates.features.feature import Feature
from sixgates.features.known import FEATURES
from sixgates.features.words import accepted, named, refused


class Why(StrEnum):
    """How it is known what was refused."""

    ALONE = "refused by itself too"
    WITHOUT = "answered without it"
    NAMED = "the error names it"
    KNOWN = "refused in another request too"
    ONLY = "there is nothing else that may be refused"
    ONE_OF = "the error does not say which"
    SOME_OF = "the error names all of them"
    TOGETHER = "each by itself is accepted"
    CORE = "refused without it too"


@dataclass(frozen=True, slots=True)
class Blame:
    """What of a request was refused, as far as it is known."""

    why: Why
    features: tuple[Feature, ...]

    @property
    def sure(self) -> bool:
        """Whether each of the features is known to be refused."""
        return self.why in _SURE

    def __str__(self) -> str:
        names = _listed([each.name for each in self.features])
        match self.why:
            case Why.ONE_OF:
                return f"one of {names} is refused, and {self.why}"
            case Why.SOME_OF:
                return f"one or more of {names} are refused, and {self.why}"
            case Why.TOGETHER:
                return f"{names} are refused together: {self.why}"
            case Why.CORE:
                return f"refused without {names} too"
        return f"refused for {names}: {_plural(self.why, len(self.features))}"


_SURE = frozenset({Why.ALONE, Why.WITHOUT, Why.NAMED, Why.KNOWN, Why.ONLY})


def _plural(why: Why, number: int) -> str:
    if number == 1:
        return str(why)
    return {Why.ALONE: "each is refused by itself too", Why.NAMED: "the error names them"}.get(why, str(why))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True, slots=True)
class Known:
    """Where a feature was first refused, and the checks on that probe that are about it."""

    probe: str
    checks: tuple[str, ...]


class Refusals:
    """All refused requests of one provider's answers."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        self.answers = answers
        self._known: dict[tuple[str, str], Known] = {}
        self._blames: dict[str, Blame | None] = {}
        self._answered: dict[tuple[str, str | None], Exchange | None] = {}
        for name in (*BUNDLES, *(each for each in answers if each not in BUNDLES and each not in ALL)):
            answer = answers.get(name)
            if isinstance(answer, Exchange) and refused(answer):
                self._blames[name] = self._blame(name, answer)

    def blame(self, name: str) -> Blame | None:
        """What was refused of a probe's request; None where it was not, or nothing of it can be told apart."""
        return self._blames.get(name)

    def known(self, name: str, feature: Feature) -> Known | None:
        """Where a feature of a probe was refused before."""
        answer = self.answers.get(name)
        return self._known.get((answer.request.path, feature.name)) if isinstance(answer, Exchange) else None

    def answered(self, bundle: Bundle, kept: Feature | None = None) -> Exchange | None:
        """What came to the request with one feature or none, asked for that or for something else."""
        key = (bundle.probe.name, kept.name if kept else None)
        if key not in self._answered:
            self._answered[key] = self._looked_up(bundle, kept)
        return self._answered[key]

    def _looked_up(self, bundle: Bundle, kept: Feature | None) -> Exchange | None:
        answer = self.answers.get(follow_up(bundle, kept).name)
        if isinstance(answer, Exchange):
            return answer
        asked = self.answers.get(bundle.probe.name)
        if not isinstance(asked, Exchange):
            return None
        path, body = asked.request.path, bundle.stripped(asked.request.asked, kept)
        if body == asked.request.asked:
            return None
        return next((each for each, other in self._sent if each.request.path == path and other == body), None)

    @cached_property
    def _sent(self) -> list[tuple[Exchange, Mapping[str, object]]]:
        found = [each for each in self.answers.values() if isinstance(each, Exchange)]
        return [(each, each.request.asked) for each in found if accepted(each) or refused(each)]

    def _is_answered(self, path: str, stream: bool) -> bool:
        """Whether anything on a path is answered, as a stream or plain."""
        same = (
            each
            for each, body in self._sent
            if each.request.path == path and (body.get("stream") is True) is stream
        )
        return any(map(accepted, same))

    def _blame(self, name: str, exchange: Exchange) -> Blame | None:
        path, body, bundle = exchange.request.path, exchange.request.asked, BUNDLES.get(name)
        held = [each for each in FEATURES.values() if each.holds(body)]
        own = [part.feature for part in bundle.parts if part.feature.holds(body)] if bundle else []
        elsewhere = [
            each for each in held if each not in own and each.spreads and (path, each.name) in self._known
        ]
        if elsewhere:
            return Blame(Why.KNOWN, tuple(elsewhere))
        if bundle is None or not own:
            return None
        found = self._asked_apart(bundle, own)
        if found is None or found.why is Why.ONE_OF:
            worded = self._by_words(exchange, found.features if found else own, held)
            if found is None and not any(bundle.checks_of(each) for each in own):
                found = worded if worded is not None and worded.sure else None
            elif worded is not None and (found is None or worded.sure):
                found = worded
        if found is not None and found.sure:
            for each in found.features:
                known = Known(name, bundle.checks_of(each))
                if known.checks:
                    self._known.setdefault((path, each.name), known)
        return found

    def _asked_apart(self, bundle: Bundle, own: list[Feature]) -> Blame | None:
        """By what came to each of the features alone; None where that does not say it."""
        bare = self.answered(bundle)
        if refused(bare):
            return Blame(Why.CORE, tuple(own))
        apart = {each.name: self.answered(bundle, each) for each in own}
        alone = [each for each in own if refused(apart[each.name])]
        first = [each for each in alone if not {one.name for one in alone}.intersection(each.on)]
        if alone and (accepted(bare) or any(map(accepted, apart.values()))):
            return Blame(Why.ALONE, tuple(first))
        left = [each for each in own if not accepted(apart[each.name])]
        if not left:
            return Blame(Why.TOGETHER, tuple(own))
        if len(left) == 1 and (accepted(bare) or len(own) > 1):
            return Blame(Why.WITHOUT, tuple(left))
        return Blame(Why.ONE_OF, tuple(left)) if len(left) < len(own) else None

    def _by_words(self, exchange: Exchange, own: Sequence[Feature], held: list[Feature]) -> Blame | None:
        """By what the error names, else by what was refused before; of several features it is one of them."""
        path, names = exchange.request.path, named(exchange, held)
        if len(names) == 1:
            return Blame(Why.NAMED, (names[0],))
        before = [each for each in own if (path, each.name) in self._known]
        if before:
            return Blame(Why.KNOWN, tuple(before))
        mine = [each for each in names if each in own]
        if len(mine) > 1:
            return Blame(Why.SOME_OF, tuple(mine))
        if not self._is_answered(path, exchange.request.asked.get("stream") is True):
            return None  # whatever is asked for
        return Blame(Why.ONE_OF, tuple(own)) if len(own) > 1 else Blame(Why.ONLY, (own[0],))
