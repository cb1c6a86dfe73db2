"""One bounded generation of a model: what is asked, and whether the answer shows that anything was generated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sixgates.config import Provider, ProviderType
from sixgates.health.answers import Trouble, excerpt, is_page, parsed, said, trouble_of_status
from sixgates.health.fetch import Answer
from sixgates.health.knowledge import LITELLM, knowledge_of
from sixgates.reasoning import TEXTS
from sixgates.symptom import Symptom
from sixgates.verdict import Outcome

DEADLINE_S = 120.0
"""For one answer: the first request may have to load the model, and a large one on a CPU is slow."""
PROMPTS = ("Say hello in one short sentence.", "Count from one to five.")
"""The second is asked where the first brought nothing: a model may have nothing to say to one prompt."""
CAP = 16
CAP_RENAMED = 256
"""Models that know the limit by its new name only think first, and some refuse a limit that ends the thought."""


@dataclass(frozen=True, slots=True)
class Way:
    """How an API is asked to generate, what stands for a generation there, and the list that holds it."""

    path: str
    fields: Callable[[str], Mapping[str, Any]]
    generated: Callable[[Mapping[str, Any]], bool]
    holder: str
    wanted: str
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One request for a generation."""

    way: Way
    body: str
    renamed: bool = False

    @classmethod
    def of(cls, way: Way, model: str, prompt: str, *, renamed: bool = False) -> Question:
        """The request for one prompt; `renamed` limits it by `max_completion_tokens`."""
        limit = {"max_completion_tokens": CAP_RENAMED} if renamed else {way.limit: CAP} if way.limit else {}
        return cls(way, json.dumps({"model": model, **way.fields(prompt), **limit}), renamed)

    def refused_by_limit(self, answer: Answer) -> bool:
        """Whether the answer refuses `max_tokens` by its name, which has another one to be tried."""
        named = answer.status in {400, 422} and self.way.limit.encode() in answer.body
        return named and self.way is CHAT and not self.renamed

    def trouble(self, answer: Answer, provider: Provider, model: str) -> Trouble | None:
        """What is wrong with the answer; None when it shows a generation, whatever the model said."""
        if not 200 <= answer.status < 300:
            return _refusal(answer, provider, model)
        document = parsed(answer)
        if not isinstance(document, dict):
            seen = "an HTML page" if is_page(answer) else excerpt(answer)
            return Trouble(Symptom.NOT_OPENAI, f"{answer.status}, and no JSON object: {seen}")
        if self.way.generated(document):
            return None
        if document.get("error"):
            return Trouble(Symptom.ERROR, f"{answer.status} with an error{said(answer)}")
        if not isinstance(document.get(self.way.holder), list):
            missing = f"{answer.status} without a list `{self.way.holder}`: {excerpt(answer)}"
            return Trouble(Symptom.NOT_OPENAI, missing)
        return Trouble(Symptom.NO_OUTPUT, f"{answer.status}, and nothing generated: {excerpt(answer)}")


