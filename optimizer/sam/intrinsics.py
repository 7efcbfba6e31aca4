"""What the intrinsic functions of a template give, as SAM CLI works them out before it builds.

SAM CLI resolves a whole resource, its ``Metadata`` too, with the parameters'
defaults and what ``parameter_overrides`` sets.  What only a deployment knows
stays a function here: SAM CLI puts made-up values in such places, for example
``us-east-1`` for the Region and the name of a parameter for its value, and
then builds something that nobody meant.

Bounds: the length of a text and of a list that a function gives.
Source: samcli/lib/intrinsic_resolver and samcli/lib/providers/sam_base_provider.py of https://github.com/aws/aws-sam-cli, 1.170.0
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

LONGEST_TEXT = 16_384
"""Characters that a function may give; CloudFormation takes 4,096 bytes for the value of a parameter."""

LONGEST_LIST = 1_000
"""Items that a function may give."""

DEEPEST = 120
"""How deep values may be nested, counted on through the conditions that they name; more stays as it is."""

_LEFT_OUT = {"Ref": "AWS::NoValue"}
"""What a list or a mapping does not have, also where a condition chose it."""

_PLACEHOLDER = re.compile(r"\$\{([^!{}][^{}]*)\}")

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]+\}\}")
_DYNAMIC_REFERENCE = "Fn::DynamicReference"
"""What stands for a text with a dynamic reference; CloudFormation has no such function."""

# Their default is the name of a parameter of Systems Manager, and the value what is found there:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
_OF_SYSTEMS_MANAGER = "AWS::SSM::Parameter::Value<"
_TESTS = ("Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition")
_DECIDES_ITSELF = (*_TESTS, "Ref", "Fn::If", "Fn::Sub", "Fn::GetAtt")
_LISTS = re.compile(r"CommaDelimitedList|List<.*>")


class _Unknown(Exception):
    """A function whose value is unknown."""


class Intrinsics:
    """The functions of one template.

    ``values`` are the parameters that are given, perhaps by functions that are
    hidden; a parameter that is not among them has its default.  With
    ``complete`` false any parameter may be given another value somewhere else,
    so that none is known.
    """

    def __init__(self, template: Mapping[str, Any], values: Mapping[str, Any] | None = None, *, complete: bool = True) -> None:
        self._mappings = _mapping(template.get("Mappings"))
        self._conditions = _mapping(template.get("Conditions"))
        self._declared = _mapping(template.get("Parameters"))
        self._resources = _mapping(template.get("Resources"))
        self._values = _parameters(self._declared, values or {}) if complete else {}
        self._given = values or {}
        self._complete = complete
        self._decided: dict[str, bool | None] = {}
        self._depth = 0

    def resolve(self, value: Any) -> Any:
        """The value with the known functions resolved; the others stay, with what is known inside of them."""
        if self._depth >= DEEPEST or not isinstance(value, (list, Mapping)):
            return value
        self._depth += 1
        try:
            return self._resolved(value)
        finally:
            self._depth -= 1

    def _resolved(self, value: list[Any] | Mapping[str, Any]) -> Any:
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item != _LEFT_OUT]
        name = _function(value)
        if name is None:
            return {key: item for key, item in ((key, self.resolve(item)) for key, item in value.items()) if item != _LEFT_OUT}
        argument = value[name]
        if name not in _DECIDES_ITSELF:
            argument = self.resolve(argument)
        try:
            return self._call(name, argument)
        except _Unknown:
            return {name: self._partly(argument) if name == "Fn::Sub" else argument}

    def deployed(self, value: Any) -> Any:
        """The value as :meth:`resolve` gives it, with what CloudFormation alone replaces in texts hidden: dynamic references.

        SAM CLI leaves them as they are, so that those in ``Metadata`` are texts.
        """
        return _without_dynamic_references(self.resolve(value), DEEPEST)

    def reason(self, value: Any) -> str:
        """Why a resolved value is still hidden; empty for one that is not."""
        hidden = _first_function(value)
        if hidden is None:
            return ""
        name, argument = hidden
        if name == _DYNAMIC_REFERENCE:
            return f'the dynamic reference "{_shortened(argument)}" is known at deployment only'
        referred = argument if name == "Ref" else _first_placeholder(argument) if name == "Fn::Sub" else None
        if isinstance(referred, str):
            if _is_of_systems_manager(self._declared.get(referred)):
                return f'the value of the parameter "{referred}" is read from Systems Manager at deployment'
            if referred in self._given:
                return f'the value that the parameter "{referred}" gets is known at deployment only'
            if referred in self._declared:
                if self._complete and self._is_left_out(referred):
                    return (
                        f'the default of the parameter "{referred}" is a number with a point, which SAM CLI leaves out: write it in quotes'
                    )
                return f'the parameter "{referred}" ' + (
                    "has no default, and nothing sets it"
                    if self._complete
                    else "may be set by parameter_overrides, which is not known as a whole"
                )
            if referred.startswith("AWS::"):
                return f'"{referred}" is known at deployment only'
            return f'"{referred}" is no parameter of the template'
        if name == "Fn::If" and _are(argument, 3):
            return f'the condition "{argument[0]}" depends on what is known at deployment only'
        inner = self.reason(argument)
        return inner or f"the value of {name} is known at deployment only"

    def mistaken(self, value: Any) -> str:
        """Why SAM CLI takes a resolved value for what nobody meant, on every machine; empty for one that is as it should be."""
        dynamic = _DYNAMIC.search(value) if isinstance(value, str) else None
        if dynamic:
            return f'SAM CLI passes the dynamic reference "{_shortened(dynamic[0])}" on as it is written'
        name, argument = _first_function(value) or ("", None)
        if name == "Ref" and isinstance(argument, str) and not (argument in self._declared or argument.startswith("AWS::")):
            what = "is a resource" if argument in self._resources else "is no parameter of the template"
            return f'"{argument}" {what}, and SAM CLI takes the name for the value'
        referred = argument if name == "Ref" else _first_placeholder(argument) if name == "Fn::Sub" else None
        if isinstance(referred, str) and _is_of_systems_manager(self._declared.get(referred)):
            return f'"{referred}" is a parameter of Systems Manager, and SAM CLI takes its name there for the value'
        if isinstance(referred, str) and self._complete and self._is_left_out(referred):
            return self.reason(value)
        return ""

    def _is_left_out(self, parameter: str) -> bool:
        return parameter not in self._given and isinstance(_mapping(self._declared.get(parameter)).get("Default"), float)

    def decided(self, condition: str) -> bool | None:
        """What a condition of the template is; None where it is unknown."""
        if condition not in self._decided:
            # A condition that stands within itself is never true or false.
            self._decided[condition] = None
            with suppress(_Unknown):
                self._decided[condition] = self._test(self._conditions.get(condition))
        return self._decided[condition]

    def _call(self, name: str, argument: Any) -> Any:
        """What a function gives; its argument is resolved, but for those that choose themselves what they read."""
        if name == "Ref":
            return self._parameter(argument)
        if name == "Fn::If":
            chosen = self.decided(argument[0]) if _are(argument, 3) and isinstance(argument[0], str) else None
            if chosen is None:
                raise _Unknown
            return self.resolve(argument[1 if chosen else 2])
        if name == "Fn::Sub":
            return self._substituted(argument)
        if name in _TESTS:
            return self._test({name: argument})
        if name == "Fn::FindInMap":
            return self._found(argument)
        if name == "Fn::Base64":
            return base64.b64encode(_text(argument).encode()).decode()
        if name == "Fn::Join" and _are(argument, 2) and isinstance(argument[1], list):
            return _joined(_text(argument[0]), argument[1])
        if name == "Fn::Split" and _are(argument, 2):
            return _split(argument)
        if name == "Fn::Select" and _are(argument, 2) and isinstance(argument[1], list):
            index, items = str(argument[0]), argument[1]
            if index.isdecimal() and len(index) < 6 and int(index) < len(items) and _is_plain(items[int(index)]):
                return items[int(index)]
        raise _Unknown

    def _parameter(self, name: Any) -> Any:
        if not isinstance(name, str) or name not in self._values:
            raise _Unknown
        return self._values[name]

    def _substituted(self, argument: Any) -> str:
        text, given = (argument[0], _mapping(argument[1])) if _are(argument, 2) else (argument, {})
        if not isinstance(text, str) or len(text) > LONGEST_TEXT:
            raise _Unknown
        given = _mapping(self.resolve(given))
        pieces: list[str] = []
        length, end = 0, 0
        for found in _PLACEHOLDER.finditer(text):
            value = given[found[1]] if found[1] in given else self._parameter(found[1])
            # SAM CLI takes such a value for a name, and one with a dot for an attribute, which spoils it; it leaves one that is no text.
            if not _is_scalar(value) or (found[1] in given and not self._is_plain_variable(value)):
                raise _Unknown
            pieces += [text[end : found.start()], str(value)]
            length += len(pieces[-1])
            end = found.end()
            if length > LONGEST_TEXT:
                raise _Unknown
        return "".join((*pieces, text[end:]))

    def _is_plain_variable(self, value: Any) -> bool:
        return isinstance(value, str) and "." not in value and value not in self._declared

    def _partly(self, argument: Any) -> Any:
        """The argument of Fn::Sub with the parameters that are known, so that the rest of a name can be shown."""
        text, given = (argument[0], _mapping(argument[1])) if _are(argument, 2) else (argument, {})
        if not isinstance(text, str) or len(text) > LONGEST_TEXT:
            return argument
        budget = LONGEST_TEXT

        def known(found: re.Match[str]) -> str:
            nonlocal budget
            value = None if found[1] in given else self._values.get(found[1])
            if not _is_scalar(value) or len(str(value)) > budget:
                return found[0]
            budget -= len(str(value))
            return str(value)

        text = _PLACEHOLDER.sub(known, text)
        return [text, dict(given)] if given else text

    def _found(self, keys: Any) -> Any:
        """The value of a mapping, or what AWS::LanguageExtensions gives in its place."""
        if not isinstance(keys, list) or len(keys) not in (3, 4) or not all(isinstance(key, str) for key in keys[:3]):
            raise _Unknown
        value = _mapping(_mapping(self._mappings.get(keys[0])).get(keys[1])).get(keys[2])
        if value is None and len(keys) == 4:
            value = _mapping(keys[3]).get("DefaultValue")
        if value is None or not _is_plain(value):
            raise _Unknown
        return value

    def _test(self, condition: Any) -> bool:
        if self._depth >= DEEPEST:
            raise _Unknown
        self._depth += 1
        try:
            return self._tested(condition)
        finally:
            self._depth -= 1

    def _tested(self, condition: Any) -> bool:
        name = _function(condition)
        if name is None:
            raise _Unknown
        argument = condition[name]
        if name == "Condition":
            chosen = self.decided(argument) if isinstance(argument, str) else None
            if chosen is None:
                raise _Unknown
            return chosen
        if name == "Fn::Equals" and _are(argument, 2):
            one, other = self.resolve(argument)
            # SAM CLI compares types too, CloudFormation only the texts.
            if not _is_scalar(one) or not _is_scalar(other) or type(one) is not type(other):
                raise _Unknown
            return bool(one == other)
        if name == "Fn::Not" and _are(argument, 1):
            return not self._test(argument[0])
        if name in ("Fn::And", "Fn::Or") and isinstance(argument, list) and argument:
            ends = name == "Fn::Or"
            for item in argument:
                if self._test(item) is ends:
                    return ends
            return not ends
        raise _Unknown


def _parameters(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter that has a value; one of a list is a list.  SAM CLI resolves no float."""
    values: dict[str, Any] = {}
    for name, declaration in declared.items():
        declaration = _mapping(declaration)
        if _is_of_systems_manager(declaration):
            continue
        value = given.get(name, declaration.get("Default"))
        if not _is_plain(value) or isinstance(value, float) or len(str(value)) > LONGEST_TEXT:
            continue
        if isinstance(value, str) and _LISTS.fullmatch(str(declaration.get("Type"))):
            value = [item.strip() for item in value.split(",")][: LONGEST_LIST + 1]
        values[name] = value
    return values


