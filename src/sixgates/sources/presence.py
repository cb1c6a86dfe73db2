"""Whether a server that has answered is still there, and which exchanges ended as they did because it was not."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from sixgates import catalogue
from sixgates.exchange import Exchange, FailureKind
from sixgates.sources.pace import limits_the_rate
from sixgates.sources.patience import Patience
from sixgates.verdict import Cause

MOST_NAMED = 6
NOBODY_IN_A_ROW = 5
_NO_CONNECTION = {
    FailureKind.REFUSED,
    FailureKind.UNREACHABLE,
    FailureKind.CONNECT_TIMEOUT,
    FailureKind.DNS,
}
_CUT = {FailureKind.RESET, FailureKind.PROTOCOL}
_NOBODY_BEHIND = {502, 503, 504}
"""What a proxy answers when there is no server behind it, or none that is ready."""


def no_connection(exchange: Exchange) -> bool:
    """Whether nobody took the request in."""
    return exchange.error is not None and exchange.error.kind in _NO_CONNECTION


def nobody_behind(exchange: Exchange) -> bool:
    """Whether a proxy may have answered in place of the server."""
    response = exchange.response
    answered = response is not None and exchange.error is None and response.status in _NOBODY_BEHIND
    return answered and not limits_the_rate(exchange)


def is_there(exchange: Exchange) -> bool:
    """Whether an answer shows that the server runs; that it switches protocols is none yet."""
    response = exchange.response
    return response is not None and response.status >= 200 and not nobody_behind(exchange)


@dataclass(frozen=True, slots=True)
class _Ended:
    exchange: Exchange
    began: float
    at: float


@dataclass(slots=True)
class Presence:
    """What a session has seen of its server; times are seconds of one clock."""

    patience: Patience
    alive_at: float = -math.inf
    looked_at: float = -math.inf
    under_way: dict[str, float] = field(default_factory=dict)
    last_words: Exchange | None = None
    how_long: str = ""
    _failed: dict[str, _Ended] = field(default_factory=dict)

    @property
    def is_gone(self) -> bool:
        """Whether it was given up."""
        return self.last_words is not None

    def give_up(self, last: Exchange | None, how_long: str) -> None:
        """Note that nobody answers any more, with the last that was seen; None: a proxy's answers in a row."""
        proxy = [each.exchange for each in self._failed.values() if nobody_behind(each.exchange)]
        self.last_words = last or proxy[-1]
        self.how_long = how_long or f"as did {self.answers_of_a_proxy() - 1} requests before it"

    def is_known_since(self, moment: float) -> bool:
        """Whether somebody has looked for it since, or it was given up."""
        return self.is_gone or self.looked_at > moment

    def begins(self, probe: str, now: float) -> None:
        """Note that a request is under way."""
        self.under_way[probe] = now

    def ends(self, exchange: Exchange, now: float) -> None:
        """Note how it ended."""
        began = self.under_way.pop(exchange.probe, now)
        self._failed.pop(exchange.probe, None)
        complete = exchange.error is None or exchange.error.kind is FailureKind.TOO_LARGE
        if complete and is_there(exchange):
            self.alive_at = max(self.alive_at, began)
            self.patience.answered += 1
        elif not complete or nobody_behind(exchange):
            self._failed[exchange.probe] = _Ended(exchange, began, now)

    def is_doubted(self, exchange: Exchange, began: float) -> bool:
        """Whether this end of an exchange, after others were answered, is a reason to look for the server."""
        return (
            self.patience.answered > 0
            and began >= self.looked_at
            and (no_connection(exchange) or nobody_behind(exchange))
        )

    def is_doubted_at_the_end(self) -> bool:
        """Whether nothing was answered since an exchange was cut, and nobody has looked since."""
        return self.patience.answered > 0 and any(
            each.at >= max(self.alive_at, self.looked_at)
            and each.exchange.error is not None
            and each.exchange.error.kind in _CUT | _NO_CONNECTION
            for each in self._failed.values()
        )

    def answers_of_a_proxy(self) -> int:
        """How many answers a proxy gave of its own since the last one of the server.

        A proxy may list the models of a server that is gone.
        """
        return len(self._of_a_proxy())

    def nobody_is_behind(self) -> bool:
        """Whether a proxy's answers in a row say so: enough of them, and not only to requests for one capability.

        A server may answer whatever it cannot do with 503, and is there.
        """
        asked_for = {_capability_of(name) for name in self._of_a_proxy()}
        return self.answers_of_a_proxy() >= NOBODY_IN_A_ROW and (None in asked_for or len(asked_for) > 1)

    def _of_a_proxy(self) -> list[str]:
        return [
            name
            for name, each in self._failed.items()
            if nobody_behind(each.exchange) and each.at >= self.alive_at
        ]

    def took(self, exchange: Exchange) -> bool:
        """Whether that the server was gone ended an exchange."""
        last = self.last_words
        if last is None:
            return False
        cut = exchange.error is not None and exchange.error.kind is not FailureKind.TOO_LARGE
        return cut or (nobody_behind(last) and nobody_behind(exchange))

    def victims(self) -> tuple[str, ...]:
        """The probes whose exchanges ended as they did because the server was gone."""
        return tuple(
            name
            for name, each in self._failed.items()
            if each.at >= self.alive_at and self.took(each.exchange)
        )

    def suspects(self) -> tuple[str, ...]:
        """The probes that were under way when the server went: cut, or still without an end."""
        failed = [
            (name, each)
            for name, each in self._failed.items()
            if each.at >= self.alive_at and not no_connection(each.exchange)
        ]
        moment = min((each.at for _, each in failed), default=math.inf)
        return tuple(name for name, each in failed if each.began <= moment) + tuple(self.under_way)

    def cause(self, steps: Iterable[str]) -> Cause:
        """The one cause of all that a server which went away did not answer."""
        name, last = self.patience.provider, self.last_words
        seen = "" if last is None else f"{_end_of(last)}, "
        suspects = self.suspects()
        return Cause(
            f"{name}:gone",
            f"{name} stopped answering in the middle of the run, after {self.patience.answered} answers: {seen}"
            f"{self.how_long}; the rest is not sent. Under way at that moment: {_named(suspects) or 'no request'}",
            (
                "look at the end of its log: journalctl, or where it was started",
                "look whether it ran out of memory: journalctl -k | grep -i 'out of memory', or its log for a GPU's",
                *steps,
                _again(suspects),
            ),
        )

    def returned(self, away_s: float) -> str:
        """What is said of a server that came back."""
        return (
            f"{self.patience.provider} could not be reached in the middle of the run, and answered again after "
            f"{away_s:.1f} s: the run goes on. Under way at that moment: {_named(self.suspects()) or 'no request'}"
        )


