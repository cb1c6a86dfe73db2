"""The wheel carries the suites and runs them in a directory that is no clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CARRIED = {
    "sixgates/py.typed",
    "sixgates/report/gates.schema.json",
    "sixgates/checks/excluded.yaml",
    "sixgates/engines/chatml-tools.jinja",
    "sixgates/suites/__init__.py",
    "sixgates/suites/unit/test_routing.py",
    "sixgates/suites/contracts/test_chat_stream.py",
    "sixgates/suites/integration/test_gateway.py",
}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, built from this tree without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_carries_what_it_needs(unpacked: Path) -> None:
    """Data files and suites, and nothing beside the package."""
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert names >= CARRIED
    assert {name.split("/")[0] for name in names} == {
        "sixgates",
        next(iter(unpacked.glob("*.dist-info"))).name,
    }


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_suites_run_from_the_wheel(unpacked: Path, tmp_path: Path, workers: list[str]) -> None:
    """`pytest --pyargs sixgates.suites -m unit --gateway-config DIR`, where nothing else is."""
    shutil.copytree(ROOT / "config", tmp_path / "ops" / "config")
    command = [sys.executable, "-m", "pytest", "--pyargs", "sixgates.suites", "-m", "unit", *workers]
    result = subprocess.run(
        [*command, "--gateway-config", "ops/config"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 Unit           MET" in result.stdout
