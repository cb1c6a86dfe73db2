"""The SDK's response types as judges of shape: strictly, so that a number in quotes is no number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
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


def _places(document: Json, refused: ValidationError) -> Iterator[tuple[Json, str]]:
    for error in refused.errors(include_url=False, include_input=False):
        place, strayed = _followed(document, error)
        if strayed:
            yield place, "one of the shapes that the type has"
        elif error["type"] == "literal_error":
            if _is_a_newer_word(place, error):
                continue
            yield place, str(error["ctx"]["expected"]).replace("'", '"')
        else:
            yield place, _WORDS.get(error["type"], "what the type has")


def _is_a_newer_word(place: Json, error: Any) -> bool:
    """Whether it is a word that a list of several lacks: such lists grow, and the SDK passes on what they lack."""
    several = " or " in str(error["ctx"]["expected"])
    return several and NON_EMPTY_STRING.holds(place.value)


def _followed(document: Json, error: Any) -> tuple[Json, bool]:
    """The place of an error, and whether it lies in a variant of a union, whose name is no key of the document."""
    place = document
    *way, last = error["loc"] or ("",)
    for key in way:
        if place[key].value is ABSENT:
            return place, True
        place = place[key]
    if error["type"] == "missing" or place[last].value is not ABSENT:
        return place[last], False
    return place, bool(error["loc"])
