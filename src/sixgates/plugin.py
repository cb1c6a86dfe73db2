"""The pytest plugin: options, markers, one item for every case, and the gate report at the end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sixgates import options
from sixgates.collector import PROPERTY, Collector, verdict_of
from sixgates.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sixgates.cases import Case, Settle
    from sixgates.report import Document
    from sixgates.run import Run
    from sixgates.verdict import Gate, Verdict

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
_BASELINE = pytest.StashKey["Document"]()
_MASK = pytest.StashKey["Callable[[str], str]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add(parser)


_RUN_NO_TEST = (
    "collectonly",
    "help",
    "version",
    "markers",
    "showfixtures",
    "show_fixtures_per_test",
    "cacheshow",
)


def _runs_no_test(given: Any) -> bool:
    return any(getattr(given, name, False) for name in _RUN_NO_TEST)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Replace an older report before anything can go wrong: it must not stand for a run that fails early."""
    given = early_config.known_args_namespace
    if not given.gates_report or _runs_no_test(given) or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    from sixgates.collector import begun
    from sixgates.report import ReportError, load, write

    base = early_config.invocation_params.dir
    if given.baseline:
        try:
            early_config.stash[_BASELINE] = load(base / given.baseline)
        except ReportError as problem:
            raise pytest.UsageError(f"--baseline: {problem}") from None
    document = begun(("pytest", *args), options.host_label(given.host_label))
    with contextlib.suppress(ReportError):  # said at the end, where the table is not lost with it
        write(document, base / given.gates_report)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and, when xdist is there, what its workers need."""
    for marker, meaning in _MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(_Workers(config), "sixgates-workers")
    config.args = [place for argument in config.args for place in _suites(argument)]
    if any(config.getoption(name) for name in options.CHECKED_AT_ONCE):
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
        workdir = Path(given or tempfile.mkdtemp(prefix="sixgates-"))
        if not given:
            config.add_cleanup(lambda: shutil.rmtree(workdir, ignore_errors=True))
        try:
            run = options.run_from(config, workdir)
        except pytest.UsageError as problem:
            shutil.rmtree(workdir, ignore_errors=True)
            raise pytest.UsageError(visible(str(problem))) from None
        config.stash[_RUN] = run
        config.stash[_COLLECTOR] = Collector(run, ("pytest", *config.invocation_params.args))
        _mask_terminal(config)
    return config.stash[_RUN]


def _mask_terminal(config: pytest.Config) -> None:
    """Warnings, internal errors and whatever else pytest prints by itself are masked where they are written."""
    from sixgates.redaction import MaskingStream

    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        writer = reporter._tw
        writer._file = MaskingStream(writer._file, lambda text: _mask(config)(text))


class _Workers:
    """Gives xdist's workers the controller's folder, and hears from them what they collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Runs in the controller before a worker starts."""
        node.workerinput["sixgates_workdir"] = str(_run(self.config).workdir)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Runs in the controller when a worker has ended."""
        noted = getattr(node, "workeroutput", {}).get("sixgates_noted")
        if noted:
            self.config.stash[_COLLECTOR].take(noted)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Turn the family that a test names into one item for each of its cases."""
    marker = metafunc.definition.get_closest_marker("cases")
    if marker is None or _passed_over(metafunc):
        return
    family, *args = marker.args
    cases = family(_run(metafunc.config), *args)
    if not cases:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: the family {family.__name__} has no cases")
    metafunc.parametrize("case", cases, ids=[visible(case.id) for case in cases])


def _passed_over(metafunc: pytest.Metafunc) -> bool:
    """Whether `-m` names another gate alone; pytest deselects the test, so its cases need not be made."""
    wanted = metafunc.config.getoption("-m")
    return wanted in _GATES and metafunc.definition.get_closest_marker(wanted) is None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which checks are wanted, so that a live run sends no probe in vain."""
    selected = _selected(session.items)
    if not selected:
        return
    run = _run(session.config)
    _unknown_providers(run)
    run.wanted.update(case.needs for cases in selected.values() for case in cases if case.needs)
    for gate, cases in selected.items():
        session.config.stash[_COLLECTOR].select(gate, (case.key for case in cases))
    capture = session.config.pluginmanager.getplugin("capturemanager")
    if run.live and capture is not None:
        object.__setattr__(run, "say", _Speaker(capture, _mask(session.config)))


