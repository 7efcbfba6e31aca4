"""What YAML takes a scalar without quotes for, as SAM CLI's parser reads it, and what SAM CLI and CloudFormation make of that.

Source: https://yaml.org/type/ (YAML 1.1), and samcli/yamlhelper.py of https://github.com/aws/aws-sam-cli, 1.170.0
"""

from __future__ import annotations

from functools import cache
from typing import Any

_LONGEST_NUMBER = 100
"""Characters of a scalar that can be a number; a longer one stays a text, because reading it takes time by its square."""

_FIRST = "+-.0123456789~fFnNoOtTyY"
"""How what is no text may begin; it may be empty too."""

_LONGEST_WORD = 5
"""Letters of the longest word that is no text, which is "false"."""

_CONSTRUCTORS = {
    f"tag:yaml.org,2002:{name}": f"construct_yaml_{name}"
    # Dates stay texts, as in SAM CLI.
    for name in ("null", "bool", "int", "float")
}


def plain(text: str) -> Any:
    """Nothing, a boolean, a number, or the text itself."""
    # Most scalars are words, and need no look at the patterns.
    if text[:1] not in _FIRST or len(text) > (_LONGEST_WORD if text[:1].isalpha() else _LONGEST_NUMBER):
        return text
    # Imported here, because most trees have no template.
    import yaml

    resolver, constructor = _reader()
    tag = resolver.resolve(yaml.ScalarNode, text, (True, False))
    if tag not in _CONSTRUCTORS:
        return text
    try:
        return getattr(constructor, _CONSTRUCTORS[tag])(yaml.ScalarNode(tag, text))
    except ValueError:
        # The patterns take a little more than numbers, such as "0b".
        return text


def kind(value: Any) -> str:
    """What a value is, in words; empty for a text."""
    if isinstance(value, str):
        return ""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else "a mapping"


@cache
def _reader() -> tuple[Any, Any]:
    import yaml

    return yaml.resolver.Resolver(), yaml.constructor.SafeConstructor()