def _is_of_systems_manager(declaration: Any) -> bool:
    return str(_mapping(declaration).get("Type")).startswith(_OF_SYSTEMS_MANAGER)


def _without_dynamic_references(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        found = _DYNAMIC.search(value)
        return {_DYNAMIC_REFERENCE: found[0]} if found else value
    if depth and isinstance(value, list):
        return [_without_dynamic_references(item, depth - 1) for item in value]
    if depth and isinstance(value, Mapping):
        return {key: _without_dynamic_references(item, depth - 1) for key, item in value.items()}
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _function(value: Any) -> str | None:
    """The function that a mapping calls; SAM CLI looks at its first key."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    name = next(iter(value))
    return name if name in ("Ref", "Condition") or name.startswith("Fn::") else None


def _first_function(value: Any) -> tuple[str, Any] | None:
    if isinstance(value, Mapping):
        name = _function(value)
        if name is not None:
            return name, value[name]
        value = list(value.values())
    if isinstance(value, list):
        return next((found for found in map(_first_function, value) if found), None)
    return None


def _first_placeholder(argument: Any) -> str | None:
    text, given = (argument[0], _mapping(argument[1])) if _are(argument, 2) else (argument, {})
    return next((name for name in _PLACEHOLDER.findall(text) if name not in given), None) if isinstance(text, str) else None


def _joined(delimiter: str, items: list[Any]) -> str:
    texts = [_text(item) for item in items[: LONGEST_LIST + 1]]
    if len(texts) > LONGEST_LIST or sum(map(len, texts)) + len(delimiter) * len(texts) > LONGEST_TEXT:
        raise _Unknown
    return delimiter.join(texts)


def _split(pair: list[Any]) -> list[str]:
    delimiter, text = _text(pair[0]), _text(pair[1])
    if not delimiter or text.count(delimiter) >= LONGEST_LIST:
        raise _Unknown
    return text.split(delimiter)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unknown
    return value


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _is_plain(value: Any) -> bool:
    return _is_scalar(value) or (isinstance(value, list) and len(value) <= LONGEST_LIST and all(map(_is_scalar, value)))


def _are(value: Any, number: int) -> bool:
    return isinstance(value, list) and len(value) == number


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
