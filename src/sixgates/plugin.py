"""The pytest plugin: options, markers, one item for every case, and the gate report at the end."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from sixgates import items, options, short_names, suite_places
from sixgates.collector import PROPERTY, Collector, verdict_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from sixgates.cases import Case, Settle
    from sixgates.report import Document
    from sixgates.run import Run
    from sixgates.verdict import Verdict

_MARKERS = {
    "config": "gate 1: the configuration files agree with each other and with what the gateway does",
    "schema": "gate 2: each configuration file has its shape",
    "unit": "gate 3: the routing logic sends each model where the configuration says",
    "contract": "gate 4: each provider speaks the OpenAI API as real clients need it",
    "integration": "gate 5: routing, fallback and streaming work through the real gateway",
    "health": "gate 6: every active provider is up, with its models loaded",
    "cases(family, *args)": "make one item for each case that family(run, *args) returns",
}
_GATES = {name: number for number, name in enumerate(list(_MARKERS)[:6], start=1)}
_RUN = pytest.StashKey["Run"]()
_COLLECTOR = pytest.StashKey[Collector]()
_DOCUMENT = pytest.StashKey["Document"]()
_NOTES = pytest.StashKey[list[str]]()
_FOLDER = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, by names that nobody else has."""
    options.add(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Let every conftest.py take the names that it wants, then take the short names that are left."""
    short_names.read_values(early_config, parser, args)
    result = yield
    short_names.register(early_config, parser, args)
    return result


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and, when xdist is there, what its workers need."""
    for marker, meaning in _MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Workers(config), "sixgates-workers")
    if suite_places.PACKAGE in config.args:
        config.args = [place for argument in config.args for place in suite_places.located(argument)]
    if config.stash.get(short_names.OURS, False) and options.any_given(config):
        options.check(config)


def _run(config: pytest.Config) -> Run:
    if _RUN not in config.stash:
        run = options.run_from(config, Path(tempfile.gettempdir()) / _folder(config))
        run.workdir.mkdir(mode=0o700, exist_ok=True)
        if not hasattr(config, "workerinput"):
            config.add_cleanup(lambda: shutil.rmtree(run.workdir, ignore_errors=True))
        config.stash[_RUN] = run
        config.stash[_COLLECTOR] = Collector(run, ("pytest", *config.invocation_params.args))
    return config.stash[_RUN]


def _folder(config: pytest.Config) -> str:
    """The name of the folder that all workers of a run share; whoever needs it first makes it."""
    given = getattr(config, "workerinput", {}).get("sixgates_folder")
    return config.stash.setdefault(_FOLDER, given or f"sixgates-{uuid4().hex}")


