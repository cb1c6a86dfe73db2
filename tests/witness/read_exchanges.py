"""What the official SDK raises and loses on exchanges; run by the interpreter of another major of `openai`.

Reads a pickled list of (name of a reading, exchange) from standard input, and writes JSON: the SDK's version, and for
each pair what was found. Needs nothing but `openai` and the source of sixgates on the path.
"""

from __future__ import annotations

import json
import pickle
import sys
from typing import Any

from sixgates.exchange import Exchange
from sixgates.select import Unmet
from sixgates.witness import reading, responses
from sixgates.witness.replay import version

READINGS = {
    "chat": reading.chat,
    "helper": reading.helper,
    "legacy": reading.legacy,
    "embeddings": reading.embeddings,
    "models": reading.models,
    "responses": responses.responses,
    "responses_helper": responses.responses_helper,
}


def found(name: str, exchange: Exchange) -> list[list[str]]:
    """The findings of one reading, as lists of where and got."""
    try:
        return [[finding.where, finding.got] for finding in READINGS[name](exchange)]
    except Unmet as unmet:
        return [[unmet.finding.where, unmet.finding.got]]


if __name__ == "__main__":
    pairs: list[Any] = pickle.load(sys.stdin.buffer)
    print(json.dumps({"version": version(), "found": [found(*pair) for pair in pairs]}))