def ways_of(provider: Provider, model: str) -> tuple[Way, ...]:
    """How to ask the model: one way, or two where nothing says whether it chats or embeds."""
    if provider.embeds(model):
        return (EMBED,)
    if provider.type is ProviderType.ANTHROPIC:
        return (MESSAGES,)
    return (CHAT,) if model in provider.model_names else (CHAT, EMBED)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a question: the answer, what it took, and what is wrong below HTTP or in the answer."""

    answer: Answer
    took: str
    trouble: Trouble | None = None


Send = Callable[[Question], Sent]


def first_trouble(provider: Provider, model: str, send: Send) -> tuple[Question, Trouble, str] | None:
    """The question that brought no generation, why, and what it took; None when the model generates."""
    first = None
    for way in ways_of(provider, model):
        found = _asked(provider, model, way, send)
        if found is None:
            return None
        first = first or found
        if found[1].symptom is not Symptom.REJECTED:
            break
    return first


def _asked(provider: Provider, model: str, way: Way, send: Send) -> tuple[Question, Trouble, str] | None:
    found, renamed = None, False
    for prompt in PROMPTS:
        question = Question.of(way, model, prompt, renamed=renamed)
        sent = send(question)
        if question.refused_by_limit(sent.answer):
            renamed, question = True, Question.of(way, model, prompt, renamed=True)
            sent = send(question)
        trouble = sent.trouble or question.trouble(sent.answer, provider, model)
        if trouble is None:
            return None
        found = question, trouble, sent.took
        if trouble.symptom is not Symptom.NO_OUTPUT:
            break
    return found


def unnamed(name: str, provider: Provider) -> tuple[Outcome, str]:
    """Why nothing is generated that nobody asked for, where it may cost money; of a cloud this is a gap."""
    if knowledge_of(provider) is LITELLM:
        return Outcome.NOT_APPLICABLE, _GATEWAY
    place = f"models of providers.{name} in providers.yaml"
    reason = f"no model is named, and what a listed one costs is not known: name one in {place}"
    return Outcome.NOT_EXERCISED, reason


_GATEWAY = (
    "no model is named, and a generation through a gateway may cost money; the providers behind it are asked. "
    "To ask through it, add an entry gateway with models to providers.yaml"
)


def lasting(answer: Answer) -> bool:
    """Whether waiting does not help: the server is not loading or overloaded, and does not limit the rate."""
    return answer.error is not None or answer.status not in {429, 503}


def _refusal(answer: Answer, provider: Provider, model: str) -> Trouble | None:
    status = answer.status
    if status == 429:
        return Trouble(Symptom.LIMITED, f"429: it limits the rate of requests{said(answer)}")
    if status == 503:
        return Trouble(Symptom.LOADING, f"503: it is still loading, or overloaded{said(answer)}")
    if status in {400, 404, 422} and _unknown(answer, model):
        return Trouble(Symptom.WRONG_MODEL, f"{status}: it does not serve {model}{said(answer)}", (model,))
    if (400 <= status < 500 and status not in {401, 403}) or status == 501:
        return Trouble(Symptom.REJECTED, f"{status}{said(answer)}")
    return trouble_of_status(answer, provider)


def _unknown(answer: Answer, model: str) -> bool:
    """Whether a refusal is one of the model's name."""
    document = parsed(answer)
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict) and (error.get("param") == "model" or error.get("code") == "model_not_found"):
        return True
    return answer.status == 404 and model in said(answer)


def _chatted(document: Mapping[str, Any]) -> bool:
    choices = [choice for choice in _list(document, "choices") if isinstance(choice, dict)]
    messages = [choice["message"] for choice in choices if isinstance(choice.get("message"), dict)]
    if any(_holds(message.get(name)) for message in messages for name in _SAID):
        return True
    return _count(document, "completion_tokens") and any(
        choice.get("finish_reason") == "length" for choice in choices
    )


def _messaged(document: Mapping[str, Any]) -> bool:
    if _holds(document.get("content")):
        return True
    return _count(document, "output_tokens") and document.get("stop_reason") == "max_tokens"


def _embedded(document: Mapping[str, Any]) -> bool:
    vectors = [entry.get("embedding") for entry in _list(document, "data") if isinstance(entry, dict)]
    return any(isinstance(vector, list | str) and vector for vector in vectors)


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _count(document: Mapping[str, Any], name: str) -> bool:
    usage = document.get("usage")
    found = usage.get(name) if isinstance(usage, dict) else None
    return isinstance(found, int | float) and found > 0


_SAID = (
    "content",
    *TEXTS,
    "reasoning_details",
    "thinking",
    "refusal",
    "tool_calls",
    "function_call",
    "audio",
    "images",
)
"""Where a message holds what was generated."""
_LABELS = {"type", "index", "id"}
"""What a part has whether or not anything was generated."""


def _holds(value: Any) -> bool:
    """Whether a text stands anywhere in the message: content, a thought, a refusal, a call."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and one:
            return True
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += [each for name, each in one.items() if name not in _LABELS]
    return False


def _messages(prompt: str) -> Mapping[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}]}


_TEXT = "text, reasoning or a tool call"
CHAT = Way("/v1/chat/completions", _messages, _chatted, "choices", _TEXT, "max_tokens")
MESSAGES = Way("/v1/messages", _messages, _messaged, "content", _TEXT, "max_tokens")
EMBED = Way("/v1/embeddings", lambda prompt: {"input": prompt}, _embedded, "data", "a vector")
