"""Runs llama.cpp's own HTTP server out of the bindings xllamacpp, with the settings of the other builds.

Run by the interpreter of the engine: `llama_server.py MODEL.gguf PORT ALIAS TEMPLATE`.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path


def main(model: str, port: int, alias: str, template: Path) -> None:
    """Serves until the process is ended."""
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = model
    settings.model_alias = {alias}
    settings.hostname = "127.0.0.1"
    settings.port = port
    settings.n_ctx = 4096
    settings.n_parallel = 2
    # Several threads wait for each other in busy loops: on a machine with other work, one is far faster.
    settings.cpuparams.n_threads = 1
    settings.cpuparams_batch.n_threads = 1
    settings.use_jinja = True
    settings.chat_template = template.read_text(encoding="utf-8")
    settings.endpoint_metrics = True
    settings.offline = True
    settings.ui = False
    server = xllamacpp.Server(settings)
    print(f"listening on {server.listening_address}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
