"""What `text.format` must bring about in the Responses API, as `response_format` does in chat."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import PRESENT
from sixgates.checks.structured import BOOLEAN, begins_object
from sixgates.exchange import Finding
from sixgates.probes.responses import response_schema
from sixgates.responses_view import FinalResponse
from sixgates.select import OBJECT, Findings, Json, Unexercised, literal, parse_json, shown

SPEC = "spec: TextResponseFormatJsonSchema"
WRITTEN = "responses.text_format_written"
PLACE = "output text"


@check(WRITTEN, SHOULD, probe=response_schema, evidence=[SPEC, "lmstudio-ai/lmstudio-bug-tracker#2403"])
def something_is_written(answer: FinalResponse) -> Findings:
    """text.format of type json_schema is accepted, and answered with a text."""
    if answer.output and answer.only_thought:
        raise Unexercised("the token limit came before the model had written a text")
    if not answer.text:
        yield answer["output"].finding("an item of type message with a text")


@check(
    "responses.text_format",
    MUST,
    probe=response_schema,
    requires=[WRITTEN],
    evidence=[
        SPEC,
        "lmstudio-ai/lmstudio-bug-tracker#2403",
        "jundot/omlx#613",
        "unslothai/unsloth#8846",
        "BerriAI/litellm#28899",
        "vllm-project/vllm#50544",
    ],
)
def a_schema_binds(answer: FinalResponse) -> Findings:
    """text.format of type json_schema binds: the text is an object with its members, though prose was asked for."""
    if answer.cut:
        if not begins_object(answer.text):
            yield Finding(PLACE, "the beginning of a JSON object, as the schema says", shown(answer.text))
        return
    forecast = parse_json(answer.text, PLACE)
    forecast.require(OBJECT)
    for name in ("unit", "rain"):
        yield from forecast[name].unlike(PRESENT)


@check(
    "responses.text_format_values",
    SHOULD,
    probe=response_schema,
    requires=["responses.text_format"],
    evidence=[SPEC, "vllm-project/vllm#50544"],
)
def a_schema_binds_values(answer: FinalResponse) -> Findings:
    """What the schema says of each member holds: its enum, its reference, and that there are no others."""
    if answer.cut:
        raise Unexercised("the token limit cut the text")
    forecast: Json = parse_json(answer.text, PLACE)
    yield from forecast["unit"].unlike(literal("celsius"))
    yield from forecast["rain"].unlike(BOOLEAN)
    for name in sorted(forecast.require(OBJECT).keys() - {"unit", "rain"}):
        yield forecast[name].finding("absent: the schema allows no other properties")
