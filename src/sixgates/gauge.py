"""How many requests a server shows running: engines have a gauge of it, each under a path and a name of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from sixgates.exchange import Exchange
from sixgates.select import Unmet, parse_json

METRICS_PATH = "/metrics"
SLOTS_PATH = "/slots"
NAMES = ("vllm:num_requests_running", "llamacpp:requests_processing")
FREED_WITHIN_S = 5.0
_SAMPLE = re.compile(rf"^(?:{'|'.join(NAMES)})(?:\{{[^\n]*\}})? +(\S+)", re.MULTILINE)


def running(exchange: Exchange) -> int | None:
    """The requests that the gauge in an answer shows running, of all models together; None where it has no gauge."""
    response = exchange.response
    if response is None or response.status != 200:
        return None
    text = response.body.decode(errors="replace")
    read = list(_slots(text) if exchange.request.path == SLOTS_PATH else _samples(text))
    total = sum(read)
    return math.ceil(total) if read and math.isfinite(total) else None


def busy(exchange: Exchange) -> bool:
    """Whether the gauge shows that something runs."""
    return bool(running(exchange))


def idle(exchange: Exchange) -> bool:
    """Whether it shows nothing, or cannot be read."""
    return not running(exchange)


def why_not_to_hang_up(exchange: Exchange) -> str | None:
    """Why the gauge could not tell what becomes of one request; None where it could."""
    found = running(exchange)
    asked = f"{exchange.request.method} {exchange.request.path}"
    if found:
        return f"{asked} shows {found} running requests before ours, which could not be told from them"
    return f"no gauge shows running requests: {_instead(exchange, asked)}" if found is None else None


def _instead(exchange: Exchange, asked: str) -> str:
    response, error = exchange.response, exchange.error
    if response is None:
        return f"{asked} got {error.detail if error else 'no answer'}"
    if response.status != 200:
        return f"{asked} got {response.status}"
    return f"{asked} has neither {' nor '.join(NAMES)}"


def _samples(text: str) -> Iterator[float]:
    """What a page in the text format of Prometheus says."""
    for value in _SAMPLE.findall(text):
        try:
            yield float(value)
        except ValueError:
            yield math.nan


def _slots(text: str) -> Iterator[float]:
    """What llama.cpp says of each of its slots."""
    try:
        for slot in parse_json(text).elements:
            if isinstance(slot["is_processing"].value, bool):
                yield float(slot["is_processing"].value)
    except Unmet:
        return
