"""Defects of text: characters cut in two by their escapes, broken at the edges of pieces, bytes that are no UTF-8."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.defects.completions import on_completions
from sixgates.reference.defects.responses import on_events, on_responses
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    body_of,
    mutant,
    on_chat,
    on_path,
    on_plain,
    on_stream,
)

Change = Callable[[Document], Any]
HALVES = "\ud83e", "\udee0"
"""The surrogates of 🫠, each of which is a string of JSON by its escape."""


def _every(change: Change) -> Edit:
    """Change each JSON document of an answer, whole or streamed, in place, and write it with escapes."""

    def edit(response: Response) -> Response:
        if response.media_type == "application/json":
            body = _written(change, response.body)
            headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
            return replace(response, headers=headers, chunks=(Chunk(body, 0.01),))
        return replace(
            response, chunks=tuple(Chunk(_event(change, each.data), each.at) for each in response.chunks)
        )

    return edit


def _event(change: Change, data: bytes) -> bytes:
    head, mark, text = data.partition(b"data: ")
    if text.strip() == b"[DONE]" or not mark:
        return data
    return head + mark + _written(change, text) + b"\n\n"


def _written(change: Change, text: bytes) -> bytes:
    document = json.loads(text)
    change(document)
    return json.dumps(document).encode()


def _half(*names: str) -> Change:
    """Half of a character more in each non-empty string of these names, wherever it stands."""

    def change(value: Any) -> None:
        for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
            change(item)
        for name in names if isinstance(value, dict) else ():
            if isinstance(value.get(name), str) and value[name]:
                value[name] += HALVES[0]

    return change


def _refusing(document: Document) -> None:
    for choice in document.get("choices", []):
        for said in (choice.get("message"), choice.get("delta")):
            if said is not None:
                said["refusal"] = HALVES[1]


for _surface, _on, _check in (
    ("plain", on_plain, "chat.unicode"),
    ("stream", on_stream, "chat.stream.unicode"),
):
    for _place in ("content", "reasoning", "reasoning_content", "name", "arguments", "token"):
        mutant(
            f"half-a-character-in-{_place}-{_surface}", on=_on, edit=_every(_half(_place)), caught_by=[_check]
        )
    mutant(f"half-a-character-in-refusal-{_surface}", on=_on, edit=_every(_refusing), caught_by=[_check])


def _cut_in_two(response: Response) -> Response:
    """A character in two events, half of its escapes in each: what joins strings gets no character back."""
    chunks: list[Chunk] = []
    for chunk in response.chunks:
        head, _, text = chunk.data.partition(b"data: ")
        if "🫠" not in text.decode() or b'"delta"' not in text:
            chunks.append(chunk)
            continue
        for part in (
            lambda said: said.partition("🫠")[0] + HALVES[0],
            lambda said: HALVES[1] + said.partition("🫠")[2],
        ):
            data = json.dumps(_mapped(json.loads(text), part)).encode()
            chunks.append(Chunk(head + b"data: " + data + b"\n\n", chunk.at))
    return replace(response, chunks=tuple(chunks))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The document with each string changed that holds the character."""
    if isinstance(value, dict):
        return {name: _mapped(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return change(value) if isinstance(value, str) and "🫠" in value else value


mutant("emoji-cut-by-escapes", on=on_stream, edit=_cut_in_two, caught_by=["chat.stream.unicode"])
mutant("response-emoji-cut-by-escapes", on=on_events, edit=_cut_in_two, caught_by=["responses.unicode"])
for _place in ("text", "id"):
    mutant(
        f"half-a-character-in-completions-{_place}",
        on=on_completions,
        edit=_every(_half(_place)),
        caught_by=["completions.unicode"],
    )
for _place in ("text", "delta", "arguments", "name"):
    mutant(
        f"half-a-character-in-response-{_place}",
        on=on_responses,
        edit=_every(_half(_place)),
        caught_by=["responses.unicode"],
    )
mutant(
    "half-a-character-in-errors",
    on=on_chat,
    edit=lambda response: _every(_half("message"))(response) if response.status >= 400 else response,
    caught_by=["errors.unicode"],
)
mutant(
    "half-a-character-in-owners",
    on=on_path("/v1/models"),
    edit=_every(_half("owned_by")),
    caught_by=["models.list.unicode"],
)


def _recoded(coding: str) -> Edit:
    """A JSON body in another coding; refusals too."""

    def edit(response: Response) -> Response:
        if response.media_type != "application/json":
            return response
        body = json.dumps({**json.loads(response.body), "x_word": "ä"}, ensure_ascii=False).encode(
            coding, "replace"
        )
        headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
        return replace(response, headers=headers, chunks=(Chunk(body, 0.01),))

    return edit


def _marked(response: Response) -> Response:
    """A byte-order mark before the body."""
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    first, *others = response.chunks
    return replace(response, headers=headers, chunks=(Chunk(b"\xef\xbb\xbf" + first.data, first.at), *others))


def _latin(response: Response) -> Response:
    """Events in which a word is Latin-1."""
    if response.media_type != "text/event-stream":
        return response
    return replace(
        response,
        chunks=tuple(Chunk(each.data.replace(b' "', b' "\xe4', 1), each.at) for each in response.chunks),
    )


_SURFACES: dict[str, Applies] = {
    "chat": on_chat,
    "completions": on_completions,
    "response": on_responses,
    "models": on_path("/v1/models"),
}
_ANSWERED = {
    "chat": "http.utf8",  # by its refusals: what is no UTF-8 is no answer at all
    "completions": "completions.answered",
    "response": "responses.answered",
    "models": "models.list.shape",
}
for _name, _applies in _SURFACES.items():
    mutant(f"{_name}-in-utf-16", on=_applies, edit=_recoded("utf-16"), caught_by=["http.utf8"])
    mutant(f"{_name}-in-latin-1", on=_applies, edit=_recoded("latin-1"), caught_by=[_ANSWERED[_name]])
    mutant(f"{_name}-with-a-mark", on=_applies, edit=_marked, caught_by=["http.no_bom"])
mutant(
    "completions-stream-in-latin-1",
    on=on_completions,
    edit=_latin,
    caught_by=["completions.stream_framing"],
)
mutant("response-stream-in-latin-1", on=on_events, edit=_latin, caught_by=["responses.stream.framing"])


def _on_tool_events(request: Request) -> bool:
    return on_stream(request) and b"draw" in (request.body or b"")


def _on_drawing(request: Request) -> bool:
    return on_events(request) and b"drawing" in (request.body or b"")


def _broken(response: Response) -> Response:
    return replace(
        response,
        chunks=tuple(
            Chunk(each.data.replace("龜".encode(), "���".encode()), each.at) for each in response.chunks
        ),
    )


mutant(
    "tool-stream-breaks-characters",
    on=_on_tool_events,
    edit=_broken,
    caught_by=["tools.stream.no_replacement_char"],
)
mutant(
    "response-stream-breaks-characters",
    on=_on_drawing,
    edit=_broken,
    caught_by=["responses.no_replacement_char"],
)


def _on_completions_stream(request: Request) -> bool:
    return on_completions(request) and bool(body_of(request).get("stream"))


def _first_letters_lost(document: Document) -> None:
    for choice in document["choices"]:
        choice["text"] = choice["text"] and "�" + choice["text"][1:]


mutant(
    "completions-stream-breaks-characters",
    on=_on_completions_stream,
    edit=_every(_first_letters_lost),
    caught_by=["completions.no_replacement_char"],
)
