"""Servers that refuse a member which others have no use for."""

from sixgates.catalogue import RESPONSES_PATH
from sixgates.exchange import Request
from sixgates.reference.mutants import body_of, mutant, with_body

_REFUSAL = b'{"error":{"message":"not permitted","type":"invalid_request_error","param":null,"code":null}}'


def _keyed(request: Request) -> bool:
    return request.path == RESPONSES_PATH and "prompt_cache_key" in body_of(request)


mutant(
    "response-cache-key-refused",
    on=_keyed,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["responses.known_fields_tolerated"],
)
