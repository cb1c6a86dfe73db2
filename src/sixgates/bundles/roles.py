"""What a check on a refused request has to do with the refusal: it says so, waits, or sees another answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sixgates.bundles.refusals import Blame, Refusals, Why
from sixgates.bundles.table import BUNDLES, Bundle
from sixgates.catalogue import Catalogue, Check, Probe
from sixgates.exchange import Exchange
from sixgates.features.feature import Feature
from sixgates.features.known import OFFERED_AS
from sixgates.features.words import accepted
from sixgates.verdict import Level

_JUDGING_REFUSALS = ("errors", "http")
"""The areas whose checks look at a refusal for its own sake."""
_OFFERING = "capability"
"""The area whose checks say of a refusal that something is not offered."""
_ANSWERED = frozenset({"http.chunked_request_accepted", "errors.context_server_survives"})
"""Those of them that want an answer."""
_CONTENT = frozenset({"tools.auto.no_crash", "responses.tools.other_types_not_5xx"})
"""Checks of other areas to which a refusal is as good as an answer."""
_SPARED = frozenset({("chat.stream.equals_nonstream", "chat-defaults")})
"""Checks with a probe whose answer they need only where another one fails."""
_LOWEST = {Level.MUST: 0, Level.SHOULD: 1, Level.MAY: 2}


@dataclass(frozen=True, slots=True)
class Role:
    """How a check is judged on a probe whose request was refused.

    With `instead` on another answer; with `waits_for` not at all, since another check says what was refused; with
    `says` on the refusal itself, whatever prerequisites do not hold there. `open` where it may be what was refused.
    """

    instead: Exchange | None = None
    waits_for: str = ""
    why: str = ""
    says: str = ""
    open: bool = False


AS_IT_IS = Role()


class Roles:
    """The roles of a catalogue's checks on one provider's refusals; `applies` says which are judged at all."""

    def __init__(self, catalogue: Catalogue, refusals: Refusals, applies: Callable[[str], bool]) -> None:
        self.catalogue = catalogue
        self.refusals = refusals
        self.applies = applies
        self._roles: dict[tuple[str, str], Role] = {}
        self._answering = {each.answered_by for check in catalogue.checks.values() for each in check.probes}
        self._about = {
            name for each in BUNDLES.values() for name in (each.core, *_checks(each)) if name is not None
        }

    def of(self, check: Check, probe: Probe) -> Role:
        """The role of a check on a probe; as it is where nothing was refused, or nothing is known of it."""
        if self.refusals.blame(probe.name) is None:
            return AS_IT_IS
        key = (check.id, probe.name)
        if key not in self._roles:
            self._roles[key] = self._role(check, probe)
        return self._roles[key]

    def _role(self, check: Check, probe: Probe) -> Role:
        blame = self.refusals.blame(probe.name)
        if blame is None or not self._concerned(check) or (check.id, probe.name) in _SPARED:
            return AS_IT_IS
        bundle = BUNDLES.get(probe.name)
        reporter = self._reporters(bundle, probe, blame)
        if not reporter:
            return AS_IT_IS
        if check.id in reporter:
            return Role(says=str(blame))
        if check.area == _OFFERING and (not blame.sure or self._asks_for(check, blame)):
            return AS_IT_IS
        instead = self._instead(check, bundle, blame) if bundle else None
        if instead is not None:
            return Role(instead=instead)
        if blame.why is Why.CORE and check.id != probe.answered_by and self._covers(probe.answered_by, probe):
            return AS_IT_IS  # it waits for what says that the probe is answered
        is_open = blame.why in {Why.ONE_OF, Why.SOME_OF}
        return Role(waits_for=reporter[0], why=f"{probe.name} was {_past(blame)}", open=is_open)

    def _concerned(self, check: Check) -> bool:
        if check.id in _CONTENT:
            return False
        refusing = check.area in _JUDGING_REFUSALS
        return not refusing or check.id in self._answering or check.id in self._about or check.id in _ANSWERED

    def _asks_for(self, check: Check, blame: Blame) -> bool:
        """Whether what was refused is the capability that a check is about."""
        return any(each in blame.features for each in OFFERED_AS.get(check.capability or "", ()))

    def _reporters(self, bundle: Bundle | None, probe: Probe, blame: Blame) -> tuple[str, ...]:
        """The checks that say what was refused."""
        if blame.sure:
            own = [name for each in blame.features for name in self._checks_of(bundle, each)]
            found = tuple(dict.fromkeys(own)) or tuple(dict.fromkeys(self._known(probe, blame)))
            return found or (() if blame.why is Why.ONLY else self._otherwise(bundle, probe))
        if bundle is None:
            return ()
        if blame.why is Why.CORE:
            core = bundle.core or (probe.answered_by if self._covers(probe.answered_by, probe) else None)
            if core is not None:
                return (core,)
        groups = {self._checks_of(bundle, each) for each in blame.features}
        found = next(iter(groups)) if len(groups) == 1 else self._least(bundle, blame.features)
        return found or self._otherwise(bundle, probe)

    def _otherwise(self, bundle: Bundle | None, probe: Probe) -> tuple[str, ...]:
        """Who says what no check is about."""
        if bundle is not None and bundle.core is not None:
            return (bundle.core,)
        if probe.answered_by is not None and self._covers(probe.answered_by, probe):
            return (probe.answered_by,)
        return self._least(bundle, [part.feature for part in bundle.parts]) if bundle else ()

    def _least(self, bundle: Bundle, features: Iterable[Feature]) -> tuple[str, ...]:
        """The one of the checks about some features that fails nothing, where there is one that only advises."""
        about = (name for each in features for name in self._checks_of(bundle, each))
        return tuple(sorted(about, key=self._level, reverse=True)[:1])

    def _known(self, probe: Probe, blame: Blame) -> Iterator[str]:
        for each in blame.features:
            known = self.refusals.known(probe.name, each)
            yield from filter(self.applies, known.checks if known else ())

    def _checks_of(self, bundle: Bundle | None, feature: Feature) -> tuple[str, ...]:
        return tuple(filter(self.applies, bundle.checks_of(feature))) if bundle else ()

    def _level(self, name: str) -> int:
        return _LOWEST[self.catalogue.checks[name].level]

    def _covers(self, name: str | None, probe: Probe) -> bool:
        return name is not None and probe in self.catalogue.checks[name].probes

    def _instead(self, check: Check, bundle: Bundle, blame: Blame) -> Exchange | None:
        """The answer to a request with what the check is about, or with all that it may look at."""
        features = [part.feature for part in bundle.parts]
        if any(each not in features for each in blame.features):
            return None
        mine = [each for each in features if check.id in bundle.checks_of(each)]
        left: list[Feature | None] = [each for each in (*features, None) if self._shows(check, bundle, each)]
        wanted = mine or left
        found = (self.refusals.answered(bundle, each) for each in wanted)
        return next((each for each in found if accepted(each)), None)

    def _shows(self, check: Check, bundle: Bundle, kept: Feature | None) -> bool:
        """Whether the request with one feature or none has all that a check on something else looks at."""
        if (
            check.area == _OFFERING
            or check.id == bundle.core
            or (check.id in self._answering and len(check.probes) > 1)
        ):
            return True
        gone = [
            part.feature
            for part in bundle.parts
            if not kept or part.feature.name not in (kept.name, *kept.on)
        ]
        return not check.together and "usage" not in check.id and all(each.neutral for each in gone)


def _checks(bundle: Bundle) -> Iterator[str]:
    for part in bundle.parts:
        yield from part.checks


def _past(blame: Blame) -> str:
    text = str(blame)
    return text if text.startswith("refused") else f"refused: {text}"
