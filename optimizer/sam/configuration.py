"""The text of a ``samconfig`` file: read, and changed so that all else stays as people wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from optimizer.errors import ContextError
from optimizer.sam.document import Document, parse_document
from optimizer.sam.edits import Change, NotEditable, edited, no_place, with_changes

_NEW = "version = 0.1\n"
"""What every configuration says: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html"""

_LONE_LINE_END = re.compile(r"(?<!\r)\n")


def parse_configuration(text: str, *, is_toml: bool, place: str) -> Mapping[str, Any]:
    """The data of the text, empty for an empty one; raises :class:`ContextError`."""
    if not text.strip():
        return {}
    if is_toml:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        from optimizer.model.toml import toml_fault

        try:
            return dict(tomlkit.parse(text).unwrap())
        except (TOMLKitError, ValueError, RecursionError) as error:
            fault = toml_fault(text, error)
            raise ContextError(fault.message, f"{place}:{fault.line}" if fault.line else place, fault.hint) from None
    document = parse_document(text)
    if not isinstance(document, Document):
        raise ContextError(document.message, f"{place}:{document.span.start.line}", document.hint or "fix the line")
    if not isinstance(document.data, dict):
        raise ContextError("it is not a mapping", place, "fix the file")
    return document.data


def configured(text: str, changes: Iterable[Change], *, is_toml: bool) -> str:
    """The text with the changes; raises :class:`NotEditable`."""
    if not is_toml:
        return edited(text if text.strip() else "version: 0.1\n", changes)
    import tomlkit

    wanted = tuple(changes)
    before = text if text.strip() else _NEW
    document = tomlkit.parse(before)
    final = with_changes(document.unwrap(), wanted)
    for change in wanted:
        _apply(document, change)
    after = _with_its_line_ends(before, _apart(before, tomlkit.dumps(document)))
    if tomlkit.parse(after).unwrap() != final:
        raise NotEditable(*(reason for change in wanted for reason in no_place(change).args))
    return after


def _apply(document: Any, change: Change) -> None:
    import tomlkit

    table = document
    for key in change.path[:-1]:
        if key not in table:
            if change.value is None:
                return
            # Only the last table gets a header of its own: [default.build.parameters].
            table[key] = tomlkit.table(is_super_table=key != change.path[-2])
        table = table[key]
        if not isinstance(table, MutableMapping):
            raise no_place(change)
    name = change.path[-1]
    if change.value is None:
        table.pop(name, None)
    elif table.get(name) != change.value:
        table[name] = change.value


def _apart(before: str, text: str) -> str:
    """The text with an empty line before each header that follows a new table."""
    old = set(before.splitlines())
    lines: list[str] = []
    is_new = False
    for line in text.split("\n"):
        is_header = line.startswith("[")
        if is_header and is_new and lines[-1].strip():
            lines.append("")
        if is_header:
            is_new = line.rstrip("\r") not in old
        lines.append(line)
    return "\n".join(lines)


def _with_its_line_ends(before: str, text: str) -> str:
    is_windows = "\r\n" in before and not _LONE_LINE_END.search(before)
    return _LONE_LINE_END.sub("\r\n", text) if is_windows else text
