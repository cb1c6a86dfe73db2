"""What an answer of a provider says about its health: pure functions of status, headers and body."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sixgates.config import Provider
from sixgates.health.address import Address
from sixgates.health.fetch import Answer
from sixgates.health.knowledge import Knowledge, knowledge_of
from sixgates.symptom import Symptom

_EXCERPT = 120


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, as a symptom and in words that still may hold secrets."""

    symptom: Symptom
    got: str
    missing: tuple[str, ...] = ()
    """The configured models that are not there."""


def trouble_of_health(answer: Answer, provider: Provider) -> Trouble | None:
    """What is wrong with an answer of the health endpoint; None when it is healthy."""
    known = knowledge_of(provider)
    if trouble := trouble_of_status(answer, provider):
        return trouble
    if is_page(answer):
        return Trouble(Symptom.NOT_OPENAI, f"an HTML page instead of the answer of the {known.title}")
    key = (
        ""
        if provider.health_endpoint and provider.health_endpoint not in known.health_paths
        else known.health_key
    )
    document = parsed(answer)
    if key and not (isinstance(document, dict) and document.get(key)):
        return Trouble(
            Symptom.NOT_OPENAI, f"no `{key}` in the answer, the {known.title} gives one: {excerpt(answer)}"
        )
    return None


def trouble_of_page(answer: Answer) -> Trouble | None:
    """What is wrong with the answer of a web interface; None when it is an HTML page."""
    if trouble := trouble_of_status(answer, None):
        return trouble
    if not is_page(answer):
        kind = answer.media_type or "no content-type"
        return Trouble(Symptom.ERROR, f"no HTML page but {kind}: {excerpt(answer)}")
    return None


def trouble_of_status(answer: Answer, provider: Provider | None) -> Trouble | None:
    """What a status other than success means for this type of provider."""
    known = knowledge_of(provider) if provider else Knowledge("server")
    status = answer.status
    if 200 <= status < 300:
        return None
    if status in (401, 403):
        return Trouble(Symptom.UNAUTHORIZED, f"{status}: {_key_state(provider)}{said(answer)}")
    if status == known.loading_status:
        return Trouble(Symptom.LOADING, f"{status}: the model is still loading{said(answer)}")
    if 300 <= status < 400:
        return Trouble(
            Symptom.NOT_OPENAI, f"{status}, a redirect{_target(answer)}; redirects are not followed"
        )
    if status == 404:
        return Trouble(Symptom.NOT_OPENAI, f"404: no such path there{said(answer)}")
    return Trouble(Symptom.ERROR, f"{status}{said(answer)}")


def listed_models(answer: Answer, provider: Provider) -> list[str] | Trouble:
    """The names on the models endpoint, or why there are none."""
    known = knowledge_of(provider)
    if trouble := trouble_of_status(answer, provider):
        return trouble
    document = parsed(answer)
    entries = document.get(known.models_key) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        page = "an HTML page" if is_page(answer) else excerpt(answer)
        return Trouble(Symptom.NOT_OPENAI, f"no list `{known.models_key}` in the answer: {page}")
    names = [entry.get(known.name_key) if isinstance(entry, dict) else None for entry in entries]
    if not all(isinstance(name, str) and name for name in names):
        nameless = f"an entry of `{known.models_key}` without a `{known.name_key}`"
        return Trouble(Symptom.NOT_OPENAI, f"{nameless}: {excerpt(answer)}")
    return [name for name in names if isinstance(name, str)]


def missing_models(listed: list[str], provider: Provider) -> list[str]:
    """The configured models that are not listed; a placeholder when nothing is configured or listed."""
    known = knowledge_of(provider)
    served = {form for name in listed for form in _forms(name, known)}
    if not provider.model_names:
        return [] if listed else ["MODEL"]
    return [name for name in provider.model_names if served.isdisjoint(_forms(name, known))]


def _forms(name: str, known: Knowledge) -> set[str]:
    forms = {name}
    if known.bare_tag and ":" not in name.rpartition("/")[2]:
        forms = {f"{name}{known.bare_tag}"}
    if known.file_names and name.endswith(".gguf"):
        file = PurePosixPath(name.replace("\\", "/"))
        forms |= {file.name, file.stem}
    return forms


def _key_state(provider: Provider | None) -> str:
    if provider is None or not provider.api_key_env:
        return "it wants a key, and providers.yaml names none"
    if not os.environ.get(provider.api_key_env, "").strip():
        return f"it wants a key, and the environment variable {provider.api_key_env} is not set"
    return f"it refuses the key in {provider.api_key_env}"


def _target(answer: Answer) -> str:
    if not answer.location:
        return ""
    try:
        target = Address.of(answer.location)
        return f" to {target.shown()}" if target.host else f" to {answer.location.split('?')[0]}"
    except ValueError:
        return ""


def said(answer: Answer) -> str:
    """The words of an error in the answer, after a colon; empty when there are none."""
    document = parsed(answer)
    error = document.get("error") if isinstance(document, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    text = message if isinstance(message, str) else "an HTML page" if is_page(answer) else excerpt(answer)
    return f": {text[: _EXCERPT * 4]}" if text and text != _EMPTY else ""


_EMPTY = "an empty body"


def excerpt(answer: Answer) -> str:
    """The body on one line."""
    text = " ".join(answer.body.decode("utf-8", "replace").split())
    return text or _EMPTY


def is_page(answer: Answer) -> bool:
    """Whether the body is an HTML page."""
    start = answer.body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html")) or (
        answer.media_type == "text/html" and b"<" in start
    )


def parsed(answer: Answer) -> Any:
    """The body as JSON; None when it is not JSON."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
