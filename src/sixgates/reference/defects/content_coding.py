"""Defects of servers and proxies that compress, or say that they do."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace

from sixgates.catalogue import EMBEDDINGS_PATH
from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.mutants import Edit, mutant, on_chat, on_path, on_plain, on_stream, with_header

PLAIN, STREAMED = "http.content_coding.plain", "http.content_coding.stream"
EMBEDDED = "embeddings.content_coding"
OFFERED, EXACT = "http.content_coding.offered", "http.content_coding.exact"
Pack = Callable[[bytes], bytes]


def zipped(data: bytes) -> bytes:
    """The same bytes each time: gzip as it is has the moment in it."""
    return gzip.compress(data, mtime=0)


def _offers(request: Request) -> bool:
    return "gzip" in (request.header("accept-encoding") or "")


def _to_plain(request: Request) -> bool:
    return on_plain(request) and _offers(request)


def _to_stream(request: Request) -> bool:
    return on_stream(request) and _offers(request)


def _to_embeddings(request: Request) -> bool:
    return on_path(EMBEDDINGS_PATH)(request) and _offers(request)


def packed(label: str, pack: Pack, *, length: bool = True) -> Edit:
    """Pack the whole body at its end; with `length` false it keeps the length that it had before."""

    def edit(response: Response) -> Response:
        last = response.chunks[-1].at
        data = pack(response.body)
        kept = tuple(pair for pair in response.headers if pair[0] != "content-length")
        had = response.header("content-length")
        size = () if had is None else (("content-length", str(len(data)) if length else had),)
        headers = (*kept, *size, ("content-encoding", label))
        return replace(response, headers=headers, chunks=(Chunk(data, last),))

    return edit


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _endless(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def _twice(data: bytes) -> bytes:
    return zipped(zipped(data))


def _bomb(data: bytes) -> bytes:
    return zipped(b" " * 9_000_000 + data)


def _foreign(data: bytes) -> bytes:
    return b"\x28\xb5\x2f\xfd" + zlib.compress(data)


def _on_errors(edit: Edit) -> Edit:
    return lambda response: edit(response) if response.status >= 400 else response


for _label in ("gzip", "deflate"):
    mutant(
        f"plain-body-labelled-{_label}",
        on=_to_plain,
        edit=with_header("content-encoding", _label),
        caught_by=[PLAIN],
    )
    mutant(
        f"plain-stream-labelled-{_label}",
        on=_to_stream,
        edit=with_header("content-encoding", _label),
        caught_by=[STREAMED],
    )
    mutant(
        f"plain-error-labelled-{_label}",
        on=_to_plain,
        edit=_on_errors(with_header("content-encoding", _label)),
        caught_by=["errors.content_coding"],
    )
mutant("body-compressed-twice", on=_to_plain, edit=packed("gzip", _twice), caught_by=[PLAIN])
mutant("stream-compressed-twice", on=_to_stream, edit=packed("gzip", _twice), caught_by=[STREAMED])
mutant(
    "error-compressed-twice",
    on=_to_plain,
    edit=_on_errors(packed("gzip", _twice)),
    caught_by=["errors.content_coding"],
)
mutant("body-unpacks-without-end", on=_to_plain, edit=packed("gzip", _bomb), caught_by=[PLAIN])
mutant(
    "compressed-body-keeps-the-old-length",
    on=_to_plain,
    edit=packed("gzip", zipped, length=False),
    caught_by=[PLAIN],
)
for _name, _edit, _check in (
    ("labelled-gzip", with_header("content-encoding", "gzip"), EMBEDDED),
    ("compressed-twice", packed("gzip", _twice), EMBEDDED),
    ("keep-the-old-length", packed("gzip", zipped, length=False), EMBEDDED),
    ("in-br-though-not-offered", packed("br", _foreign), OFFERED),
    ("in-gzip-without-its-end", packed("gzip", _endless), EXACT),
):
    mutant(f"embeddings-{_name}", on=_to_embeddings, edit=_edit, caught_by=[_check])
for _label in ("br", "zstd", "compress", "x-gzip", "gzip, zstd"):
    mutant(
        f"body-in-{_label.replace(', ', '-and-')}-though-not-offered",
        on=_to_plain,
        edit=packed(_label, _foreign),
        caught_by=[OFFERED],
    )
mutant("stream-in-br-though-not-offered", on=_to_stream, edit=packed("br", _foreign), caught_by=[OFFERED])
mutant(
    "compressed-though-identity-was-asked",
    on=lambda request: on_chat(request) and not _offers(request),
    edit=packed("gzip", zipped),
    caught_by=[OFFERED],
)
mutant("deflate-without-wrapper", on=_to_plain, edit=packed("deflate", _raw_deflate), caught_by=[EXACT])
mutant("gzip-without-its-end", on=_to_stream, edit=packed("gzip", _endless), caught_by=[EXACT])
mutant(
    "gzip-with-more-behind",
    on=_to_plain,
    edit=packed("gzip", lambda data: zipped(data) + b"\0" * 4),
    caught_by=[EXACT],
)
mutant(
    "stream-held-back-by-compression",
    on=_to_stream,
    edit=packed("gzip", zipped),
    caught_by=["chat.stream.incremental_compressed"],
)
