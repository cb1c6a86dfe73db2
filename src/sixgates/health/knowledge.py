"""What is known of each type of provider, as data: where it tells its health and how it is started."""

from __future__ import annotations

from dataclasses import dataclass

from sixgates.config import Provider, ProviderType


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One type's health paths, the shape of its answers, and the commands that bring it up."""

    title: str
    health_paths: tuple[str, ...] = ()
    """Asked in order while the answer is 404; the configured health_endpoint takes their place."""
    health_key: str = ""
    """A member that the health answer must have; empty when any body but a page will do."""
    models_path: str = ""
    models_key: str = "data"
    name_key: str = "id"
    bare_tag: str = ""
    """The tag that a name without one stands for, such as `:latest`."""
    file_names: bool = False
    """Whether a model may be listed under the path of its file."""
    loading_status: int | None = None
    start: str = ""
    get_model: str = ""
    status_page: str = ""
    needs_key: bool = False
    named_only: bool = False
    """Whether only a model that the config names is asked to generate: what a listed one costs is not known."""

    def asked(self, provider: Provider) -> tuple[str, ...]:
        """The paths that tell this provider's health, in the order in which they are asked."""
        if provider.health_endpoint:
            return (provider.health_endpoint,)
        return self.health_paths or ("",)


KNOWLEDGE: dict[ProviderType, Knowledge] = {
    ProviderType.VLLM: Knowledge(
        "vLLM server",
        health_paths=("/health",),
        models_path="/v1/models",
        start="vllm serve {model} --port {port}",
        get_model="serve it under that name: vllm serve {model} --port {port} --served-model-name {model}",
    ),
    ProviderType.LLAMA_CPP: Knowledge(
        "llama-server",
        health_paths=("/health", "/v1/models"),
        models_path="/v1/models",
        file_names=True,
        loading_status=503,
        start="llama-server -m {file} --alias {model} --port {port}",
        get_model="serve it under that name: llama-server -m {file} --alias {model} --port {port}",
    ),
    ProviderType.LLAMA_CPP_PYTHON: Knowledge(
        "llama-cpp-python server",
        health_paths=("/v1/models",),
        models_path="/v1/models",
        file_names=True,
        start="python -m llama_cpp.server --model {file} --model_alias {model} --port {port}",
        get_model="serve it under that name: "
        "python -m llama_cpp.server --model {file} --model_alias {model} --port {port}",
    ),
    ProviderType.OLLAMA: Knowledge(
        "Ollama server",
        health_paths=("/api/version",),
        health_key="version",
        models_path="/api/tags",
        models_key="models",
        name_key="name",
        bare_tag=":latest",
        start="OLLAMA_HOST=127.0.0.1:{port} ollama serve, then: ollama pull {model}",
        get_model="ollama pull {model}",
    ),
    ProviderType.OPENAI: Knowledge(
        "OpenAI API",
        health_paths=("/v1/models",),
        models_path="/v1/models",
        status_page="https://status.openai.com",
        needs_key=True,
        named_only=True,
    ),
    ProviderType.ANTHROPIC: Knowledge(
        "Anthropic API",
        health_paths=("/v1/models?limit=1000",),
        models_path="/v1/models?limit=1000",
        status_page="https://status.anthropic.com",
        needs_key=True,
        named_only=True,
    ),
    ProviderType.OPENAI_COMPATIBLE: Knowledge(
        "OpenAI-compatible server", health_paths=("/v1/models",), models_path="/v1/models"
    ),
    ProviderType.TOOL_SERVER: Knowledge("MCP server"),
    ProviderType.WEB_UI: Knowledge("web interface"),
}

LITELLM = Knowledge(
    "LiteLLM proxy",
    health_paths=("/health/readiness",),
    health_key="status",
    models_path="/v1/models",
    start="litellm --config litellm-unified.yaml --port {port}",
    get_model="write the gateway's config again with sixgates compile, and restart LiteLLM",
    named_only=True,
)


def knowledge_of(provider: Provider) -> Knowledge:
    """What is known of this provider; its health endpoint tells a LiteLLM proxy from other servers."""
    if provider.type is ProviderType.OPENAI_COMPATIBLE and provider.health_endpoint in _LITELLM_PATHS:
        return LITELLM
    return KNOWLEDGE[provider.type]


_LITELLM_PATHS = ("/health/readiness", "/health/liveliness")
