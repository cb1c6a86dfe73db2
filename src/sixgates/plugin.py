"""The pytest plugin: options, markers, one item for every case, and the gate report at the end."""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from sixgates import (
    board,
    interruption,
    items,
    options,
    server_options,
    short_names,
    suite_places,
    terminal_progress,
    work_folder,
)
from sixgates.collector import PROPERTY, Collector, verdict_of
from sixgates.masked_output import mask_of, mask_report, mask_terminal, without_secrets
from sixgates.report_folder import begin, runs_no_test, write_report
from sixgates.visible import visible

if TYPE_CHECKING:
    from pathlib import Path

    from _pytest.terminal import TerminalReporter

    from sixgates.cases import Case, Settle
    from sixgates.report import Document
    from sixgates.run import Run
    from sixgates.verdict import Cause, Gate, Verdict

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
_DOCUMENT: pytest.StashKey[Document] = pytest.StashKey()
_NOTES = pytest.StashKey[list[str]]()
_FOLDER = pytest.StashKey[str]()
_BROKEN_OFF: pytest.StashKey[Cause] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, by names that nobody else has."""
    options.add(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Begin the report, let each conftest.py take the names that it wants, take the short names that are left."""
    begin(early_config, short_names.values(early_config, parser, args), args)
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
        try:
            options.check(config)
        except pytest.UsageError as problem:
            raise pytest.UsageError(visible(str(problem))) from None


def _run(config: pytest.Config) -> Run:
    if _RUN not in config.stash:
        owns = not hasattr(config, "workerinput")
        folder = _own_folder(config) if owns else work_folder.join(_folder(config), owns=False)
        try:
            run = options.run_from(config, folder)
        except pytest.UsageError as problem:
            raise pytest.UsageError(visible(str(problem))) from None
        config.stash[_RUN] = run
        config.stash[_COLLECTOR] = Collector(
            run, ("pytest", *server_options.shown(config.invocation_params.args))
        )
        mask_terminal(config, run)
        terminal_progress.attach(config, run)
    return config.stash[_RUN]


def _own_folder(config: pytest.Config) -> Path:
    """The folder of the run, which its first process holds from the beginning: workers may be lost."""
    folder = work_folder.join(_folder(config), owns=True)
    config.add_cleanup(lambda: work_folder.remove(folder))
    _end_as_ctrl_c(config)
    return folder


def _end_as_ctrl_c(config: pytest.Config) -> None:
    if interruption.ends_as_ctrl_c():
        config.add_cleanup(interruption.undo)


def _folder(config: pytest.Config) -> str:
    """The name of the folder that all workers of a run share; whoever needs it first makes it."""
    given = getattr(config, "workerinput", {}).get("sixgates_folder")
    return config.stash.setdefault(_FOLDER, given or f"sixgates-{uuid4().hex}")


class _Workers:
    """Gives xdist's workers the name of the controller's folder, and hears from them what they collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Runs in the controller before a worker starts."""
        node.workerinput["sixgates_folder"] = _folder(self.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Runs in the controller when a worker has ended."""
        if error:
            self.config.stash.setdefault(_BROKEN_OFF, board.LOST)
        noted = getattr(node, "workeroutput", {}).get("sixgates_noted")
        if noted:
            _run(self.config)
            self.config.stash[_COLLECTOR].take(noted)


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
    metafunc.parametrize(("case", "settle"), given, ids=[visible(case.id) for case in cases])


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
    selected = _selected(session.items)
    if not selected:
        return
    run = _run(session.config)
    _unknown_providers(run)
    run.wanted.update(case.needs for cases in selected.values() for case in cases if case.needs)
    for gate, cases in selected.items():
        session.config.stash[_COLLECTOR].select(gate, (case.key for case in cases))
    if hasattr(session.config, "workerinput"):
        session.config.stash[_COLLECTOR].leave_note()


def _selected(collected: Iterable[pytest.Item]) -> dict[Gate, list[Case]]:
    """The cases that are to be judged, by the gate whose marker they had when they were collected."""
    found: dict[Gate, list[Case]] = defaultdict(list)
    for item in collected:
        case = items.case_of(item)
        if case is not None:
            from sixgates.verdict import Gate

            for name in items.gates_of(item):
                found[Gate(_GATES[name])].append(case)
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
        run = _run(item.config)
        verdict = without_secrets(case.judge(), mask_of(item.config))
        # An item that runs again, as with --reruns, has the verdict of its last run.
        kept = [each for each in item.user_properties if each[0] != PROPERTY]
        item.user_properties[:] = [*kept, (PROPERTY, json.dumps(verdict.to_json()))]
        _show(verdict, run.strict)

    return judge


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Mask secrets in what pytest itself says of a failure."""
    report = yield
    mask_report(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for what fails while tests are collected."""
    report = yield
    mask_report(report, collector.config)
    return report


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

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the verdict of a report."""
        terminal_progress.make_room(self.config)
        counts = report.when == "call" and report.outcome in _OUTCOMES
        verdict = verdict_of(report) if counts else None
        if verdict is not None:
            _run(self.config)
            self.config.stash[_COLLECTOR].keep(verdict)


class _Interruptions:
    """Notes that somebody ended the run; that pytest ends one itself, as with -x, is not meant."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if not excinfo.errisinstance(pytest.Session.Interrupted):
            self.config.stash[_BROKEN_OFF] = board.STOPPED


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of all workers."""
    config = session.config
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Listener(config), "sixgates-listener")
        config.pluginmanager.register(_Interruptions(config), "sixgates-interruptions")
        if config.stash.get(short_names.OURS, False) and not runs_no_test(config.option):
            terminal_progress.begin(config, work_folder.place(_folder(config)))
            _end_as_ctrl_c(config)
            if config.pluginmanager.hasplugin("dsession"):
                _own_folder(config)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Make and write the report, also of an interrupted run; a run that judged nothing is no success."""
    config = session.config
    collector = config.stash.get(_COLLECTOR, None)
    ours = config.stash.get(short_names.OURS, False)
    reports = ours and options.value(config, "--gates-report") and not runs_no_test(config.option)
    terminal_progress.end(config)
    broken_off = config.stash.get(_BROKEN_OFF, None)
    if collector is None and (reports or (ours and broken_off)):
        with contextlib.suppress(pytest.UsageError):  # then the report says already that nothing was judged
            _run(config)
        collector = config.stash.get(_COLLECTOR, None)
    if collector is None:
        return
    if hasattr(config, "workerinput"):
        config.workeroutput["sixgates_noted"] = collector.noted()  # type: ignore[attr-defined]
        return
    collector.take_notes()
    if broken_off:
        interruption.let_it_end()
        mask = mask_of(config)
        for verdict in interruption.rest(collector.run, collector.selected, set(collector.kept), broken_off):
            collector.keep(without_secrets(verdict, mask))
    if not collector.verdicts and not reports:
        return
    if exitstatus == pytest.ExitCode.OK and collector.verdicts and not collector.judged:
        session.exitstatus = exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
    ended = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
    interrupted = ended or broken_off is board.STOPPED
    config.stash[_DOCUMENT] = collector.document(int(exitstatus), interrupted)
    config.stash[_NOTES] = write_report(config, config.stash[_DOCUMENT])
    if any(note.startswith("error: ") for note in config.stash[_NOTES]) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Print the gates and each root cause once, below the long list of what failed."""
    try:
        return (yield)
    finally:
        _summarize(terminalreporter, config)


def _summarize(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
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
