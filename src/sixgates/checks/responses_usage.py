"""What a response says of its tokens, and what it says where the limit cut it."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.responses import ANSWERS, SPEC
from sixgates.probes.responses import response, response_stream
from sixgates.probes.responses_stream import response_thought_stream, response_tool_cut_stream
from sixgates.responses_view import FinalResponse
from sixgates.select import COUNT, OBJECT, Findings, Kind, Unexercised, literal

SPEC_USAGE = "spec: ResponseUsage"
LIMITED = (response, response_stream, response_tool_cut_stream, response_thought_stream)
BOUND = "responses.max_output_tokens"
COUNTED = "responses.usage_cut"
SHAPED = ("responses.shape",)


@check(
    "responses.usage_members",
    MUST,
    each=ANSWERS,
    requires=SHAPED,
    evidence=[
        SPEC_USAGE,
        "pingmike2/freebuff2api-wokers#10",
        "BigPizzaV3/CodexPlusPlus#1908",
        "router-for-me/CLIProxyAPI#4985",
        "jundot/omlx#1008",
    ],
)
def usage_is_that_of_responses(answer: FinalResponse) -> Findings:
    """usage, where given, counts input_tokens, output_tokens and total_tokens, and each detail that it opens."""
    usage = answer["usage"]
    if not usage.given:
        return
    yield from usage.unlike(OBJECT)
    for name in ("input_tokens", "output_tokens", "total_tokens"):
        yield from usage[name].unlike(COUNT)
    for name, count in (("input_tokens", "cached_tokens"), ("output_tokens", "reasoning_tokens")):
        details = usage[f"{name}_details"]
        if details.given:
            yield from details[count].unlike(COUNT)


@check(
    "responses.usage",
    SHOULD,
    each=ANSWERS,
    evidence=[SPEC_USAGE, "BerriAI/litellm#28899", "diegosouzapw/OmniRoute#8210"],
)
def usage_adds_up(answer: FinalResponse) -> Findings:
    """usage has input_tokens and output_tokens that add up to total_tokens, and a part of each in its details."""
    usage = answer["usage"]
    read, written = usage["input_tokens"].require(COUNT), usage["output_tokens"].require(COUNT)
    exact = Kind(
        f"{read + written}, {read} + {written}", lambda value: COUNT.holds(value) and value == read + written
    )
    yield from usage["total_tokens"].unlike(exact)
    yield from usage["input_tokens_details"]["cached_tokens"].unlike(_within(read, "input_tokens"))
    yield from usage["output_tokens_details"]["reasoning_tokens"].unlike(_within(written, "output_tokens"))


def _within(most: int, name: str) -> Kind:
    words = f"an integer ≥ 0, and at most the {most} {name}"
    return Kind(words, lambda value: COUNT.holds(value) and value <= most)


@check(
    BOUND,
    MUST,
    each=LIMITED,
    requires=SHAPED,
    evidence=["spec: CreateResponse", "ROCm/FastFlowLM#728"],
)
def the_limit_holds(answer: FinalResponse) -> Findings:
    """No more output_tokens are counted than max_output_tokens allows."""
    most, written = answer.request.asked["max_output_tokens"], answer["usage"]["output_tokens"]
    if not COUNT.holds(written.value):
        raise Unexercised("no response counts its output_tokens")
    if written.value > most:
        yield written.finding(f"at most {most}, as max_output_tokens allows")


@check(COUNTED, SHOULD, each=LIMITED, requires=[BOUND], evidence=[SPEC_USAGE])
def what_was_cut_is_counted(answer: FinalResponse) -> Findings:
    """A response that max_output_tokens cut counts as many output_tokens as that allows."""
    most = answer.request.asked.get("max_output_tokens")
    if answer["incomplete_details"]["reason"].value != "max_output_tokens" and not answer.full:
        raise Unexercised(
            "fewer tokens were written than max_output_tokens allows, or usage does not say how many"
        )
    exact = Kind(f"{most}, as max_output_tokens allows", lambda value: value == most)
    yield from answer["usage"]["output_tokens"].unlike(exact)


@check(
    "responses.incomplete",
    MUST,
    each=LIMITED,
    requires=[COUNTED],
    evidence=[
        SPEC,
        "ollama/ollama#17239",
        "jundot/omlx#2817",
        "unslothai/unsloth#10177",
        "vllm-project/vllm#24184",
        "BerriAI/litellm#27186",
        "BerriAI/litellm#34351",
    ],
)
def a_cut_response_says_so(answer: FinalResponse) -> Findings:
    """A response that max_output_tokens cut has the status "incomplete" and says that this was the reason."""
    yield from answer["status"].unlike(literal("incomplete"))
    yield from answer["incomplete_details"]["reason"].unlike(literal("max_output_tokens"))
