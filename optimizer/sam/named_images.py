"""The repository of Amazon ECR and the tag that the image URI of a function names.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

REPOSITORY = "AWS::ECR::Repository"

_ACCOUNT, _REGION = "${AWS::AccountId}", "${AWS::Region}"
_OF_ARN = {"3": _REGION, "4": _ACCOUNT}
"""What CDK takes out of a repository's ARN by its place between the colons."""

_UNKNOWN = "${?}"
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
# What a parameter stands for in the host may hold more than the host.
_URI = re.compile(
    r"(?P<account>\d{12}|\$\{AWS::AccountId\})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+|\$\{AWS::Region\})\.(?:[a-z0-9.]|\$\{AWS::URLSuffix\})+"
    r"/(?P<name>(?:[^:@$]|\$\{[^}]*\})+)(?::(?P<tag>[^@]*))?(?P<digest>@.*)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedImage:
    """What an image URI names.

    ``account`` and ``region`` are empty for those of the deployment.  ``name``
    is that of the repository, with placeholders such as ``${AWS::Region}``, and
    empty where something else only a deployment knows is in it;
    ``logical_ids`` are the repositories of the same template that have the
    name.  ``tag`` is None where only a deployment knows it, and for a digest.
    """

    account: str
    region: str
    name: str
    logical_ids: frozenset[str] = frozenset()
    tag: str | None = None


def with_uris(value: Any, repositories: Container[str]) -> Any:
    """A value of a template with the URIs of the template's own repositories, by logical id, in place of the attribute that gives them."""
    if isinstance(value, list):
        return [with_uris(item, repositories) for item in value]
    name, argument = _call(value)
    if name == "Fn::GetAtt":
        logical_id, attribute = _attribute(argument)
        return _uri(logical_id) if attribute == "RepositoryUri" and logical_id in repositories else value
    if name == "Fn::Join":
        return {name: with_uris(argument, repositories)}
    if name == "Fn::Sub":
        text, given = _substitution(argument)

        def attribute_of(found: re.Match[str]) -> str:
            logical_id, _, attribute = found[1].partition(".")
            return _uri(logical_id) if attribute == "RepositoryUri" and logical_id in repositories else found[0]

        text = _PLACEHOLDER.sub(attribute_of, text)
        return {name: [text, {key: with_uris(item, repositories) for key, item in given.items()}] if given else text}
    return value


def named_image(uri: Any, repositories: Mapping[str, Any]) -> NamedImage | None:
    """What an image URI of a template names; None where it is in no repository of Amazon ECR, or only a deployment knows in which.

    ``repositories`` are the names of the template's repositories, as the
    template writes them, by logical id; None where it writes none.
    """
    found = _URI.fullmatch(_text(with_uris(uri, repositories), repositories))
    if found is None or _UNKNOWN in found["name"]:
        return None
    account, region, name, tag = found["account"], found["region"], found["name"], found["tag"]
    # One parameter has one value, so that equal texts of one template are equal names.
    same = {key for key, value in repositories.items() if name in (_placeholder(key), _text(value, repositories))}
    known = all(key.startswith("AWS::") for key in _PLACEHOLDER.findall(name))
    return NamedImage(
        account="" if account == _ACCOUNT else account,
        region="" if region == _REGION else region,
        name=name if known else "",
        logical_ids=frozenset(same),
        tag=None if found["digest"] or "${" in (tag or "") else tag or "latest",
    )


def _text(value: Any, repositories: Container[str]) -> str:
    """The text of a value, with placeholders for what it refers to, and for what is unknown."""
    if isinstance(value, (str, int, float)):
        return str(value)
    name, argument = _call(value)
    if name == "Ref":
        return _placeholder(argument)
    if name == "Fn::Select" and isinstance(argument, list) and len(argument) == 2:
        split, parts = _call(argument[1])
        if split == "Fn::Split" and isinstance(parts, list) and len(parts) == 2 and parts[0] == ":":
            attribute, of = _call(parts[1])
            if attribute == "Fn::GetAtt" and _attribute(of)[1] == "Arn" and _attribute(of)[0] in repositories:
                return _OF_ARN.get(str(argument[0]), _UNKNOWN)
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list):
        return str(argument[0]).join(_text(item, repositories) for item in argument[1])
    if name == "Fn::Sub":
        text, given = _substitution(argument)

        def replaced(found: re.Match[str]) -> str:
            key = found[1]
            if key in given:
                return _text(given[key], repositories)
            return _UNKNOWN if key.startswith("!") or "." in key else found[0]

        return _PLACEHOLDER.sub(replaced, text)
    return _UNKNOWN


def _uri(logical_id: str) -> str:
    return f"{_ACCOUNT}.dkr.ecr.{_REGION}.${{AWS::URLSuffix}}/{_placeholder(logical_id)}"


def _placeholder(name: Any) -> str:
    return f"${{{name}}}"


def _call(value: Any) -> tuple[str, Any]:
    """The function that a value calls, and its argument; empty for one that calls none."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return "", None
    name, argument = next(iter(value.items()))
    return str(name), argument


def _attribute(argument: Any) -> tuple[str, str]:
    """Logical id and attribute of Fn::GetAtt."""
    if isinstance(argument, list) and len(argument) == 2:
        return str(argument[0]), str(argument[1])
    logical_id, _, attribute = str(argument).partition(".")
    return logical_id, attribute


def _substitution(argument: Any) -> tuple[str, Mapping[str, Any]]:
    """Text and variables of Fn::Sub."""
    if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], Mapping):
        return str(argument[0]), argument[1]
    return (argument if isinstance(argument, str) else _UNKNOWN), {}
