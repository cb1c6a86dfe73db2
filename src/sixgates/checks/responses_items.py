"""What each item of a response's output must hold, whatever its type: messages, thoughts and calls."""

from collections.abc import Mapping

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.reasoning import MARKUP
from sixgates.checks.responses import ALL
from sixgates.exchange import Finding
from sixgates.responses_parts import same, text_of
from sixgates.responses_view import FinalResponse
from sixgates.select import ARRAY, NON_EMPTY_STRING, STRING, Findings, Json, Kind, Unexercised, literal, shown
from sixgates.views import members

SPEC = "spec: OutputItem"
SHAPED = ("responses.shape",)
NEEDED: Mapping[str, Mapping[str, Kind]] = {
    "message": {"content": ARRAY},
    "reasoning": {"id": NON_EMPTY_STRING, "summary": ARRAY},
    "function_call": {"call_id": NON_EMPTY_STRING, "name": NON_EMPTY_STRING, "arguments": STRING},
    "custom_tool_call": {"call_id": NON_EMPTY_STRING, "name": NON_EMPTY_STRING, "input": STRING},
}
"""By the type of an item, the members without which clients cannot read it."""
PARTS = {"content": "reasoning_text", "summary": "summary_text"}


@check(
    "responses.output_items",
    MUST,
    each=ALL,
    requires=SHAPED,
    evidence=[SPEC, "source: Vercel AI SDK openai-responses-api.ts", "dyad-sh/dyad#2730"],
)
def items_hold_what_clients_need(answer: FinalResponse) -> Findings:
    """Every item has a type: a message its content, a thought an id and a summary, a call its id, name and text."""
    for item in answer.output:
        yield from item["type"].unlike(NON_EMPTY_STRING)
        for name, kind in _needed(item).items():
            yield from item[name].unlike(kind)


@check(
    "responses.item_ids_unique",
    MUST,
    each=ALL,
    requires=SHAPED,
    evidence=[SPEC, "source: openai-python _responses.py", "BerriAI/litellm#36375"],
    luck="Ids that are drawn show it only where two of one response come out alike.",
)
def items_have_ids_of_their_own(answer: FinalResponse) -> Findings:
    """No two items of the output have the same id, and no two calls the same call_id."""
    for key in ("id", "call_id"):
        seen: list[Json] = []
        for item in answer.output:
            for other in (other for other in seen if item[key].given and same(other, item[key])):
                yield item[key].finding(f"another {key} than {other.where} has")
            seen.append(item[key])


@check(
    "responses.items_ended",
    SHOULD,
    each=ALL,
    evidence=[SPEC, "NousResearch/hermes-agent#81693"],
)
def items_are_not_in_progress(answer: FinalResponse) -> Findings:
    """In a response that has ended no item is in progress, and in a completed one none is incomplete."""
    wrong = {"in_progress", "incomplete"} if answer["status"].value == "completed" else {"in_progress"}
    for item in answer.output:
        if any(item["status"].value == status for status in wrong):
            expected = "completed" if len(wrong) > 1 else "completed or incomplete"
            yield item["status"].finding(f"{expected}, since the response has ended")


@check(
    "responses.thought_parts",
    SHOULD,
    each=ALL,
    evidence=["spec: ReasoningItem", "mudler/LocalAI#9658"],
)
def thoughts_hold_their_own_parts(answer: FinalResponse) -> Findings:
    """The content of a thought is reasoning_text, its summary summary_text, each with its text."""
    for thought in _thoughts(answer):
        for held, kind in PARTS.items():
            for part in members(thought[held]):
                yield from part["type"].unlike(literal(kind))
                yield from part["text"].unlike(STRING)


@check(
    "responses.encrypted_content",
    SHOULD,
    each=ALL,
    evidence=["spec: ReasoningItem"],
)
def what_is_encrypted_is_not_plain(answer: FinalResponse) -> Findings:
    """The encrypted_content of a thought is not its text: clients keep and send it where nobody may read thoughts."""
    for thought in _thoughts(answer):
        for held in PARTS:
            plain = "".join(str(text_of(part).value) for part in members(thought[held]))
            if plain and thought["encrypted_content"].value == plain:
                yield Finding(
                    thought["encrypted_content"].where, f"a cipher, not the {held} itself", shown(plain)
                )
                break


@check(
    "responses.thought_separated",
    SHOULD,
    each=ALL,
    evidence=["spec: ReasoningItem", "vllm-project/vllm#43395", "vllm-project/vllm#14170"],
)
def texts_are_no_thoughts(answer: FinalResponse) -> Findings:
    """The text of a message holds no markup of a thought, such as <think>."""
    leak = MARKUP.search(answer.text)
    if leak:
        hint = "switch on the engine's parser of reasoning for this model"
        yield Finding("output text", "no markup of a thought", shown(answer.text[leak.start() :]), hint)


def _thoughts(answer: FinalResponse) -> list[Json]:
    thoughts = answer.items("reasoning")
    if not thoughts:
        raise Unexercised("no response holds a thought")
    return thoughts


def _needed(item: Json) -> Mapping[str, Kind]:
    found = (needed for name, needed in NEEDED.items() if item["type"].value == name)
    return next(found, {})
