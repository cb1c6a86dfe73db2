"""A provider of ours on a socket, as a server that is asked from outside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.reference.server import PACE_S, ReferenceServer


@contextmanager
def served(provider: ReferenceProvider | MutantProvider, pace: float = PACE_S) -> Iterator[str]:
    """The provider's root URL, until the block ends; `pace` is the pause before each chunk of a stream."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        ReferenceServer(provider, pace), log_level="critical", date_header=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
