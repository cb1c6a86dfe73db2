"""Vectors of embeddings as numbers, whether they came as JSON numbers or as base64."""

from __future__ import annotations

import binascii
import math
import struct
from base64 import b64decode
from collections.abc import Sequence
from operator import mul

from sixgates.select import ARRAY, Json, Kind, Unmet, shown

Vector = tuple[float, ...]
_SINGLE = 4
NUMBER = Kind(
    "a finite number",
    lambda value: isinstance(value, int | float) and not isinstance(value, bool) and _finite(value),
)
SAME = 0.999
"""The least cosine of two vectors of one text: batches and half precision change the last digits only."""


def vector(embedding: Json) -> Vector:
    """The numbers of an embedding, an array or the base64 of little-endian float32; raises Unmet otherwise."""
    if isinstance(embedding.value, str):
        return _decoded(embedding)
    if not ARRAY.holds(embedding.value):
        raise Unmet(embedding.finding("an array of numbers, or base64"))
    return tuple(float(number.require(NUMBER)) for number in embedding.elements)


def cosine(one: Vector, other: Vector) -> float:
    """How alike two vectors point, from -1 to 1; 0 where one is all zeros or their lengths differ."""
    product = math.hypot(*one) * math.hypot(*other)
    if len(one) != len(other) or not product or not math.isfinite(product):
        return 0.0
    return math.fsum(map(mul, one, other)) / product


def same(one: Vector, other: Vector) -> bool:
    """Whether both are the vector of one text: as long, of one direction, and of about one norm."""
    norm = math.hypot(*one)
    near = math.isclose(norm, math.hypot(*other), rel_tol=0.01)
    return one == other or (near and cosine(one, other) >= SAME)


def summary(numbers: Vector) -> str:
    """A vector as a finding shows it."""
    return f"{len(numbers)} numbers {shown([round(number, 4) for number in numbers[:4]])[:-1]}, …]"


def packed(numbers: Sequence[float]) -> bytes:
    """Numbers as the API packs them: little-endian float32."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def unpacked(data: bytes) -> Vector:
    """What `packed` made: as many numbers as there are four bytes."""
    return struct.unpack(f"<{len(data) // _SINGLE}f", data)


def _decoded(embedding: Json) -> Vector:
    expected = "the base64 of float32 numbers"
    try:
        data = b64decode(embedding.value, validate=True)
    except (binascii.Error, ValueError):
        raise Unmet(embedding.finding(expected)) from None
    if not data or len(data) % _SINGLE:
        raise Unmet(embedding.finding(f"{expected}, 4 bytes each", f"it holds {len(data)} bytes"))
    numbers = unpacked(data)
    if not all(map(math.isfinite, numbers)):
        raise Unmet(embedding.finding("finite numbers", "read as little-endian float32 some are not finite"))
    return numbers


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