def _end_of(exchange: Exchange) -> str:
    asked = f"{exchange.request.method} {exchange.request.path}"
    if exchange.error is not None:
        return f"{asked} got {exchange.error.detail}"
    return f"{asked} answered {exchange.response.status if exchange.response else 'nothing'}"


def _named(probes: tuple[str, ...]) -> str:
    more = f" and {len(probes) - MOST_NAMED} more" if len(probes) > MOST_NAMED else ""
    return ", ".join(probes[:MOST_NAMED]) + more


def _again(suspects: tuple[str, ...]) -> str:
    checks = list(dict.fromkeys(check for name in suspects[:MOST_NAMED] if (check := _check_on(name))))
    if not checks:
        return "restart it, and judge it again"
    words = checks[0] if len(checks) == 1 else f"'{' or '.join(checks)}'"
    return f"restart it, and send what was under way by itself: the same command with -k {words}"


def _capability_of(probe: str) -> str | None:
    known = catalogue.load().probes()
    return next((each.capability for each in known if each.name == probe), None)


def _check_on(probe: str) -> str | None:
    """A check that sends a probe when it alone is selected: whether it is answered, or one with few other probes."""
    checks = catalogue.load().checks.values()
    on_it = [check for check in checks if any(each.name == probe for each in check.probes)]
    answered = next(
        (each.answered_by for check in on_it for each in check.probes if each.name == probe), None
    )
    return answered or (min(on_it, key=lambda check: len(check.probes)).id if on_it else None)
