"""Which conventions hold for which path."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.configuration import ConfigurationFile, chain_of, read_directory, read_file
from optimizer.errors import ConfigurationError, Fault
from optimizer.lint.conventions import TABLE, Conventions, Layer
from optimizer.lint.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Conventions, and the absolute directory where their patterns start."""

    conventions: Conventions
    directory: str

    def relative(self, path: str) -> str:
        """The path of a file, from there, with slashes; empty for none, such as that of a construct."""
        return Path(os.path.relpath(path, self.directory)).as_posix() if path else ""


class House:
    """The conventions of a tree: for each path those of the nearest configuration file that says any.

    The search goes up from the directory of the path to the top of its version
    control, or of the file system.  ``only`` is a file that holds for every
    path instead; ``last`` what the command line says.  ``mirror`` and ``lock``
    are settings of the project that the command runs in.
    """

    def __init__(
        self,
        *,
        today: datetime.date,
        rules: Sequence[Rule],
        mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
        lock: Lock = Lock(),  # noqa: B008 - an immutable value
        last: Layer | None = None,
        only: str | Path | None = None,
    ) -> None:
        self._rules = rules
        self._last = last or {}
        self._known: dict[str, Any] = {"today": today, "mirror": mirror, "lock": lock}
        self._domains: dict[str, Domain] = {}
        self._only: Domain | None = None
        if only is not None:
            file = read_file(Path(only))
            if file is None:
                raise ConfigurationError("there is no [tool.optimizer]", str(only), "name a file that has it")
            self._only = self._domain(file, os.getcwd())

    def of(self, path: str) -> Domain:
        """The conventions of a file, and where their patterns start.

        Raises :class:`ConfigurationError` for a configuration that is wrong.
        """
        return self._only or self._of_directory(os.path.dirname(os.path.abspath(path)))

    def _of_directory(self, directory: str) -> Domain:
        if directory not in self._domains:
            above = os.path.dirname(directory)
            file = read_directory(Path(directory))
            if file is not None and ("extends" in file.values or TABLE in file.values):
                self._domains[directory] = self._domain(file, directory)
            elif above == directory or os.path.exists(os.path.join(directory, ".git")):
                self._domains[directory] = Domain(conventions=Conventions(**self._known, **self._last), directory=directory)
            else:
                self._domains[directory] = self._of_directory(above)
        return self._domains[directory]

    def _domain(self, file: ConfigurationFile, directory: str) -> Domain:
        # Imported here, because most trees have no such file.
        from optimizer.lint.configuration import merge, read_layer

        layers: list[Layer] = []
        faults: list[Fault] = []
        for item in chain_of(file):
            try:
                layers.append(
                    read_layer(item.values.get(TABLE, {}), partial(item.place, TABLE), item.name, partial(item.line, TABLE), self._rules)
                )
            except ConfigurationError as error:
                faults += error.faults
        if faults:
            raise ConfigurationError(faults)
        return Domain(conventions=merge([*layers, self._last], **self._known), directory=directory)
