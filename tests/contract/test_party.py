"""What may be judged of a provider follows from what is known about it."""

from __future__ import annotations

import pytest

from sixgates.config import Model, Provider, ProviderType
from sixgates.party import Party


@pytest.mark.parametrize("context_length", [None, 2048])
def test_an_overlong_prompt_needs_a_known_context_length(context_length: int | None) -> None:
    """A prompt longer than an unknown length cannot be made, whatever the entry declares."""
    entry = Provider(
        type=ProviderType.OPENAI_COMPATIBLE,
        base_url="http://127.0.0.1:1",
        capabilities=["tools", "context_length"],
        models=[Model(name="m", context_length=context_length)],
    )
    expected = {"chat", "tools"} | ({"context_length"} if context_length else set())
    assert Party("p", entry).capabilities() == expected


@pytest.mark.parametrize(
    ("declared", "offered"),
    [
        (None, {"auth", "embeddings"}),
        ([], {"auth", "embeddings"}),
        (["dimensions"], {"auth", "dimensions", "embeddings"}),
    ],
)
def test_a_model_of_embeddings_offers_them_and_none_of_what_its_type_does_for_chat(
    declared: list[str] | None, offered: set[str]
) -> None:
    """The defaults of a type are those of a server that chats."""
    entry = Provider(
        type=ProviderType.VLLM,
        base_url="http://127.0.0.1:1",
        api_key_env="KEY",
        capabilities=declared,
        models=[Model(name="m", specialty="Embeddings")],
    )
    assert Party("p", entry).capabilities() == offered


@pytest.mark.parametrize(("specialty", "chats"), [(None, True), ("chat", True), ("embeddings", False)])
def test_a_model_chats_unless_its_specialty_is_embeddings(specialty: str | None, chats: bool) -> None:
    """An embeddings server is not asked for chat."""
    model = Model(name="m", specialty=specialty)
    entry = Provider(type=ProviderType.VLLM, base_url="http://127.0.0.1:1", models=[model])
    assert ("chat" in Party("p", entry).capabilities()) is chats
