"""The file of known findings of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from optimizer.adapters.files import replace_file
from optimizer.errors import ConfigurationError
from optimizer.linting.baseline import Baseline, Scope, compare, smaller, whole
from optimizer.linting.conventions import Conventions
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Rule


class BaselineFile:
    """A baseline, and what a run can tell of it: ``paths`` are those that the run checked, ``rules`` those that it ran.

    Raises :class:`ConfigurationError` for a file that cannot be read.
    """

    def __init__(self, path: str, paths: set[str], rules: Sequence[Rule], known: Sequence[Rule]) -> None:
        self._path = Path(path)
        self._home = os.path.dirname(os.path.abspath(path))
        self._files = {os.path.abspath(file) for file in paths if file}
        self._directories = {os.path.dirname(file) for file in self._files}
        self._scope = Scope(relative=self._relative, checked=self._covered, rules=rules, known=known)
        try:
            self._baseline: Baseline | None = Baseline.parse(self._path.read_bytes().decode("utf-8"), path)
        except FileNotFoundError:
            self._baseline = None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the baseline cannot be read: {error}", path, "check the path and its permissions") from None

    def write(self, report: LintReport, *, grow: bool) -> str:
        """Write a new one whole, and one that is there only smaller, or with ``grow`` larger too; gives what was done in words."""
        before = self._baseline
        if before is None or grow:
            after = whole(str(self._path), report.findings, self._scope, before)
        else:
            after = smaller(before, report.findings, self._scope)
        text = after.render()
        if before is None or after != before:
            replace_file(self._path, text, "the baseline", ConfigurationError)
            was = f", {before.total} before" if before else ""
            done = f"wrote {self._path}: {after.total} known{was}"
        else:
            done = f"{self._path} is unchanged: {after.total} known"
        return done

    def compare(self, report: LintReport, conventions: Conventions, command: str) -> LintReport:
        """The report with what the baseline holds set apart; ``command`` makes the baseline smaller."""
        if self._baseline is None:
            raise ConfigurationError("the baseline does not exist", str(self._path), f"write it: {command}")
        return compare(report, self._baseline, conventions, self._scope, command)

    def _relative(self, path: str) -> str:
        return Path(os.path.relpath(path, self._home)).as_posix() if path else ""

    def _covered(self, relative: str) -> bool:
        path = os.path.normpath(os.path.join(self._home, relative))
        beside = path.endswith("dockerignore") and os.path.dirname(path) in self._directories
        return bool(relative) and (path in self._files or beside or not os.path.lexists(path))
