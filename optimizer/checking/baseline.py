"""The file of known findings of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from optimizer.adapters.files import replace_file
from optimizer.checking.group import Group, rules_known, rules_run
from optimizer.errors import ConfigurationError
from optimizer.linting.baseline import Baseline, Scope, compare, smaller, whole
from optimizer.linting.conventions import Conventions
from optimizer.linting.report import LintReport
from optimizer.linting.subjects import AppSubject


class BaselineFile:
    """A baseline, and what a run over the groups can tell of it.

    Raises :class:`ConfigurationError` for a file that cannot be read.
    """

    def __init__(self, path: str, groups: Sequence[Group]) -> None:
        self._path = Path(path)
        self._home = os.path.dirname(os.path.abspath(path))
        sources = [source for group in groups for source in group.sources]
        # A built image is generated too, and known by its file or its name.
        apps = [source for source in sources if source.generated and isinstance(source.subjects[-1], AppSubject)]
        self._apps = [os.path.abspath(source.path) for source in apps]
        written = [file for group in groups for file in group.files]
        written += [location.path for source in sources for location in source.locations]
        self._files = {os.path.abspath(file) for file in written if file and not self._generated(file)}
        self._directories = {os.path.dirname(file) for file in self._files}
        templates = [location.path for source in sources if not source.generated for location in source.locations]
        dockerfiles = {os.path.normpath(file) for source in sources for file in source.dockerfiles}
        self._templates = {os.path.normpath(file) for file in templates if file} - dockerfiles
        self._scope = Scope(
            relative=self._relative,
            checked=self._covered,
            template=lambda file: os.path.normpath(file) in self._templates,
            generated=self._generated,
            constructs={location.construct for source in apps for location in source.locations},
            rules=rules_run(groups),
            known=rules_known(groups),
        )
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

    def _generated(self, path: str) -> bool:
        whole = os.path.abspath(path)
        return any(whole == app or whole.startswith(app + os.sep) for app in self._apps)

    def _relative(self, path: str) -> str:
        return Path(os.path.relpath(path, self._home)).as_posix() if path else ""

    def _covered(self, relative: str) -> bool:
        path = os.path.normpath(os.path.join(self._home, relative))
        beside = path.endswith("dockerignore") and os.path.dirname(path) in self._directories
        return bool(relative) and (path in self._files or beside or not os.path.lexists(path))
