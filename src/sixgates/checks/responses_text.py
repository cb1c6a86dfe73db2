"""What chat asks of text, tokens and framing, asked of the Responses API as well."""

from sixgates.catalogue import MAY, MUST, SHOULD, check
from sixgates.checks.chat_shape import PRESENT, asked_model
from sixgates.checks.chat_shape_optional import CONTROL_TOKEN
from sixgates.checks.chat_stream_framing import events_are_utf8, nothing_empty_is_dispatched
from sixgates.checks.reasoning import MARKUP
from sixgates.checks.responses import SPEC
from sixgates.checks.responses_stream import STREAMS, items_of
from sixgates.exchange import Finding
from sixgates.probes.responses import response, response_stream
from sixgates.probes.twins import response_unicode_stream
from sixgates.responses_view import TEXT, FinalResponse, ResponseStream
from sixgates.select import COUNT, Findings, Kind, Unexercised, parse_json, shown
from sixgates.views import Reply


@check(
    "responses.stream.framing",
    MUST,
    each=STREAMS,
    requires=["responses.stream.content_type"],
    evidence=["theopenco/llmgateway#2334", "openai/openai-python#2722", "ggml-org/llama.cpp#11738"],
)
def events_are_framed(stream: ResponseStream) -> Findings:
    """Every event is valid UTF-8 by itself, and none is dispatched without data."""
    yield from events_are_utf8(stream.wire)
    yield from nothing_empty_is_dispatched(stream.wire)


@check(
    "responses.text_clean",
    SHOULD,
    each=[response, response_stream],
    evidence=["vllm-project/vllm#14170", "smg-project/smg#2203"],
)
def the_text_holds_no_markup(answer: FinalResponse) -> Findings:
    """The output text holds no markup of a thought, such as <think>, and no control token of a chat template."""
    for markup in (MARKUP, CONTROL_TOKEN):
        leak = markup.search(answer.text)
        if leak:
            yield Finding("output text", f"text without {leak.group()}", shown(answer.text))


@check(
    "responses.no_calls_without_tools", SHOULD, each=[response, response_stream], evidence=["vercel/ai#1865"]
)
def no_calls_without_tools(answer: FinalResponse) -> Findings:
    """Without tools in the request, the output holds no call."""
    for call in answer.items("function_call"):
        yield call["type"].finding("no call: the request has no tools")


@check("responses.model_echo", SHOULD, probe=response, evidence=[SPEC, "BerriAI/litellm#15141"])
def the_model_is_named(reply: Reply) -> Findings:
    """A response names its model without a prefix that only the server's inside knows."""
    model, asked = reply.json["model"], asked_model(reply)
    if isinstance(model.value, str) and model.value.endswith(f"/{asked}"):
        yield model.finding(f"{asked}, or the snapshot that it stands for")


@check("responses.usage_details", MAY, each=[response, response_stream], evidence=["spec: ResponseUsage"])
def details_are_parts(answer: FinalResponse) -> Findings:
    """cached_tokens, where given, are among input_tokens, and reasoning_tokens among output_tokens."""
    usage = answer["usage"]
    for whole, part in (("input_tokens", "cached_tokens"), ("output_tokens", "reasoning_tokens")):
        limit, some = usage[whole].integer, usage[f"{whole}_details"][part]
        if some.given:
            yield from some.unlike(_at_most(limit, whole))


@check(
    "responses.text_format_stream",
    MUST,
    probe=response_unicode_stream,
    requires=["responses.answered"],
    evidence=["spec: TextResponseFormatJsonSchema", "vllm-project/vllm#50544", "vllm-project/vllm#15236"],
)
def a_schema_binds_streams(stream: ResponseStream) -> Findings:
    """text.format of type json_schema is accepted with `stream`, and binds the text, unless the limit cut it."""
    answer = FinalResponse(stream.terminal["response"], stream.request)
    told = "".join(item.gathered(TEXT) for item in items_of(stream))
    if answer["status"].value == "incomplete" or answer.full:
        if not told:
            raise Unexercised("the token limit came before the model had written a text")
        if not told.lstrip().startswith("{"):
            yield Finding("output text", "the beginning of a JSON object", shown(told))
    else:
        for where, text in (("deltas", told), ("output text", answer.text)):
            yield from parse_json(text, where)["symbol"].unlike(PRESENT)


def _at_most(limit: int, whole: str) -> Kind:
    words = f"an integer from 0 to {whole}, {limit}"
    return Kind(words, lambda value: COUNT.holds(value) and value <= limit)
