"""Defects of the transport."""

from sixgates.exchange import FailureKind, TransportError
from sixgates.reference.mutants import mutant, on_plain, on_stream, with_header

_CUT = TransportError(FailureKind.PROTOCOL, "peer closed connection without sending complete message body")

mutant("stream-cut", on=on_stream, cut=_CUT, caught_by=["http.chunked_complete"])
mutant(
    "body-longer-than-announced",
    on=on_plain,
    edit=with_header("content-length", "5"),
    caught_by=["http.chunked_complete"],
)
