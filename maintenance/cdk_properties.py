"""Writes ``optimizer/cdk/properties.py``: the properties of ``DockerImageFunction`` that a specification leaves open, with their types.

The installed aws-cdk-lib says them, which is the oldest one that the project
supports.  So a name that only a newer one has is an error to type checkers, and
none when the program runs.

Run: ``python -m maintenance.cdk_properties``
"""

from __future__ import annotations

import ast
import functools
import inspect
import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

from optimizer.cdk import function

FILE = Path(function.__file__).with_name("properties.py")

_PLAIN = {"builtins.str": "str", "builtins.bool": "bool", "typing.Any": "Any", "jsii.Number": "float"}

_HEAD = '''\
"""The properties of ``DockerImageFunction`` that a specification leaves open, by name and type.

Written by ``python -m maintenance.cdk_properties``.  For type checkers alone:
an import of all these modules takes longer than a synthesis.
"""

from __future__ import annotations

{imports}


class FunctionProperties(TypedDict, total=False):
    """The keyword arguments of ``OptimizedFunction`` beside its own; AWS's documentation of ``DockerImageFunction`` says what each is."""

'''


def properties_file() -> str:
    """The text of the file."""
    parameters = inspect.signature(lambda_.DockerImageFunction.__init__).parameters
    used: dict[str, str] = {"cdk": ""}
    lines = [
        f"    {name}: {_text(ast.parse(str(item.annotation), mode='eval').body, used)}\n"
        for name, item in parameters.items()
        if name in function.PROPERTIES
    ]
    modules = [
        f"from aws_cdk{'.interfaces' if module.startswith('interfaces.') else ''} import {module.rpartition('.')[2]} as {alias}"
        for alias, module in sorted(used.items(), key=lambda item: item[1])
        if module
    ]
    imports = ["from collections.abc import Mapping, Sequence", "from typing import Any, TypedDict", "", "import aws_cdk as cdk", *modules]
    return _HEAD.format(imports="\n".join(imports)) + "".join(lines)


def _text(node: ast.expr, used: dict[str, str]) -> str:
    """The type as the file writes it; notes the modules that it names, below aws_cdk, by their names in the file."""
    if isinstance(node, ast.Subscript):
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        name, texts = ast.unparse(node.value).removeprefix("typing."), [_text(item, used) for item in arguments]
        if name in ("Optional", "Union"):
            return " | ".join([*texts, *(["None"] if name == "Optional" else [])])
        return f"{name.replace('Dict', 'dict')}[{', '.join(texts)}]"
    text = str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
    if text in _PLAIN:
        return _PLAIN[text]
    word, _, name = text.rpartition(".")
    module = _imports()[word].removeprefix("aws_cdk").removeprefix(".") if word else "aws_lambda"
    alias = re.sub(r"^(interfaces\.)?aws_(\w+)$", lambda found: f"{found[2]}{'_interfaces' if found[1] else ''}", module) or "cdk"
    # A word of Python is no name.
    alias += "_" * keyword.iskeyword(alias)
    used[alias] = module
    return f"{alias}.{name}"


@functools.cache
def _imports() -> Mapping[str, str]:
    """The other modules of aws-cdk-lib by the words that jsii has for them: some are there for type checkers alone."""
    text = Path(str(lambda_.__file__)).read_text(encoding="utf-8")
    return {word: module for module, word in re.findall(r"^ +import (aws_cdk[\w.]*) as (\w+)$", text, re.MULTILINE)}


if __name__ == "__main__":
    FILE.write_text(properties_file(), encoding="utf-8")
