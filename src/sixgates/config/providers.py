"""The shape of providers.yaml: which engines and clouds there are, and what each serves."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sixgates.config.shape import Count, Seconds, Section, Shape, Text
from sixgates.connection import Connection
from sixgates.inputs import headers as further
from sixgates.inputs import proxy as proxies
from sixgates.inputs.url import problem_of, root_of


class ProviderType(StrEnum):
    """The kinds of servers that sixgates knows; docs/adr/0001 says why llama_cpp_python is one."""

    OLLAMA = "ollama"
    LLAMA_CPP = "llama_cpp"
    LLAMA_CPP_PYTHON = "llama_cpp_python"
    VLLM = "vllm"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OPENAI_COMPATIBLE = "openai_compatible"
    TOOL_SERVER = "tool_server"
    WEB_UI = "web_ui"

    @property
    def serves_models(self) -> bool:
        """Whether chat requests can be routed to it."""
        return self not in (ProviderType.TOOL_SERVER, ProviderType.WEB_UI)

    @property
    def cloud_root(self) -> str | None:
        """The public address that stands in for a missing base_url; None for self-hosted types."""
        return _CLOUD_ROOTS.get(self)


AD_HOC = "ad-hoc"
"""The name of a provider that the command line gives; no file has an entry for it."""

_CLOUD_ROOTS = {
    ProviderType.OPENAI: "https://api.openai.com",
    ProviderType.ANTHROPIC: "https://api.anthropic.com",
}


class Status(StrEnum):
    """Whether an entry takes part; only active providers are judged and routed to."""

    ACTIVE = "active"
    DISABLED = "disabled"
    PENDING_INTEGRATION = "pending_integration"
    TEMPLATE = "template"


class Model(Shape):
    """A model that a provider serves, by the name that its API knows."""

    shorthands: ClassVar[tuple[str, ...]] = ("string",)
    name: Text
    size: str | None = None
    context_length: Count | None = None
    specialty: str | None = None
    description: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class HealthCheck(Shape):
    """How patiently a provider's health is asked; times are seconds or such as `30s`."""

    enabled: bool = True
    timeout: Seconds = 5.0
    retries: Annotated[int, Field(ge=0, le=20)] = 2
    interval: Seconds = 1.0


def _carried(value: str) -> str:
    if further.problem_of(further.Header("X-Any", value)):
        raise ValueError("a value that a header can carry")
    return value


HeaderValue = Annotated[str, AfterValidator(_carried)]


class Provider(Shape):
    """One entry of providers.yaml; keys that sixgates does not know stay as they are."""

    type: Annotated[ProviderType, Field(strict=False)]
    status: Annotated[Status, Field(strict=False)] = Status.ACTIVE
    base_url: str = ""
    description: str | None = None
    models: list[Model] = Field(default_factory=list)
    features: list[str] = Field(default_factory=list)
    health_endpoint: Annotated[str, StringConstraints(pattern=r"^/")] | None = None
    health_check: HealthCheck | None = None
    api_format: str | None = None
    capabilities: list[Text] | None = None
    api_key_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    concurrency: Count | None = None
    deadline: Seconds | None = None
    headers: dict[str, HeaderValue] = Field(default_factory=dict)
    ca_file: Text | None = None
    client_cert: Text | None = None
    client_key: Text | None = None
    proxy: str | None = None
    start_command: str | None = None
    service: str | None = None
    service_file: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _cloud_address(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("base_url"):
            root = next((url for kind, url in _CLOUD_ROOTS.items() if kind == value.get("type")), None)
            return {**value, "base_url": root} if root else value
        return value

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("status") is Status.TEMPLATE:
            return value
        if problem_of(value):
            raise ValueError("an http:// or https:// URL with a host and a numeric port")
        return value

    @field_validator("headers")
    @classmethod
    def _sendable(cls, value: dict[str, str]) -> dict[str, str]:
        if any(further.problem_of(further.Header(*each)) for each in value.items()):
            raise ValueError("headers that can be sent")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if value is not None and proxies.problem_of(value):
            raise ValueError("an http:// URL of a proxy, with https:// where that speaks TLS")
        return value

    @model_validator(mode="after")
    def _key_belongs_to_a_certificate(self) -> Provider:
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("the key `client_cert` beside `client_key`")
        return self

    @model_validator(mode="after")
    def _has_address(self) -> Provider:
        if not self.base_url and self.status is not Status.TEMPLATE:
            raise ValueError("the key `base_url`")
        return self

    @property
    def root(self) -> str:
        """The base URL without a trailing slash and without a trailing `/v1`."""
        return self.base_url if problem_of(self.base_url) else root_of(self.base_url)

    @cached_property
    def model_names(self) -> list[str]:
        """The names of its models in file order."""
        return [model.name for model in self.models]

    @cached_property
    def connection(self) -> Connection:
        """What every request to it goes with; paths are relative to the working directory."""
        headers = tuple(further.Header(*each) for each in self.headers.items())
        ca, certificate, key = (
            Path(each).expanduser() if each else None
            for each in (self.ca_file, self.client_cert, self.client_key)
        )
        return Connection(headers, ca, certificate, key, self.proxy)

    def embeds(self, model: str) -> bool:
        """Whether one of its models is made for embeddings, so that it does not chat."""
        return model in self._embedders

    @cached_property
    def _embedders(self) -> frozenset[str]:
        made_for = {"embedding", "embeddings"}
        return frozenset(one.name for one in self.models if (one.specialty or "").lower() in made_for)

    def serving(self, models: list[Model]) -> Provider:
        """The same entry with other models; a plain copy would keep the cached names."""
        return Provider.model_validate({**self.model_dump(), "models": models})


class ProvidersFile(Section):
    """providers.yaml."""

    providers: dict[str, Provider]
    health_checks: HealthCheck | None = None
    metadata: dict[str, Any] | None = None
    version: Any = None
