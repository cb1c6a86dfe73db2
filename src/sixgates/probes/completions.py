"""Probes of the legacy endpoint /v1/completions. The path alone makes them need its capability."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import COMPLETIONS_PATH, MODEL, Probe, Taken
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import WITH_USAGE, streamed
from sixgates.select import Unmet
from sixgates.views import Document

PROMPT = "Once upon a time, in a small town by the sea,"
OTHER_PROMPT = "1, 2, 3, 4,"
MOST_TOKENS = 12
NEVER_WRITTEN = "⌘sixgates⌘"
BASE: Mapping[str, Any] = {
    "model": MODEL,
    "prompt": PROMPT,
    "max_tokens": MOST_TOKENS,
    "temperature": 0,
    "seed": 7,
}


def stop_word(text: str) -> str:
    """A piece from the middle of a text, up to the first character that came as half of its bytes."""
    whole = text.partition("�")[0]
    return whole[len(whole) // 2 :][:4]


def stop_word_of(earlier: Exchange) -> Taken:
    """A stop word out of a completion; raises Unmet where that has no text."""
    word = stop_word(Document.of(earlier).choices[0]["text"].text)
    if not word:
        raise Unmet(Finding("completions", "some text to derive a stop word from", '""'))
    return Taken(word)


def _stopping_halfway(earlier: Exchange) -> Mapping[str, Any]:
    stop = [NEVER_WRITTEN, stop_word_of(earlier)]
    return streamed(earlier.request.asked, max_tokens=2 * MOST_TOKENS, stop=stop, **WITH_USAGE)


def _completion(name: str, *, alone: bool = False, **more: Any) -> Probe:
    return Probe(
        name,
        path=COMPLETIONS_PATH,
        body={**BASE, **more},
        alone=alone,
        answered_by="completions.answered",
    )


completions = _completion("completions", alone=True)
completions_stopped_stream = Probe(
    "completions-stopped-stream",
    path=COMPLETIONS_PATH,
    after=completions,
    derive=_stopping_halfway,
    alone=True,
    answered_by="completions.answered",
)
completions_two_prompts = _completion("completions-two-prompts", prompt=[OTHER_PROMPT, PROMPT], max_tokens=1)
completions_echo = _completion("completions-echo", echo=True, logprobs=1, max_tokens=1)
