"""How fast a server writes, as its answers show, and how long the next one is waited for."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sixgates.catalogue import Probe
from sixgates.exchange import Exchange, Request
from sixgates.sources.outlay import most_tokens

FIRST_S = 120.0
"""For the first generation, which may have to load the model; the health gate waits as long."""
MOST_S = 600.0
"""The longest that is waited for one answer of a server that is measured to be slow."""
MARGIN = 2.0
MOST_TOKENS = 128
"""Of an answer without a cap so much is waited for, and then it is left."""
LEAST_TOKENS = 4
"""Shorter answers measure the prompt rather than the pace."""


@dataclass(slots=True)
class Tempo:
    """The pace of one server: seconds a token, the slowest that was seen, as if each request were alone.

    With `given_s` every answer has exactly that; otherwise what its probe says, and more where the server is slow.
    """

    given_s: float | None = None
    s_per_token: float = 0.0
    generated: bool = False

    def sees(self, exchange: Exchange, under_way: int) -> None:
        """Take the measure of an answer, whole or cut, that began with so many requests under way."""
        response = exchange.response
        if response is None or response.status != 200 or exchange.request.method != "POST":
            return
        self.generated = True
        tokens = min(_written(exchange), most_tokens(exchange.request) or MOST_TOKENS)
        if tokens >= LEAST_TOKENS:
            self.s_per_token = max(self.s_per_token, exchange.elapsed / tokens / max(1, under_way))

    def deadline_s(self, probe: Probe, request: Request, under_way: int) -> float:
        """Seconds to wait for an answer, with so many requests under way, this one included."""
        if self.given_s is not None:
            return self.given_s
        base = probe.deadline_s
        if not self.generated and request.method == "POST":
            base = max(base, FIRST_S)
        tokens = min(most_tokens(request) or MOST_TOKENS, MOST_TOKENS)
        needed = MARGIN * self.s_per_token * tokens * max(1, under_way)
        return max(base, min(MOST_S, needed))

    def slow(self, provider: str) -> str:
        """What is said of a server whose answers are waited for longer; empty where it is quick enough."""
        longest = MARGIN * self.s_per_token * MOST_TOKENS
        if self.given_s is not None or longest <= FIRST_S:
            return ""
        return (
            f"{provider} is slow: {self.s_per_token:.2g} s a token; an answer is waited for up to "
            f"{min(MOST_S, longest):.0f} s and more where several are under way, at most {MOST_S:g} s. "
            "--deadline SECONDS sets another limit, --time-budget SECONDS ends the whole run"
        )


def _written(exchange: Exchange) -> int:
    """About how many tokens came: as the answer counts them, or its events; of a plain one that does not, its cap."""

    response = exchange.response
    assert response is not None
    body = response.body
    if response.media_type == "text/event-stream":
        return body.count(b"data:")
    try:
        usage = json.loads(body)["usage"]
        for name in ("completion_tokens", "output_tokens"):
            if isinstance(usage.get(name), int):
                return int(usage[name])
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        pass
    return most_tokens(exchange.request) or 0 if exchange.error is None else 0
