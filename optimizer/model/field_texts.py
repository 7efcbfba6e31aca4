"""What the fields of specifications and steps mean, in the words that editors show for them: the docstring under each."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields


@functools.cache
def field_texts(cls: type) -> Mapping[str, str]:
    """The text of each field by its name: its docstring, else the ``doc`` of its declaration, else empty.

    Docstrings are read from the source of the class, so a program without its
    sources has none.
    """
    written = {name: text for owner in reversed(cls.__mro__) for name, text in _docstrings(owner)}
    return {item.name: written.get(item.name) or item.metadata.get("doc", "") for item in fields(cls)}


def _docstrings(cls: type) -> Iterator[tuple[str, str]]:
    if "__annotations__" not in vars(cls):
        return
    try:
        source = textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return
    declaration = ast.parse(source).body[0]
    assert isinstance(declaration, ast.ClassDef)
    for item, after in zip(declaration.body, declaration.body[1:], strict=False):
        if (
            isinstance(item, ast.AnnAssign)
            and isinstance(item.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            yield item.target.id, " ".join(after.value.value.split())
