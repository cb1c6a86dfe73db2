"""Defects that responses have and chat has not."""

from collections.abc import Callable

from sixgates.exchange import Request
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.defects.responses import on_events, on_responses
from sixgates.reference.defects.responses import on_whole as on_whole_response
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    in_json,
    in_pieces,
    mutant,
    with_body,
)


def _more_parts(usage: Document) -> None:
    usage["input_tokens_details"]["cached_tokens"] = usage["input_tokens"] + 1


mutant(
    "response-cached-beyond-input",
    on=on_whole_response,
    edit=in_json(lambda document: _more_parts(document["usage"])),
    caught_by=["responses.usage_details"],
)


def _ends_with_more_parts(events: list[Document]) -> None:
    _more_parts(events[-1]["response"]["usage"])


mutant(
    "response-stream-cached-beyond-input",
    on=on_events,
    edit=in_typed_events(_ends_with_more_parts),
    caught_by=["responses.usage_details"],
)


mutant(
    "response-model-with-a-prefix",
    on=on_responses,
    edit=in_json(lambda document: document.update(model=f"hosted_vllm/{document['model']}")),
    caught_by=["responses.model_echo"],
)

mutant(
    "response-stream-with-empty-data",
    on=on_events,
    edit=in_pieces(lambda pieces: [pieces[0], b"data:\n\n", *pieces[1:]]),
    caught_by=["responses.stream.framing"],
)


def _in_text(change: Callable[[str], str]) -> Edit:
    """Change the text of each message of a response."""

    def edit(document: Document) -> None:
        for item in document["output"]:
            for part in item.get("content", []) if item["type"] == "message" else []:
                part["text"] = change(part["text"])

    return in_json(edit)


mutant(
    "response-with-thought-markup",
    on=on_whole_response,
    edit=_in_text(lambda text: f"<think>Hm.</think>{text}"),
    caught_by=["responses.text_clean"],
)
mutant(
    "response-with-control-tokens",
    on=on_whole_response,
    edit=_in_text(lambda text: f"{text}<|im_end|>"),
    caught_by=["responses.text_clean"],
)


def _on_drawing(request: Request) -> bool:
    return on_events(request) and b"drawing" in (request.body or b"")


def _fenced(events: list[Document]) -> None:
    for event in events:
        for holder in (event.get("response"), event.get("item")):
            for item in (holder or {}).get("output", [holder or {}]):
                for part in item.get("content", []):
                    part["text"] = f"```json\n{part['text']}\n```"


mutant(
    "response-stream-schema-refused",
    on=_on_drawing,
    edit=with_body(b'{"error": {"message": "text.format is not supported with stream"}}', status=400),
    caught_by=["responses.text_format_stream"],
)
mutant(
    "response-stream-schema-fenced",
    on=_on_drawing,
    edit=in_typed_events(_fenced),
    caught_by=["responses.text_format_stream"],
)
mutant(
    "response-stream-schema-ignored",
    on=_on_drawing,
    rewrite=asking(text=None, max_output_tokens=16),
    caught_by=["responses.text_format_stream"],
)


def _with_a_call(document: Document) -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "ping", "arguments": "{}"}
    document["output"].append({**call, "status": "completed"})


def _on_no_tools(request: Request) -> bool:
    return on_whole_response(request) and "tools" not in body_of(request)


mutant(
    "response-calls-of-nothing",
    on=_on_no_tools,
    edit=in_json(_with_a_call),
    caught_by=["responses.no_calls_without_tools"],
)
