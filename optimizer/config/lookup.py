"""Which conventions hold for which path."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.config.files import CONVENTIONS, ConfigurationFile, chain_of, read_directory, read_file
from optimizer.config.keys import OWN_RULES
from optimizer.config.nearest import is_top, sets_any
from optimizer.errors import ConfigurationError, Fault
from optimizer.linting.conventions import Conventions
from optimizer.linting.rule import Rule, with_own_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedConventions:
    """Conventions, the absolute directory where their patterns start, and all rules that they may name, sorted by id."""

    conventions: Conventions
    directory: str
    rules: tuple[Rule, ...]

    def relative(self, path: str) -> str:
        """The path of a file, from there, with slashes; empty for none, such as that of a construct."""
        return Path(os.path.relpath(path, self.directory)).as_posix() if path else ""

    def covers(self, path: str) -> bool:
        """Whether the file is checked, by ``include`` and ``exclude``."""
        return self.conventions.covers(self.relative(path))


class ConventionsLookup:
    """Finds the conventions for a path: those of the nearest configuration file that sets any.

    The search goes up from the directory of the path to the top of its version
    control, or of the file system.  ``only`` is a file that holds for every
    path instead.  ``rules`` are those that every file may name; a file names
    more of its company.  ``overrides`` win over every file; they are what the command
    line or the caller sets.  ``mirror`` and ``lock`` are settings of the
    project that the command runs in.
    """

    def __init__(
        self,
        *,
        today: datetime.date,
        rules: Sequence[Rule],
        mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
        lock: Lock = Lock(),  # noqa: B008 - an immutable value
        overrides: Mapping[str, Any] | None = None,
        only: str | Path | None = None,
    ) -> None:
        self._rules = rules
        self._overrides = overrides or {}
        self._known: dict[str, Any] = {"today": today, "mirror": mirror, "lock": lock}
        self._by_directory: dict[str, ScopedConventions] = {}
        self._only: ScopedConventions | None = None
        if only is not None:
            file = read_file(Path(only))
            if file is None:
                raise ConfigurationError("there is no [tool.optimizer]", str(only), "name a file that has it")
            self._only = self._read(file, os.getcwd())

    def for_path(self, path: str) -> ScopedConventions:
        """The conventions of a file, and where their patterns start.

        Raises :class:`ConfigurationError` for a configuration that is wrong.
        """
        return self._only or self._of_directory(os.path.dirname(os.path.abspath(path)))

    def _of_directory(self, directory: str) -> ScopedConventions:
        if directory not in self._by_directory:
            above = os.path.dirname(directory)
            file = read_directory(Path(directory))
            if file is not None and sets_any(file):
                self._by_directory[directory] = self._read(file, directory)
            elif is_top(directory, above):
                self._by_directory[directory] = ScopedConventions(
                    conventions=Conventions(**self._known, **self._overrides), directory=directory, rules=tuple(self._rules)
                )
            else:
                self._by_directory[directory] = self._of_directory(above)
        return self._by_directory[directory]

    def _read(self, file: ConfigurationFile, directory: str) -> ScopedConventions:
        # Imported here, because most trees have no such file.
        from optimizer.config.conventions import merge, read_layer

        layers: list[Mapping[str, Any]] = []
        faults: list[Fault] = []
        chain = chain_of(file)
        rules = self._with_own(chain)
        for item in chain:
            try:
                layers.append(
                    read_layer(
                        item.values.get(CONVENTIONS, {}),
                        partial(item.place, CONVENTIONS),
                        item.name,
                        partial(item.line, CONVENTIONS),
                        rules,
                    )
                )
            except ConfigurationError as error:
                faults += error.faults
        if faults:
            raise ConfigurationError(faults)
        return ScopedConventions(conventions=merge([*layers, self._overrides], **self._known), directory=directory, rules=rules)

    def _with_own(self, chain: Sequence[ConfigurationFile]) -> tuple[Rule, ...]:
        """All rules that the files may name: those that they bring too."""
        rules = tuple(self._rules)
        faults: list[Fault] = []
        for file in chain:
            table = file.values.get(CONVENTIONS)
            names = table.get(OWN_RULES, ()) if isinstance(table, Mapping) else ()
            for index, name in enumerate(names if isinstance(names, list) else ()):
                if not isinstance(name, str):
                    continue  # which reading the table reports
                # Imported here, because most companies have none.
                from optimizer.config.own_rules import load_own_rules

                try:
                    rules = with_own_rules(rules, load_own_rules(name, file.place(CONVENTIONS, OWN_RULES, index), rules))
                except ConfigurationError as error:
                    faults += error.faults
        if faults:
            raise ConfigurationError(faults)
        return rules
