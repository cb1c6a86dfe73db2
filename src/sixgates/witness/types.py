"""The SDK's response types as judges of shape: strictly, so that a number in quotes is no number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

from pydantic import ValidationError

from sixgates.select import ABSENT, NON_EMPTY_STRING, Findings, Json

CHAT = "chat.ChatCompletion"
CHUNK = "chat.ChatCompletionChunk"
COMPLETION = "Completion"
EMBEDDINGS = "CreateEmbeddingResponse"
MODEL = "Model"
RESPONSE = "responses.Response"
LONGEST, DEEPEST = 200, 20
_WORDS = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "missing": "a value",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Places that other checks judge: JSON pointers with * for any index; one that ends in /** has all below it."""

    places: Collection[str]

    def holds(self, pointer: str) -> bool:
        """Whether the place is judged elsewhere."""
        place = re.sub(r"/\d+(?=/|$)", "/*", pointer)
        return any(
            place == one or (one.endswith("/**") and f"{place}/".startswith(one.removesuffix("**")))
            for one in self.places
        )


def mistyped(model: str, document: Json, elsewhere: Elsewhere) -> Findings:
    """What of a document the SDK's type of this name refuses, at places that no other check judges."""
    try:
        _model(model).model_validate(_bounded(document.value), strict=True)
    except ValidationError as refused:
        seen = set()
        for place, expected in _places(document, refused):
            pointer = place.where.removeprefix(document.where)
            if pointer not in seen and not elsewhere.holds(pointer):
                yield place.finding(expected, f"openai.types.{model}")
            seen.add(pointer)


def _bounded(value: Any, depth: int = 0) -> Any:
    """The first elements of each array: an answer of a few tokens has no more, and each may hold many errors."""
    if depth > DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: _bounded(one, depth + 1) for key, one in value.items()}
    return [_bounded(one, depth + 1) for one in value[:LONGEST]] if isinstance(value, list) else value


@cache
def _model(name: str) -> Any:
    from sixgates.witness.sdk import openai

    return attrgetter(name)(openai.types)


Told = tuple[tuple[Any, ...], Any]
"""What pydantic says of a value: the way to it from here, and the error."""


def _places(document: Json, refused: ValidationError) -> Iterator[tuple[Json, str]]:
    errors = refused.errors(include_url=False, include_input=False)
    return _told(document, [(tuple(error["loc"]), error) for error in errors])


def _told(place: Json, errors: Sequence[Told]) -> Iterator[tuple[Json, str]]:
    """Each place with what is expected there; of a union only the variant that the value comes closest to."""
    variants: dict[Any, list[Told]] = {}
    below: dict[Any, list[Told]] = {}
    for (key, *way), error in ((way or ("",), error) for way, error in errors):
        missing = not way and error["type"] == "missing"
        group = below if key != "" and (missing or place[key].value is not ABSENT) else variants
        group.setdefault(key, []).append((tuple(way), error))
    for key, told in below.items():
        own = [error for way, error in told if not way and not _is_a_newer_word(place[key], error)]
        yield from ((place[key], _words(error)) for error in own[:1])
        yield from _told(place[key], [(way, error) for way, error in told if way])
    if not variants:
        return
    if all(not way for told in variants.values() for way, _ in told):
        words = dict.fromkeys(_words(error) for told in variants.values() for _, error in told)
        yield place, " or ".join(words)
        return
    yield from _told(place, min(variants.values(), key=_distance))


def _distance(told: Sequence[Told]) -> tuple[bool, bool, int]:
    """How far a value is from a variant: of another kind, of another `type`, or wrong in so many places."""
    other = any(not way for way, _ in told)
    named = any(way[-1:] == ("type",) and error["type"] == "literal_error" for way, error in told)
    return other, named, len(told)


def _words(error: Any) -> str:
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"]).replace("'", '"')
    return _WORDS.get(error["type"], "what the type has")


def _is_a_newer_word(place: Json, error: Any) -> bool:
    """Whether it is a word that a list of several lacks: such lists grow, and the SDK passes on what they lack."""
    several = error["type"] == "literal_error" and " or " in str(error["ctx"]["expected"])
    return several and NON_EMPTY_STRING.holds(place.value)
