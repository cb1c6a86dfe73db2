"""What messages may hold: each shape is accepted, or refused as the client's fault."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import chat, chat_stream_unicode, chat_unicode
from sixgates.probes.errors import missing_messages
from sixgates.probes.input import (
    bad_image,
    content_parts,
    developer_role,
    no_messages,
    null_fields,
    several_systems,
    unknown_words,
)
from sixgates.select import INTEGER, NON_EMPTY_STRING, OBJECT, Findings, Kind, shown
from sixgates.views import Document, Reply

SPEC = "spec: ChatCompletionRequestMessage"
SLACK = 4
"""How many tokens a separator between parts may cost."""


@check(
    "input.content_parts_text",
    MUST,
    probe=content_parts,
    evidence=[SPEC, "penta2himajin/qwisp#83", "qualcomm/GenieX#683", "theroyallab/tabbyAPI#117"],
)
def content_may_be_parts(reply: Reply) -> Findings:
    """Content as an array of text parts is accepted as a string is."""
    yield from reply.status_in(200)
    yield from reply.json.unlike(OBJECT)


@check(
    "input.content_parts_multi",
    SHOULD,
    together=[chat, content_parts],
    requires=["input.content_parts_text"],
    evidence=[SPEC, "ayunis-core/ayunis-core#719"],
)
def all_parts_are_read(plain: Document, parts: Document) -> Findings:
    """Several text parts count as many prompt tokens as the same text in one string: none is lost."""
    count = plain["usage"]["prompt_tokens"].integer
    near = Kind(
        f"about {count}, as for the same text in a string",
        lambda value: INTEGER.holds(value) and abs(value - count) <= SLACK,
    )
    yield from parts["usage"]["prompt_tokens"].unlike(near)


@check(
    "input.role_developer",
    SHOULD,
    probe=developer_role,
    evidence=[SPEC, "0xku/kon#5", "peonist-ai/halogen-server#3", "cloudflare/cloudflare-os#36"],
)
def the_developer_may_speak(reply: Reply) -> Findings:
    """The role "developer" is accepted."""
    yield from reply.status_in(200)


@check("input.role_developer_not_5xx", MUST, probe=developer_role, evidence=[SPEC, "0xku/kon#5"])
def the_developer_is_no_server_fault(reply: Reply) -> Findings:
    """A server that does not know the role "developer" refuses it as the client's fault, never with 5xx."""
    if reply.status >= 500:
        yield Finding("status", "200 or a 4xx", f"{reply.status} {shown(reply.text)}")


@check(
    "input.system_not_first",
    SHOULD,
    probe=several_systems,
    evidence=[SPEC, "langgenius/dify#39467", "charmbracelet/crush#3050", "bbvch-ai/aihub-core#1742"],
)
def systems_may_speak_twice_and_late(reply: Reply) -> Findings:
    """Two system messages at the start and one in the middle are accepted."""
    yield from reply.status_in(200)


@check(
    "input.system_multiple_not_5xx",
    SHOULD,
    probe=several_systems,
    evidence=[SPEC, "FB208/OpenBidKit_Yibiao#221", "sgl-project/sglang#892", "predibase/lorax#215"],
)
def systems_are_no_server_fault(reply: Reply) -> Findings:
    """Where a template cannot take several system messages, the request is refused as the client's fault."""
    if reply.status >= 500:
        yield Finding("status", "200 or a 4xx", f"{reply.status} {shown(reply.text)}")


@check(
    "input.null_message_fields",
    SHOULD,
    probe=null_fields,
    evidence=[SPEC, "Gage-Technologies/mistral-go#2"],
)
def names_and_nulls_are_accepted(reply: Reply) -> Findings:
    """A message may have a name, and null where it has no tool calls, function call, refusal or name."""
    yield from reply.status_in(200)


@check("input.messages_empty", MUST, probe=no_messages, evidence=[SPEC, "NVIDIA-AI-Blueprints/llm-router#33"])
def no_messages_are_refused(reply: Reply) -> Findings:
    """A request without any message is refused with 400 or 422."""
    yield from reply.status_in(400, 422)


@check("input.messages_missing", MUST, probe=missing_messages, evidence=[SPEC, "ray-project/ray#64833"])
def missing_messages_are_named(reply: Reply) -> Findings:
    """A request without `messages` is refused with 400 or 422, and the answer names them."""
    yield from reply.status_in(400, 422)
    if "messages" not in reply.text.lower():
        yield Finding("body", "the word messages", shown(reply.text))


@check(
    "input.role_unknown",
    SHOULD,
    probe=unknown_words,
    evidence=[SPEC, "peonist-ai/halogen-server#3", "qualcomm/GenieX#683"],
)
def unknown_roles_and_parts_are_refused(reply: Reply) -> Findings:
    """A role and a kind of part that the API does not know are refused with 400 or 422 and a message."""
    yield from reply.status_in(400, 422)
    yield from reply.json["error"]["message"].unlike(NON_EMPTY_STRING)


@check(
    "input.image_bad",
    SHOULD,
    probe=bad_image,
    evidence=[SPEC, "vllm-project/vllm#47163", "vllm-project/vllm#21254", "BerriAI/litellm#14085"],
)
def broken_images_are_the_clients_fault(reply: Reply) -> Findings:
    """An image that is none is refused with a 4xx, by models that see and by those that do not."""
    if not 400 <= reply.status < 500:
        yield Finding("status", "a 4xx", f"{reply.status} {shown(reply.text)}")


@check(
    "input.unicode_roundtrip",
    MUST,
    each=[chat_unicode, chat_stream_unicode],
    evidence=[SPEC, "ggml-org/llama.cpp#11738", "containers/ramalama#752", "0xku/kon#5"],
)
def any_script_is_no_server_fault(exchange: Exchange) -> Findings:
    """A prompt with emoji and other scripts is answered; it is no fault of the server."""
    reply = Reply.of(exchange)
    yield from reply.status_in(200)
