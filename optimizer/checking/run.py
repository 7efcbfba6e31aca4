"""A run of the rules over paths: what the command line and ``optimizer.lint`` both do."""

from __future__ import annotations

import datetime
import os
import shlex
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.adapters.spec_dockerfiles import load_spec_dockerfile
from optimizer.bases.mirror import Mirror
from optimizer.checking.check import check_all
from optimizer.checking.collect import BuiltImages, collect
from optimizer.checking.group import Group, rules_run
from optimizer.config.lookup import ConventionsLookup
from optimizer.config.settings import load_settings
from optimizer.errors import ConfigurationError, ContextError
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Rule, choose
from optimizer.linting.rules import RULES
from optimizer.sam.config import DEFAULT_ENVIRONMENT

if TYPE_CHECKING:
    from optimizer.checking.baseline import BaselineFile


class Run:
    """The paths and images of a run, with the conventions that hold for each.

    The settings of the project in ``root`` hold for the whole run: its lock,
    its mirror where ``mirror`` is no other, and its baseline where ``baseline``
    names no other.  ``known`` are all rules that there are, but for those that
    a configuration brings.  ``select``, ``ignore`` and ``fail_on`` win
    over what is configured.  ``config`` is a configuration file that holds for
    every path, in place of the nearest.  Raises
    :class:`ConfigurationError` for a wrong setting, or a word that stands for
    no rule.
    """

    def __init__(
        self,
        paths: Sequence[str],
        images: BuiltImages,
        *,
        root: str | Path = ".",
        known: Sequence[Rule] = RULES,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        fail_on: str | None = None,
        config: str | Path | None = None,
        baseline: str | Path | None = None,
        mirror: str | None = None,
        environment: str = DEFAULT_ENVIRONMENT,
        processes: int = 1,
        today: datetime.date | None = None,
    ) -> None:
        settings = self._settings = load_settings(root)
        self._paths = tuple(paths)
        self._images = images
        self._here = os.path.join(root, "Dockerfile")
        self._environment = environment
        self._processes = processes
        path = baseline or settings.baseline
        self.baseline = str(path) if path else None
        self.lock = settings.load_lock()
        lookup = partial(
            ConventionsLookup,
            today=today or datetime.date.today(),
            rules=known,
            mirror=Mirror.parse(mirror) if mirror is not None else settings.mirror,
            lock=self.lock,
            only=config,
        )
        # A word may name a rule that the configuration brings.
        known = lookup().for_path(self._here).rules if select or ignore else known
        self._lookup = lookup(overrides=_overrides(known, select, ignore, fail_on))
        self._mirror = mirror

    @cached_property
    def groups(self) -> list[Group]:
        """What is checked; read at first use.  Raises :class:`ContextError` when there is nothing to check."""
        if not self._paths and not self._images.names:
            raise ContextError("no path is given", hint="name a Dockerfile, a directory or a built image")
        load_spec = partial(load_spec_dockerfile, self._settings)
        return collect(self._paths, self._images, self._lookup, here=self._here, environment=self._environment, load_spec=load_spec)

    @property
    def conventions(self) -> Conventions:
        """The conventions of the root, which hold for what lies in no file."""
        return self._lookup.for_path(self._here).conventions

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that are run for at least one group, sorted by id."""
        return rules_run(self.groups)

    def again(self) -> None:
        """Read everything anew, after files have changed."""
        del self.groups

    def check(self) -> LintReport:
        """What the rules find, before a baseline."""
        return check_all(self.groups, self.conventions.fail_on, processes=self._processes)

    def write_baseline(self, report: LintReport, *, grow: bool) -> str:
        """Write the baseline: a new one whole, one that is there only smaller, or with ``grow`` larger too; says what was done."""
        return self._baseline().write(report, grow=grow)

    def compare(self, report: LintReport) -> LintReport:
        """The report with what the baseline holds set apart; the report itself without a baseline."""
        if self.baseline is None:
            return report
        words = ["optimizer", "lint", *self._paths, *self._images.words, "--baseline", self.baseline, "--write-baseline"]
        words += ["--mirror", self._mirror] if self._mirror else []
        return self._baseline().compare(report, self.conventions, shlex.join(words))

    def _baseline(self) -> BaselineFile:
        # Imported here, because most runs have none.
        from optimizer.checking.baseline import BaselineFile

        assert self.baseline is not None
        return BaselineFile(self.baseline, self.groups)


def _overrides(known: Sequence[Rule], select: Sequence[str], ignore: Sequence[str], fail_on: str | None) -> dict[str, Any]:
    """What the caller sets, by the keys of conventions."""
    choose(known, select, ignore)
    words = [severity.value for severity in Severity]
    if fail_on is not None and fail_on not in words:
        raise ConfigurationError(f'"{fail_on}" is not a severity; allowed: {", ".join(words)}', "fail_on")
    values = {"select": tuple(select), "ignore": tuple(ignore), "fail_on": Severity(fail_on) if fail_on else None}
    return {name: value for name, value in values.items() if value}