def _selected(items: Iterable[pytest.Item]) -> dict[Gate, list[Case]]:
    """The cases that are to be judged, by the gate whose marker they bear."""
    from sixgates.verdict import Gate

    found: dict[Gate, list[Case]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("cases") is None or not hasattr(item, "callspec"):
            continue
        for gate in Gate:
            if item.get_closest_marker(gate.marker):
                found[gate].append(item.callspec.params["case"])
    return found


def _unknown_providers(run: Run) -> None:
    from sixgates.config import ConfigError

    try:
        known = run.stack.active if run.only else {}
    except ConfigError:
        return
    unknown = [name for name in run.only if name not in known and name != "gateway"]
    if unknown:
        allowed = ", ".join(known) or "none"
        problem = f"--provider {unknown[0]}: no such active provider; active are: {allowed}"
        raise pytest.UsageError(visible(problem))


class _Speaker:
    """Writes progress past pytest's capture, so that a person sees what is being asked.

    A worker's standard error is that of the run, and one worker alone asks a provider.
    """

    def __init__(self, capture: Any, mask: Callable[[str], str]) -> None:
        self.capture = capture
        self.mask = mask

    def __call__(self, text: str) -> None:
        with self.capture.global_and_fixture_disabled():
            sys.stderr.write(f"\n[sixgates] {visible(self.mask(text))}\n")
            sys.stderr.flush()


@pytest.fixture
def settle(request: pytest.FixtureRequest) -> Settle:
    """Judge a case and let pytest show its outcome."""

    def judge(case: Case) -> None:
        verdict = _without_secrets(case.judge(), _mask(request.config))
        request.node.user_properties.append((PROPERTY, json.dumps(verdict.to_json())))
        _show(verdict, _run(request.config).strict)

    return judge


def _mask(config: pytest.Config) -> Callable[[str], str]:
    """What hides the secrets of the run, where there is one of ours."""
    if _MASK not in config.stash:
        from sixgates.redaction import redactor

        config.stash[_MASK] = redactor(_run(config).secrets).text
    return config.stash[_MASK]


def _without_secrets(verdict: Verdict, mask: Callable[[str], str]) -> Verdict:
    """The verdict as it may leave the process; words of ours, such as the outcome, stay as they are."""
    from sixgates.redaction import masked_value
    from sixgates.verdict import Verdict

    document = verdict.to_json()
    ours = {name: document[name] for name in ("gate", "level", "outcome")}
    return Verdict.from_json({**masked_value(document, mask), **ours})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Mask secrets in what pytest itself says of a failure, before any process, file or terminal gets it."""
    report = yield
    _mask_report(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for what fails while tests are collected."""
    report = yield
    _mask_report(report, collector.config)
    return report


def _mask_report(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    if _RUN not in config.stash or not (report.longrepr or report.sections):
        return
    from sixgates.redaction import masked_value

    mask = _mask(config)
    report.longrepr = masked_value(report.longrepr, mask)
    report.sections = masked_value(report.sections, mask)


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
            raise pytest.xfail.Exception(visible(verdict.reason), pytrace=False)
        case Outcome.NOT_EXERCISED | Outcome.NOT_APPLICABLE:
            pytest.skip(f"{verdict.outcome}: {visible(verdict.reason)}")
        case Outcome.BLOCKED:
            cause = verdict.cause
            why = visible(cause.summary if cause else verdict.reason)
            pytest.fail(f"Not testable: {why}", pytrace=False)
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
            self.config.stash[_COLLECTOR].keep(verdict)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of all workers."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_Listener(session.config), "sixgates-listener")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Make and write the report, also of an interrupted run; a run that judged nothing is no success."""
    config = session.config
    collector = config.stash.get(_COLLECTOR, None)
    reports = config.getoption("--gates-report") and not _runs_no_test(config.option)
    if collector is None and reports:
        with contextlib.suppress(pytest.UsageError):  # then the report says already that nothing was judged
            _run(config)
        collector = config.stash.get(_COLLECTOR, None)
    if collector is None:
        return
    if hasattr(config, "workerinput"):
        config.workeroutput["sixgates_noted"] = collector.noted()  # type: ignore[attr-defined]
        return
    if not collector.verdicts and not reports:
        return
    if exitstatus == pytest.ExitCode.OK and collector.verdicts and not collector.judged:
        session.exitstatus = exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    config.stash[_DOCUMENT] = collector.document(int(exitstatus), interrupted)
    config.stash[_NOTES] = _write(config, config.stash[_DOCUMENT])
    if any(note.startswith("error: ") for note in config.stash[_NOTES]) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _write(config: pytest.Config, document: Document) -> list[str]:
    from sixgates.report import ReportError, compare, write

    directory = config.getoption("--gates-report")
    if not directory:
        return []
    baseline = config.stash.get(_BASELINE, None)
    changes = None if baseline is None else compare(baseline, document)
    try:
        path = write(document, config.invocation_params.dir / directory, changes)
    except ReportError as problem:
        return [visible(f"error: {problem}")]
    return [visible(f"report: {path}")]


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
