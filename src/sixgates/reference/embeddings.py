"""The reference's embeddings: a vector of length 1 that a text's hash decides."""

from __future__ import annotations

import hashlib
import json
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from sixgates.exchange import Response
from sixgates.reference.desk import Desk, invalid
from sixgates.reference.writing import tokens_in
from sixgates.vectors import packed, unpacked

LENGTH = 8
Text = str | list[int]


def embed(desk: Desk, body: Mapping[str, Any]) -> Response:
    """The reply to one request; raises Refused."""
    desk.known(body.get("model"))
    encoding, length = body.get("encoding_format", "float"), body.get("dimensions", LENGTH)
    if encoding not in ("float", "base64"):
        raise invalid("encoding_format must be float or base64", "encoding_format")
    if type(length) is not int or not 1 <= length <= LENGTH:
        raise invalid(f"dimensions must be an integer from 1 to {LENGTH}", "dimensions")
    texts = _texts(body.get("input"))
    counts = [_count(text) for text in texts]
    if max(counts) > desk.context_length:
        raise invalid("a text is too long", "input", "context_length_exceeded")
    data = [
        {"object": "embedding", "index": index, "embedding": _written(_vector(text, length), encoding)}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": sum(counts), "total_tokens": sum(counts)}
    return desk.json({"object": "list", "data": data, "model": desk.model, "usage": usage})


def _texts(given: object) -> Sequence[Text]:
    texts: list[Any] = given if isinstance(given, list) and not _is_tokens(given) else [given]
    if not texts or not all(each and (isinstance(each, str) or _is_tokens(each)) for each in texts):
        raise invalid("input must be a text, an array of texts, or token ids, and not empty", "input")
    return texts


def _is_tokens(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(type(each) is int for each in value)


def _count(text: Text) -> int:
    return tokens_in(text) if isinstance(text, str) else len(text)


def _vector(text: Text, length: int) -> tuple[float, ...]:
    digest = hashlib.sha256(json.dumps(text).encode()).digest()
    numbers = [digest[place] / 127.5 - 1 for place in range(length)]
    norm = math.hypot(*numbers)
    return unpacked(packed([number / norm for number in numbers]))


def _written(numbers: tuple[float, ...], encoding: str) -> list[float] | str:
    return b64encode(packed(numbers)).decode() if encoding == "base64" else list(numbers)
