"""Which roles, and which order of them, a server must take."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.input import are_counts
from sixgates.checks.input_replayed import accepted
from sixgates.exchange import Finding
from sixgates.probes.chat import chat, chat_longer_prompt
from sixgates.probes.input import LONG, LONGER, chat_developer, chat_roles
from sixgates.select import Findings, Unexercised, shown
from sixgates.views import Document, Reply

SPEC = "spec: ChatCompletionRequestMessage"
SPEC_SYSTEM = "spec: ChatCompletionRequestSystemMessage"


@check(
    "input.role_developer",
    SHOULD,
    together=[chat, chat_longer_prompt, chat_developer],
    evidence=[
        "spec: ChatCompletionRequestDeveloperMessage",
        "0xku/kon#5",
        "cloudflare/cloudflare-os#36",
        "can1357/oh-my-pi#843",
        "bramses/chatgpt-md#189",
    ],
)
def developers_are_heard(one: Document, many: Document, reply: Reply) -> Findings:
    """A message of the role developer is accepted, and read like one of the role system."""
    yield from accepted(reply)
    if _sentences(one, many, reply) < LONG / 2:
        yield _dropped("developer message", reply, one)


@check(
    "input.role_developer_not_5xx",
    MUST,
    probe=chat_developer,
    evidence=["0xku/kon#5"],
)
def developers_crash_nothing(reply: Reply) -> Findings:
    """A message of the role developer is accepted or refused with a 4xx; it is no failure of the server."""
    yield from _no_failure(reply)


@check(
    "input.system_not_first",
    SHOULD,
    together=[chat, chat_longer_prompt, chat_roles],
    evidence=[
        SPEC_SYSTEM,
        "langgenius/dify#39467",
        "charmbracelet/crush#3050",
        "looplj/axonhub#1664",
        "CherryHQ/cherry-studio#19124",
        "nashsu/llm_wiki#45",
    ],
)
def systems_may_come_late(one: Document, many: Document, reply: Reply) -> Findings:
    """A system message after an assistant's is accepted, and read."""
    yield from accepted(reply, "a late system message")
    if _sentences(one, many, reply) < LONGER - 6:
        yield _dropped("late system message", reply, one)


@check(
    "input.system_multiple",
    SHOULD,
    together=[chat, chat_longer_prompt, chat_roles],
    evidence=[SPEC_SYSTEM, "bbvch-ai/aihub-core#1742", "FB208/OpenBidKit_Yibiao#221"],
)
def systems_may_be_several(one: Document, many: Document, reply: Reply) -> Findings:
    """A second system message right after the first is accepted, and read."""
    yield from accepted(reply, "several system messages")
    read = _sentences(one, many, reply)
    others = LONGER if read >= LONGER - 6 else 0
    if read - others < LONG - 6:
        yield _dropped("second system message", reply, one)


@check(
    "input.system_unsupported_template",
    SHOULD,
    probe=chat_roles,
    evidence=[SPEC_SYSTEM, "sgl-project/sglang#892", "predibase/lorax#215"],
)
def systems_crash_nothing(reply: Reply) -> Findings:
    """System messages that a chat template has no place for are merged or refused with a 4xx."""
    yield from _no_failure(reply)


@check(
    "input.consecutive_same_role",
    SHOULD,
    probe=chat_roles,
    evidence=[SPEC, "predibase/lorax#215", "aws-samples/bedrock-access-gateway#43"],
)
def roles_may_repeat(reply: Reply) -> Findings:
    """Two messages of one role in a row are accepted or refused with a 4xx; they are no failure of the server."""
    yield from _no_failure(reply)


def _no_failure(reply: Reply) -> Findings:
    if reply.status != 200 and not 400 <= reply.status < 500:
        yield Finding("status", "200 or a 4xx", f"{reply.status} {shown(reply.text)}")


def _sentences(one: Document, many: Document, reply: Reply) -> float:
    """How many sentences more than the first prompt the server read; raises Unexercised where it does not count."""
    counts = (one["usage"]["prompt_tokens"], many["usage"]["prompt_tokens"])
    counted = reply.json["usage"]["prompt_tokens"]
    if reply.status != 200 or not are_counts(*counts, counted) or counts[0].value >= counts[1].value:
        raise Unexercised("the server counts no prompt tokens, so a dropped message would not show")
    first, longer = (count.value for count in counts)
    return float((counted.value - first) * (LONG - 1) / (longer - first))


def _dropped(what: str, reply: Reply, one: Document) -> Finding:
    counted = reply.json["usage"]["prompt_tokens"]
    least = one["usage"]["prompt_tokens"].value
    return counted.finding(
        f"far more than {least}, the count without it", f"accepted, and the {what} dropped"
    )
