"""Which status each fault of the client must get."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_stream_framing import answered
from sixgates.checks.errors import ANSWERED
from sixgates.checks.refused import Refusal
from sixgates.exchange import Exchange, Finding
from sixgates.probes.errors import (
    CLIENT_FAULTS,
    context_overflow,
    context_overflow_stream,
    deeply_nested,
    empty_body,
    empty_key_stream,
    invalid_json,
    missing_messages,
    mistyped_messages,
    mistyped_temperature_stream,
    no_key,
    unknown_model,
    wrong_key,
)
from sixgates.probes.interleaved import parallel_streams
from sixgates.probes.models import models_list
from sixgates.select import INTEGER, Findings, Kind, Unmet, literal, parse_json, shown
from sixgates.views import ChatStream, Document, Reply, members

ACCEPTED = (
    "the server did not find this prompt too long: correct the model's context_length in providers.yaml, "
    "or what the list of models says of it"
)


@check(
    "errors.unknown_model",
    MUST,
    together=[unknown_model, models_list],
    requires=ANSWERED,
    unconditional=True,
    evidence=["ray-project/ray#64833", "nomic-ai/gpt4all#2317", "Wei-Shaw/sub2api#1489"],
)
def unknown_models_are_refused(reply: Reply, listing: Exchange) -> Findings:
    """A model that the server does not have is refused with 404 or 400, unless it lists one only and that answers."""
    if not _is_completion(reply) or _lists_several(listing):
        yield from reply.status_in(404, 400)


@check(
    "errors.any_model_served",
    SHOULD,
    probe=unknown_model,
    requires=[*ANSWERED, "errors.unknown_model"],
    evidence=["ggml-org/llama.cpp#10056", "vllm-project/vllm#1988"],
)
def no_model_answers_for_another(reply: Reply) -> Findings:
    """A server with one model refuses other names too: a client that misspells one should hear of it."""
    yield from reply.status_in(404, 400)


@check(
    "errors.invalid_json",
    MUST,
    probe=invalid_json,
    requires=ANSWERED,
    evidence=["ggml-org/llama.cpp#11738", "ggml-org/llama.cpp#5961", "containers/ramalama#752"],
)
def broken_json_is_refused(reply: Reply) -> Findings:
    """A body that is no JSON is refused with 400 or 422."""
    yield from reply.status_in(400, 422)


@check("errors.empty_body", SHOULD, probe=empty_body, requires=ANSWERED, evidence=["containers/ramalama#752"])
def empty_bodies_are_refused(reply: Reply) -> Findings:
    """A request without a body is refused with a 4xx."""
    yield from _client_error(reply)


@check(
    "errors.non_object_json",
    SHOULD,
    probe=deeply_nested,
    requires=ANSWERED,
    evidence=["spec: CreateChatCompletionRequest"],
)
def other_json_is_refused(reply: Reply) -> Findings:
    """A body that is JSON but no object is refused with a 4xx."""
    yield from _client_error(reply)


@check(
    "errors.deep_nesting",
    SHOULD,
    probe=deeply_nested,
    requires=ANSWERED,
    evidence=["spec: RFC 8259 section 9"],
)
def deep_nesting_is_survived(reply: Reply) -> Findings:
    """JSON that is nested 1000 deep is refused with a 4xx, not with a failure of the server."""
    yield from _client_error(reply)


@check(
    "errors.status_400_vs_422",
    SHOULD,
    each=[missing_messages, mistyped_messages, mistyped_temperature_stream],
    requires=ANSWERED,
    evidence=["theroyallab/tabbyAPI#117", "rag-wtf/open-text-embeddings#17"],
)
def invalid_requests_are_400(reply: Reply) -> Findings:
    """A request that lacks messages, or holds a value of the wrong type, is refused with 400."""
    yield from reply.status_in(400)


@check(
    "errors.auth_missing",
    MUST,
    probe=no_key,
    requires=ANSWERED,
    capability="auth",
    evidence=["BerriAI/litellm#20482", "ggml-org/llama.cpp#5961"],
)
def missing_keys_are_401(reply: Reply) -> Findings:
    """Where a key is asked for, a request without one is refused with 401."""
    yield from reply.status_in(401)


@check(
    "errors.auth_wrong",
    MUST,
    each=[wrong_key, empty_key_stream],
    requires=ANSWERED,
    capability="auth",
    evidence=["BerriAI/litellm#39787", "BerriAI/litellm#38318"],
)
def wrong_keys_are_401(reply: Reply) -> Findings:
    """A wrong key is refused with 401, and so is a stream asked for with an empty one."""
    yield from reply.status_in(401)


@check(
    "errors.context_length_status",
    MUST,
    each=[context_overflow, context_overflow_stream],
    requires=ANSWERED,
    evidence=["ggml-org/llama.cpp#14566", "ollama/ollama#4967", "vllm-project/vllm#12886"],
)
def overlong_prompts_are_refused(reply: Reply) -> Findings:
    """A prompt beyond the context length is refused with 400 (413 and 422 pass), before any answer starts."""
    hint = ACCEPTED if reply.status == 200 else ""
    for finding in reply.status_in(400, 413, 422):
        yield Finding(finding.where, finding.expected, finding.got, hint)


@check(
    "errors.context_length_code",
    SHOULD,
    each=[context_overflow, context_overflow_stream],
    requires=[*ANSWERED, "errors.context_length_status"],
    evidence=["anomalyco/opencode#17746", "anomalyco/opencode#17748", "earendil-works/pi#5930"],
)
def overlong_prompts_have_a_code(reply: Reply) -> Findings:
    """The refusal of an overlong prompt has the code context_length_exceeded."""
    yield from reply.json["error"]["code"].unlike(literal("context_length_exceeded"))


@check(
    "errors.context_no_silent_truncation",
    MUST,
    probe=context_overflow,
    requires=ANSWERED,
    evidence=["ollama/ollama#4967", "ollama/ollama#17889", "esengine/DeepSeek-Reasonix#10245"],
)
def prompts_are_not_cut(reply: Reply) -> Findings:
    """An overlong prompt is refused or read whole: no success counts far fewer tokens than were sent."""
    if not 200 <= reply.status < 300:
        return
    message = parse_json(reply.request.body or b"null")["messages"][0]["content"]
    words = len(message.text.split())
    whole = Kind(f"at least 90 % of {words}", lambda value: INTEGER.holds(value) and value >= 0.9 * words)
    yield from reply.json["usage"]["prompt_tokens"].unlike(whole)


@check(
    "errors.context_server_survives",
    MUST,
    probe=parallel_streams[-1],
    capability="context_length",
    evidence=["spec: CreateChatCompletionStreamResponse"],
)
def overlong_prompts_are_survived(stream: ChatStream) -> Findings:
    """Whoever asks after an overlong prompt is answered: the last requests come when it is over."""
    yield from answered(stream)


@check(
    "errors.5xx_only_server",
    MUST,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=["ggml-org/llama.cpp#9522", "vllm-project/vllm#47163", "BerriAI/litellm#14085"],
)
def faults_of_clients_are_not_5xx(reply: Refusal) -> Findings:
    """What the client did wrong is never answered with 5xx, which clients send again."""
    if reply.status >= 500:
        yield Finding("status", "4xx", f"{reply.status} {shown(reply.text)}")


@check(
    "errors.409_not_misused",
    MAY,
    each=CLIENT_FAULTS,
    requires=ANSWERED,
    evidence=["source: openai-python _should_retry"],
)
def faults_are_not_retried(reply: Refusal) -> Findings:
    """What the client did wrong is not answered with 408 or 409, which clients send again."""
    if reply.status in {408, 409}:
        yield Finding("status", "400, 401, 404 or 422", f"{reply.status} {shown(reply.text)}")


def _lists_several(listing: Exchange) -> bool:
    """Whether there are several models, of which another could have answered."""
    try:
        entries = members(Document.of(listing)["data"])
    except Unmet:
        return False
    return len({entry["id"].value for entry in entries if isinstance(entry["id"].value, str)}) > 1


def _is_completion(reply: Reply) -> bool:
    """Whether a model answered."""
    try:
        return reply.status == 200 and reply.json["choices"].elements[0]["message"].given
    except Unmet:
        return False


def _client_error(reply: Reply) -> Findings:
    if not 400 <= reply.status < 500:
        yield Finding("status", "4xx", f"{reply.status} {shown(reply.text)}")
