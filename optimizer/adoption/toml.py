"""A proposal as the text of a ``*.image.toml`` file, with comments that say where each step comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optimizer.adoption.proposal import Proposal

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Table

_WIDE = 100
_LAST = ("secrets", "after")
"""Fields that say less about a step than the others."""


def render_toml(proposal: Proposal, functions: Sequence[str] = ()) -> str:
    """The file's text; ``functions`` are the names of those that run the image."""
    # Imported here, because only this format needs it.
    import tomlkit

    document = tomlkit.document()
    for line in _head(proposal, functions):
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    data = proposal.spec.to_dict()
    # The architecture is said also where it is the default: nobody should have to know what that is.
    document.add("runtime", data.pop("runtime"))
    document.add("architecture", tomlkit.item(proposal.spec.architecture))
    data.pop("architecture", None)
    steps = data.pop("steps", [])
    for key, value in sorted(data.items(), key=lambda pair: isinstance(pair[1], dict)):
        _add(document, key, value)
    if steps:
        tables = tomlkit.aot()
        for step, lines in zip(steps, proposal.lines, strict=True):
            table = tomlkit.table()
            if lines:
                table.add(tomlkit.comment(f"from {_lines(lines)}"))
            for key, value in sorted(
                step.items(), key=lambda pair: (isinstance(pair[1], dict), _LAST.index(pair[0]) if pair[0] in _LAST else -1)
            ):
                _add(table, key, value)
            tables.append(table)
        document.add(tomlkit.nl())
        document.add("steps", tables)
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def _head(proposal: Proposal, functions: Sequence[str]) -> list[str]:
    if not proposal.dockerfile and not proposal.not_carried:
        return []
    origin = f" from {_plain(proposal.dockerfile)}; lines are those of that file" if proposal.dockerfile else ""
    lines = [f"Proposed by optimizer init{origin}."]
    if len(functions) > 1:
        lines.append(f"Functions: {', '.join(map(_plain, functions))}")
    not_carried = [(f"line {account.line}: ", loss) for account in proposal.accounts for loss in account.not_carried]
    not_carried += [("", loss) for loss in proposal.not_carried]
    if not_carried:
        lines += ["", "Not carried over:"]
        for place, loss in not_carried:
            lines += [f"- {place}{_plain(loss.message)}", f"  by hand: {_plain(loss.by_hand)}"]
    return [*lines, ""]


def _lines(lines: Sequence[int]) -> str:
    return f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"


def _plain(text: str) -> str:
    """The text as a comment can hold it."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _add(table: TOMLDocument | Table, key: str, value: Any) -> None:
    import tomlkit

    if isinstance(value, Mapping):
        inner = (
            tomlkit.inline_table() if all(isinstance(item, str) for item in value.values()) and len(str(value)) < _WIDE else tomlkit.table()
        )
        for name, item in value.items():
            inner.add(name, item)
        table.add(key, inner)
    elif isinstance(value, list):
        table.add(key, _array(value))
    else:
        table.add(key, value)


def _array(values: Sequence[Any], outer: bool = True) -> Any:
    import tomlkit

    array = tomlkit.array()
    for value in values:
        if isinstance(value, Mapping):
            inner = tomlkit.inline_table()
            inner.update(value)
            array.append(inner)
        else:
            array.append(_array(value, False) if isinstance(value, list) else value)
    nested = any(isinstance(value, (list, Mapping)) for value in values)
    return array.multiline(outer and (nested or len(str(values)) > _WIDE))
