"""Defects of what becomes of a request whose client is gone."""

from sixgates.reference.mutants import mutant, on_stream

mutant(
    "stream-goes-on-without-a-client", on=on_stream, deaf=True, caught_by=["chat.stream.disconnect_aborts"]
)
