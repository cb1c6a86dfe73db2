"""The shape of litellm-unified.yaml, as LiteLLM 1.106.2 reads it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from sixgates.config.shape import Section, Shape, Text, Weight


class LiteLLMParams(Shape):
    """Where a deployment's requests go; LiteLLM takes several hundred more keys here."""

    model: Text
    api_base: Text | None = None
    api_key: str | None = None
    weight: Weight | None = None
    order: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    timeout: float | None = None


class Deployment(Shape):
    """One entry of model_list; entries of one model_name share its requests."""

    model_name: Text
    litellm_params: LiteLLMParams
    model_info: dict[str, Any] | None = None


def _by_name(target: Any) -> Any:
    """A fallback may be a mapping that changes the request too; who is asked, its `model` says."""
    return target.get("model", target) if isinstance(target, dict) else target


Target = Annotated[
    str,
    BeforeValidator(_by_name),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "required": ["model"]}]}),
]


def _one_key(fallback: dict[str, list[str]]) -> dict[str, list[str]]:
    if len(fallback) != 1:
        raise ValueError("a mapping with one key, `- NAME: [NAME, ...]`")
    return fallback


class Alias(Shape):
    """An alias that can be kept out of the model list."""

    shorthands: ClassVar[tuple[str, ...]] = ("string",)
    model: Text
    hidden: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"model": value} if isinstance(value, str) else value


class RouterSettings(Shape):
    """The arguments of LiteLLM's router that sixgates reads; the others are kept."""

    model_group_alias: dict[str, Alias] = Field(default_factory=dict)
    fallbacks: list[Annotated[dict[str, list[Target]], AfterValidator(_one_key)]] = Field(
        default_factory=list
    )
    num_retries: int | None = Field(default=None, ge=0)
    timeout: float | None = None
    max_fallbacks: int | None = Field(default=None, ge=0)
    routing_strategy: str | None = None


class LiteLLMConfig(Section):
    """litellm-unified.yaml; LiteLLM ignores a section that is not named here without a word."""

    model_list: list[Deployment]
    router_settings: RouterSettings = RouterSettings()
    litellm_settings: dict[str, Any] = Field(default_factory=dict)
    general_settings: dict[str, Any] = Field(default_factory=dict)
    environment_variables: dict[str, Any] = Field(default_factory=dict)
    include: Any = None
    callback_settings: Any = None
    guardrails: Any = None
    prompts: Any = None
    credential_list: Any = None
    mcp_servers: Any = None
    mcp_tools: Any = None
    mcp_aliases: Any = None
    mcp_semantic_tool_filter: Any = None
    agent_list: Any = None
    agents: Any = None
    vector_store_registry: Any = None
    policies: Any = None
    policy_attachments: Any = None
    search_tools: Any = None
    sandbox_tools: Any = None
    worker_registry: Any = None
    assistant_settings: Any = None
    finetune_settings: Any = None
    files_settings: Any = None
    default_vertex_config: Any = None