class _Workers:
    """Gives xdist's workers the name of the controller's folder, and counts what they collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Runs in the controller before a worker starts."""
        node.workerinput["sixgates_folder"] = _folder(self.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Runs in the controller when a worker has ended."""
        counts = getattr(node, "workeroutput", {}).get("sixgates_collected", {})
        if counts:
            _run(self.config)
        for gate, count in counts.items():
            collected = self.config.stash[_COLLECTOR].collected
            collected[int(gate)] = max(collected[int(gate)], count)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn the family that a test names into one item for each of its cases."""
    asked = items.family_of(metafunc)
    if asked is None or _passed_over(metafunc):
        return
    family, args = asked
    cases = family(_run(metafunc.config), *args)
    if not cases:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: the family {family.__name__} has no cases")
    # Given as a parameter, `settle` is ours, whatever fixture of that name a conftest.py has.
    given = [(case, items.UNBOUND) for case in cases]
    metafunc.parametrize(("case", "settle"), given, ids=[case.id for case in cases])


def _passed_over(metafunc: pytest.Metafunc) -> bool:
    """Whether `-m` names another gate alone; pytest deselects the test, so its cases need not be made."""
    wanted = metafunc.config.getoption("-m")
    return wanted in _GATES and metafunc.definition.get_closest_marker(wanted) is None


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Note the gate of an item before a conftest.py adds markers of its own."""
    items.note_gates(item, _GATES)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which checks are wanted, so that a live run sends no probe in vain."""
    cases = [case for case in map(items.case_of, session.items) if case is not None]
    if not cases:
        return
    run = _run(session.config)
    run.wanted.update(case.needs for case in cases if case.needs)
    collected = session.config.stash[_COLLECTOR].collected
    for item in session.items:
        if items.case_of(item) is not None:
            collected.update(_GATES[name] for name in items.gates_of(item))
    _unknown_providers(run)
    capture = session.config.pluginmanager.getplugin("capturemanager")
    if run.live and capture is not None and not hasattr(session.config, "workerinput"):
        object.__setattr__(run, "say", _Speaker(capture))


def _unknown_providers(run: Run) -> None:
    from sixgates.config import ConfigError

    try:
        known = run.stack.active if run.only else {}
    except ConfigError:
        return
    unknown = [name for name in run.only if name not in known and name != "gateway"]
    if unknown:
        allowed = ", ".join(known) or "none"
        raise pytest.UsageError(f"--provider {unknown[0]}: no such active provider; active are: {allowed}")


class _Speaker:
    """Writes progress past pytest's capture, so that a person sees what is being asked."""

    def __init__(self, capture: Any) -> None:
        self.capture = capture

    def __call__(self, text: str) -> None:
        with self.capture.global_and_fixture_disabled():
            sys.stderr.write(f"\n[sixgates] {text}\n")
            sys.stderr.flush()


@pytest.fixture
def settle(request: pytest.FixtureRequest) -> Settle:
    """Judge a case and let pytest show its outcome."""
    return _settle_on(request.node)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Give a test of ours the `settle` that knows its item."""
    if pyfuncitem.funcargs.get("settle") is items.UNBOUND:
        pyfuncitem.funcargs["settle"] = _settle_on(pyfuncitem)


def _settle_on(item: pytest.Item) -> Settle:
    def judge(case: Case) -> None:
        verdict = case.judge()
        # An item that runs again, as with --reruns, has the verdict of its last run.
        kept = [each for each in item.user_properties if each[0] != PROPERTY]
        item.user_properties[:] = [*kept, (PROPERTY, json.dumps(verdict.to_json()))]
        _show(verdict, _run(item.config).strict)

    return judge


def _show(verdict: Verdict, strict: bool) -> None:
    from sixgates.report import render_failure
    from sixgates.verdict import Outcome

    match verdict.outcome:
        case Outcome.PASSED:
            return
        case Outcome.ADVISORY if not strict:
            return
        case Outcome.FLAKY if not (strict or verdict.red):
            return
        case Outcome.DEVIATION if not strict:
            raise pytest.xfail.Exception(verdict.reason, pytrace=False)
        case Outcome.NOT_EXERCISED | Outcome.NOT_APPLICABLE:
            pytest.skip(f"{verdict.outcome}: {verdict.reason}")
        case Outcome.BLOCKED:
            cause = verdict.cause
            pytest.fail(f"Not testable: {cause.summary if cause else verdict.reason}", pytrace=False)
        case _:
            pytest.fail(render_failure(verdict), pytrace=False)


_OUTCOMES = {"passed", "failed", "skipped"}
"""Those of pytest itself; pytest-rerunfailures has `rerun` for a run that does not count."""
_WORDS = {
    "ADVISORY": ("advisory", "a", ("ADVISORY", {"yellow": True})),
    "BLOCKED": ("blocked", "B", ("BLOCKED", {"red": True})),
    "ERROR": ("error", "E", ("ERROR", {"red": True})),
    "FLAKY": ("flaky", "k", ("FLAKY", {"yellow": True})),
}


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> Any:
    """Give outcomes that pytest has no word for a word of their own."""
    if getattr(report, "when", None) != "call" or report.outcome not in _OUTCOMES:
        return None
    verdict = verdict_of(report)
    if verdict is None or (verdict.outcome in {"ADVISORY", "FLAKY"} and report.failed):
        return None
    return _WORDS.get(verdict.outcome)


class _Listener:
    """Hands each report to the collector; registered in the process that sees all reports."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the verdict of a report."""
        counts = report.when == "call" and report.outcome in _OUTCOMES
        verdict = verdict_of(report) if counts else None
        if verdict is not None:
            _run(self.config)
            self.config.stash[_COLLECTOR].verdicts.append(verdict)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of all workers."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_Listener(session.config), "sixgates-listener")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Make and write the report, also of an interrupted run; a run that judged nothing is no success."""
    config = session.config
    collector = config.stash.get(_COLLECTOR, None)
    if collector is None:
        return
    if hasattr(config, "workerinput"):
        counts = {str(gate): count for gate, count in collector.collected.items()}
        config.workeroutput["sixgates_collected"] = counts  # type: ignore[attr-defined]
        return
    if not collector.verdicts:
        return
    if exitstatus == pytest.ExitCode.OK and not collector.judged:
        session.exitstatus = exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    config.stash[_DOCUMENT] = collector.document(int(exitstatus), interrupted)
    config.stash[_NOTES] = _write(config, collector, config.stash[_DOCUMENT])
    if any(note.startswith("error: ") for note in config.stash[_NOTES]) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _write(config: pytest.Config, collector: Collector, document: Document) -> list[str]:
    from sixgates.report import ReportError

    directory = options.value(config, "--gates-report")
    if not directory:
        return []
    baseline = options.value(config, "--baseline")
    base = config.invocation_params.dir
    try:
        path = collector.write(document, base / directory, base / baseline if baseline else None)
    except ReportError as problem:
        return [f"error: {problem}"]
    return [f"report: {path}"]


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Print the six rows and each root cause once."""
    document = config.stash.get(_DOCUMENT, None)
    if document is None:
        return
    from sixgates.report import render_table

    terminalreporter.section("sixgates")
    writer = terminalreporter._tw
    encoding = getattr(writer._file, "encoding", None) or "utf-8"
    width = max(writer.fullwidth, 80)
    for line in render_table(document, width, writer.hasmarkup, encoding=encoding):
        terminalreporter.write_line(line)
    for note in config.stash.get(_NOTES, []):
        terminalreporter.write_line(note, red=note.startswith("error: "))
