"""A stranger's project: everything in it is named like something of ours."""

from __future__ import annotations

import textwrap
from pathlib import Path

FILES = {
    "pytest.ini": """
        [pytest]
        addopts = --strict-markers
        markers =
            unit: fast tests
            config(name): which configuration a test needs
            cases(*names): the rows of a table
            health: probes of the service
        """,
    "conftest.py": """
        import pytest


        def pytest_addoption(parser):
            parser.addoption("--live", action="store_true", help="the stranger's own")
            parser.addoption("--model", default="small", help="the stranger's own")
            parser.addoption("--provider", action="append", default=[])
            parser.addoption("--record", choices=["none", "all"], default="none")


        def pytest_configure(config):
            config.addinivalue_line("markers", "schema: what the database looks like")


        def pytest_generate_tests(metafunc):
            marker = metafunc.definition.get_closest_marker("cases")
            if marker and "row" in metafunc.fixturenames:
                metafunc.parametrize("row", marker.args)


        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.unit)


        @pytest.fixture(scope="session")
        def settle():
            return "a day"


        @pytest.fixture
        def case():
            return "a suitcase"
        """,
    "tests/test_alike.py": """
        import pytest

        pytestmark = [pytest.mark.unit, pytest.mark.health]


        @pytest.mark.schema
        @pytest.mark.config("staging", strict=True)
        def test_options(request):
            option = request.config.getoption
            assert (option("--live"), option("--model"), option("provider")) == LIVE


        @pytest.mark.cases("a", "b")
        def test_rows(row, settle, case):
            assert row in "ab" and settle == "a day" and case == "a suitcase"


        @pytest.mark.cases
        def test_no_rows(settle):
            assert settle == "a day"


        class TestUnit:
            @pytest.mark.parametrize("case", [1, 2])
            def test_case(self, case):
                assert case in (1, 2)


        class cases:
            pass
        """,
}


def write(folder: Path, files: dict[str, str], **words: str) -> None:
    """The files below a folder, each word in them replaced."""
    for name, text in files.items():
        for word, meaning in words.items():
            text = text.replace(word, meaning)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
