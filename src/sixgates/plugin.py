"""The pytest plugin: options, markers, one item for every case, and the gate report at the end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sixgates import options, work_folder
from sixgates.collector import PROPERTY, Collector, verdict_of

if TYPE_CHECKING:
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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and, when xdist is there, what its workers need."""
    for marker, meaning in _MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Workers(config), "sixgates-workers")
    config.args = [place for argument in config.args for place in _suites(argument)]
    if any(config.getoption(name) for name in ("--live", "--record", "--base-url", "--gateway-config")):
        _run(config)


def _suites(argument: str) -> list[str]:
    """Where the suites are if an argument names their package and this is a clone: beside `src`, not in it."""
    package = Path(__file__).parent / "suites"
    names = ("unit", "contracts", "integration")
    if argument != "sixgates.suites" or (package / names[0]).is_dir():
        return [argument]
    return [str(package.parents[2] / name) for name in names]


def _run(config: pytest.Config) -> Run:
    if _RUN not in config.stash:
        given = getattr(config, "workerinput", {}).get("sixgates_workdir")
        workdir = Path(given) if given else work_folder.make()
        if given:
            work_folder.hold(workdir)
        else:
            config.add_cleanup(lambda: work_folder.remove(workdir))
        try:
            run = options.run_from(config, workdir)
        except pytest.UsageError:
            if not given:
                work_folder.remove(workdir)
            raise
        config.stash[_RUN] = run
        config.stash[_COLLECTOR] = Collector(run, ("pytest", *config.invocation_params.args))
    return config.stash[_RUN]


class _Workers:
    """Gives xdist's workers the controller's folder, and counts what they collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Runs in the controller before a worker starts."""
        node.workerinput["sixgates_workdir"] = str(_run(self.config).workdir)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Runs in the controller when a worker has ended."""
        counts = getattr(node, "workeroutput", {}).get("sixgates_collected", {})
        for gate, count in counts.items():
            collected = self.config.stash[_COLLECTOR].collected
            collected[int(gate)] = max(collected[int(gate)], count)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn the family that a test names into one item for each of its cases."""
    marker = metafunc.definition.get_closest_marker("cases")
    if marker is None or _passed_over(metafunc):
        return
    family, *args = marker.args
    cases = family(_run(metafunc.config), *args)
    if not cases:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: the family {family.__name__} has no cases")
    metafunc.parametrize("case", cases, ids=[case.id for case in cases])


def _passed_over(metafunc: pytest.Metafunc) -> bool:
    """Whether `-m` names another gate alone; pytest deselects the test, so its cases need not be made."""
    wanted = metafunc.config.getoption("-m")
    return wanted in _GATES and metafunc.definition.get_closest_marker(wanted) is None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which checks are wanted, so that a live run sends no probe in vain."""
    cases = [item.callspec.params["case"] for item in session.items if _is_case(item)]  # type: ignore[attr-defined]
    if not cases:
        return
    run = _run(session.config)
    run.wanted.update(case.needs for case in cases if case.needs)
    collected = session.config.stash[_COLLECTOR].collected
    for item in session.items:
        if _is_case(item):
            collected.update(number for name, number in _GATES.items() if item.get_closest_marker(name))
    _unknown_providers(run)
    capture = session.config.pluginmanager.getplugin("capturemanager")
    if run.live and capture is not None and not hasattr(session.config, "workerinput"):
        object.__setattr__(run, "say", _Speaker(capture))


def _is_case(item: pytest.Item) -> bool:
    return item.get_closest_marker("cases") is not None and hasattr(item, "callspec")


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

    def judge(case: Case) -> None:
        verdict = case.judge()
        request.node.user_properties.append((PROPERTY, json.dumps(verdict.to_json())))
        _show(verdict, _run(request.config).strict)

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


_WORDS = {
    "ADVISORY": ("advisory", "a", ("ADVISORY", {"yellow": True})),
    "BLOCKED": ("blocked", "B", ("BLOCKED", {"red": True})),
    "ERROR": ("error", "E", ("ERROR", {"red": True})),
    "FLAKY": ("flaky", "k", ("FLAKY", {"yellow": True})),
}


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport | pytest.CollectReport) -> Any:
    """Give outcomes that pytest has no word for a word of their own."""
    if getattr(report, "when", None) != "call":
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
        verdict = verdict_of(report) if report.when == "call" else None
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

    directory = config.getoption("--gates-report")
    if not directory:
        return []
    baseline = config.getoption("--baseline")
    base = config.invocation_params.dir
    try:
        path = collector.write(document, base / directory, base / baseline if baseline else None)
    except ReportError as problem:
        return [f"error: {problem}"]
    return [f"report: {path}"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
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
