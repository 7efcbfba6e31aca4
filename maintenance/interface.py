"""The reference page of what programs import, made from the code: every public name with its signature and its docstring."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from maintenance.documented import PACKAGES
from optimizer.model.secret import BuildSecret
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import Step, step_kinds

_ROLE = re.compile(r":\w+:`~?(?:[\w.]+\.)?(\w+)`")
_ROW = re.compile(r"^(?P<name>`\w+`) {2,}(?P<text>\S[^\n]*\n(?: {8,}[^\n]*\n)*)", re.MULTILINE)
_WIDTH = 76
_LITERAL = re.compile(r"(?P<before>[^\n]*)::\n\n(?P<block>(?: {4}[^\n]*\n|\n)+)")


def interface_page() -> str:
    """Markdown: the packages that are meant for users, and every name of theirs in the order of the alphabet."""
    blocks = [
        "# Python interface",
        "What programs import. Names that are not here may change in any release. All of them have types: [types.md](types.md).",
    ]
    for package in PACKAGES:
        module = importlib.import_module(package)
        blocks += [f"## {package}", _markdown(inspect.getdoc(module) or "")]
        for name in sorted(module.__all__):
            blocks += list(_entry(name, getattr(module, name)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _entry(name: str, value: Any) -> Iterator[str]:
    """The blocks of one name."""
    yield f"### {name}"
    if not inspect.isclass(value) and not inspect.isfunction(value):
        yield f"`{type(value).__name__}`" if isinstance(value, (tuple, list)) else f"`{_type(value)}`"
        return
    if anchor := _in_specification(value):
        yield f"{_summary(value)} Its fields: [specification](specification.md#{anchor})."
        return
    if inspect.isclass(value) and issubclass(value, enum.Enum):
        yield _markdown(inspect.getdoc(value) or "")
        yield "\n".join(f"- `{member.name}`: `{member.value}`" for member in value)
    else:
        yield f"```text\n{_signature(name, value)}\n```"
        yield _markdown(inspect.getdoc(value) or "")
    if inspect.isclass(value):
        yield "\n".join(_members(value))


def _in_specification(value: Any) -> str:
    """The heading of specification.md that has the fields of a class; empty for any other."""
    kinds = {cls: kind for kind, cls in step_kinds().items()}
    if value in (ImageSpec, BuildSecret):
        return str(value.__name__).lower()
    return f"{value.__name__.lower()}-{kinds[value]}" if inspect.isclass(value) and issubclass(value, Step) and value in kinds else ""


def _members(cls: type) -> Iterator[str]:
    """A line for each public method and property that the class has of this project, with what it says of itself first."""
    fields = {item.name for item in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set[str]()
    own = {name: value for base in reversed(cls.__mro__) if base.__module__.startswith("optimizer") for name, value in vars(base).items()}
    for name, value in sorted(own.items()):
        function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        if name.startswith("_") or name in fields:
            continue
        if isinstance(function, property):
            yield f"- `{name}`: {_summary(function)}"
        elif inspect.isfunction(function):
            bound = " ".join(_signature(name, function).split()).replace("( ", "(").replace(",)", ")").replace(", )", ")")
            yield f"- `{bound}`: {_summary(function)}"


def _signature(name: str, value: Any) -> str:
    """The call of a function or class; on one line for each parameter where it is long.  Defaults that are no plain values are `...`."""
    # Of a construct: the class itself is called by way of jsii, which names no parameter.
    signature = inspect.signature(value.__init__ if inspect.isclass(value) and not dataclasses.is_dataclass(value) else value)
    parameters = [item for item in signature.parameters.values() if item.name not in ("self", "cls") and not item.name.startswith("_")]
    words: list[str] = []
    for item in parameters:
        if item.kind is item.KEYWORD_ONLY and "*" not in words and not any(word.startswith("*") for word in words):
            words.append("*")
        mark = {item.VAR_POSITIONAL: "*", item.VAR_KEYWORD: "**"}.get(item.kind, "")
        annotation = "" if item.annotation is item.empty else f": {_annotation(item.annotation)}"
        plain = item.default is None or (isinstance(item.default, (str, int, float, tuple)) and not isinstance(item.default, enum.Enum))
        default = "" if item.default is item.empty else f" = {item.default!r}" if plain else " = ..."
        words.append(f"{mark}{item.name}{annotation}{default}")
    returned = signature.return_annotation
    arrow = "" if inspect.isclass(value) or returned is signature.empty else f" -> {_annotation(returned)}"
    line = f"{name}({', '.join(words)}){arrow}"
    return line if len(line) <= _WIDTH else "\n".join([f"{name}(", *(f"    {word}," for word in words), f"){arrow}"])


def _annotation(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else _type(inspect.formatannotation(annotation))


def _type(value: Any) -> str:
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", str(value))


def _summary(value: Any) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join(_markdown((inspect.getdoc(value) or "").split("\n\n")[0]).split())


def _markdown(text: str) -> str:
    """A docstring, as Markdown: roles and literals as code, columns as a list, and blocks of code as such."""
    text = _ROLE.sub(r"`\1`", text).replace("``", "`")

    def block(match: re.Match[str]) -> str:
        before = f"{match['before']}:\n\n" if match["before"].strip() else ""
        return f"{before}```text\n{textwrap.dedent(match['block']).strip()}\n```\n\n"

    def row(match: re.Match[str]) -> str:
        return f"- {match['name']}: {' '.join(match['text'].split())}\n"

    text = _LITERAL.sub(block, f"{text}\n")
    # A list starts after an empty line.
    return _ROW.sub(row, text).strip()
