"""What a conformance suite is made of: checks, their outcomes, and two ways to run them.

A suite is a class whose methods ``check_*`` each test one promise of an interface. Without
pytest, ``run_suite`` runs them all and returns a ``Report``; under pytest, a subclass whose
name begins with ``Test`` gives one test a check, and what does not apply is skipped with its
reason. Nothing here imports pytest until pytest runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from racegym.errors import RacegymError

__all__ = ["ConformanceError", "Finding", "NotApplicable", "Report", "Suite", "needs", "run_suite"]

PREFIX = "check_"

Method = TypeVar("Method", bound=Callable[..., None])


class ConformanceError(AssertionError):
    """A promise of the interface is not kept.

    Args:
        reason: what was seen and what was expected.
        where: the method or attribute to look at, such as ``"Backend.reset"``.

    Attributes:
        check: the check that found it.
    """

    def __init__(self, reason: str, *, where: str):
        self.reason = reason
        self.where = where
        self.check = ""
        super().__init__(reason)

    def __str__(self) -> str:
        return f"{self.check}: {self.reason} (look at {self.where})"


class NotApplicable(Exception):  # noqa: N818  # it is no error: the check has nothing to test
    """The check has nothing to test here; its message says why."""


def needs(*checks: str) -> Callable[[Method], Method]:
    """Mark a check that says something only when these other checks pass."""

    def mark(method: Method) -> Method:
        method.needs = checks  # type: ignore[attr-defined]
        return method

    return mark


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Why a check failed, or why it does not apply.

    Attributes:
        check: its name.
        reason: in words.
        where: what to look at; empty when it does not apply.
    """

    check: str
    reason: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of a suite.

    Attributes:
        suite: the name of the suite's class.
        subject: the name of the class that was tested.
        passed: the checks that passed.
        failed: those that did not.
        not_applicable: those that had nothing to test.
    """

    suite: str
    subject: str
    passed: tuple[str, ...]
    failed: tuple[Finding, ...]
    not_applicable: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    def __str__(self) -> str:
        total = f"{len(self.passed)} passed, {len(self.failed)} failed"
        lines = [f"{self.subject}: {total}, {len(self.not_applicable)} not applicable"]
        lines += [f"  FAILED {f.check}: {f.reason} (look at {f.where})" for f in self.failed]
        lines += [f"  n/a    {f.check}: {f.reason}" for f in self.not_applicable]
        return "\n".join(lines)


class Suite:
    """Base of all suites.

    Attributes:
        make: the class under test.
        options: its settings, as a scenario would write them.
    """

    make: ClassVar[type[Any]]
    options: ClassVar[Mapping[str, Any]] = {}
    _outcomes: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls._outcomes = {}

    @classmethod
    def checks(cls) -> dict[str, str]:
        """Return the first line of each check's docstring by the check's name, in order."""
        found: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            for name, method in vars(base).items():
                if name.startswith(PREFIX):
                    found[name.removeprefix(PREFIX)] = (method.__doc__ or "").partition("\n")[0]
        return found

    def run(self, check: str) -> None:
        """Run one check.

        Raises:
            ConformanceError: it failed.
            NotApplicable: it has nothing to test.
        """
        method = getattr(self, PREFIX + check)
        for other in getattr(method, "needs", ()):
            outcome = self._outcome(other)
            if outcome != "passes":
                raise NotApplicable(f"it needs check {other!r}, which {outcome}")
        try:
            method()
        except ConformanceError as error:
            error.check = check
            self._outcomes[check] = "fails"
            raise
        self._outcomes[check] = "passes"

    def _outcome(self, check: str) -> str:
        """Return ``"passes"``, ``"fails"`` or ``"does not apply: ..."``; run at most once."""
        known = self._outcomes
        if check not in known:
            try:
                self.run(check)
            except ConformanceError:
                known[check] = "fails"
            except NotApplicable as reason:
                known[check] = f"does not apply: {reason}"
        return known[check]

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Give pytest one test for each check."""
        if "check" in metafunc.fixturenames:
            metafunc.parametrize("check", list(self.checks()))

    def test_conformance(self, check: str) -> None:
        """Run one check as a test of pytest's."""
        import pytest

        try:
            self.run(check)
        except NotApplicable as reason:
            pytest.skip(str(reason))


def run_suite(suite: type[Suite], checks: Iterable[str] | None = None) -> Report:
    """Run a suite without pytest.

    Args:
        suite: a subclass with ``make`` set.
        checks: names of those to run; None for all.

    Returns:
        What passed, failed and had nothing to test. An exception out of the class under test
        is a failure of the check in which it came up.
    """
    subject = suite()
    passed, failed, not_applicable = [], [], []
    for check in suite.checks() if checks is None else checks:
        try:
            subject.run(check)
        except NotApplicable as reason:
            not_applicable.append(Finding(check=check, reason=str(reason)))
        except ConformanceError as error:
            failed.append(Finding(check=check, reason=error.reason, where=error.where))
        except Exception as error:  # a stranger's class may raise anything; that is a finding
            raised = f"{type(error).__name__}: {error}"
            failed.append(Finding(check=check, reason=raised, where=_origin(error, suite.make)))
        else:
            passed.append(check)
    return Report(
        suite=suite.__name__,
        subject=suite.make.__name__,
        passed=tuple(passed),
        failed=tuple(failed),
        not_applicable=tuple(not_applicable),
    )


def _origin(error: Exception, make: type[Any]) -> str:
    """Return the last line of the class's own package that an exception came through.

    Where there is none, it is the line that raised it; but what racegym itself refuses has
    its cause in what the class says of itself.
    """
    package = make.__module__.partition(".")[0]
    own = last = ""
    trace = error.__traceback__
    while trace is not None:
        last = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            own = last
        trace = trace.tb_next
    if own and package != "racegym":
        return own
    if isinstance(getattr(error, "obj", None), make):  # an attribute that it never set
        return f"{make.__name__}.__init__"
    return f"what {make.__name__} declares" if isinstance(error, RacegymError) else last
