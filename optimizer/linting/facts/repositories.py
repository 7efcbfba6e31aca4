"""Names of repositories of Amazon ECR, as assets and templates write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.linting.subjects import FunctionSubject

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_REGION = re.compile(r"(?<![a-z0-9])[a-z]{2}(?:-[a-z]+){1,3}-\d(?![a-z0-9])")
_PULL = ("ecr:batchgetimage", "ecr:getdownloadurlforlayer")
_LAMBDA = "lambda.amazonaws.com"
# https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml: its tags are immutable.
_BOOTSTRAPPED = re.compile(r"cdk-[A-Za-z0-9_-]{1,10}-container-assets-.+")


def same_everywhere(name: str) -> str:
    """The name with account and Region as placeholders, so that one repository of every environment has one name."""
    return _REGION.sub("${AWS::Region}", _ACCOUNT.sub("${AWS::AccountId}", name))


def images_by_repository(functions: Iterable[FunctionSubject]) -> dict[str, set[str]]:
    """The images of the functions, by the repository that they are published to."""
    found: dict[str, set[str]] = {}
    for function in functions:
        if function.repository is not None:
            found.setdefault(same_everywhere(function.repository), set()).add(function.image)
    return found


def repository_of(image: str) -> str:
    """The repository that an image reference names, without its registry, tag and digest; placeholders may be in it."""
    path = image.partition("/")[2] or image
    path = path.partition("@")[0]
    # A placeholder has colons too.
    return re.sub(r":[^/:}]*\Z", "", path)


def tag_of(image: str) -> str:
    """The tag that an image reference names; placeholders may be in it."""
    name = image.partition("@")[0].rpartition("/")[2]
    found = re.search(r":([^:}]*)\Z", name)
    return found[1] if found else "latest"


def is_bootstrapped(repository: str) -> bool:
    """Whether the name is that of the repository which ``cdk bootstrap`` makes."""
    return _BOOTSTRAPPED.fullmatch(repository) is not None


def lambda_may_pull(statements: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an access policy lets Lambda pull images."""
    allowed: set[str] = set()
    for statement in statements:
        if statement.get("Effect") != "Allow" or not _is_lambda(statement.get("Principal")):
            continue
        actions = statement.get("Action")
        for action in actions if isinstance(actions, list) else [actions]:
            pattern = re.escape(str(action).lower()).replace(r"\*", ".*")
            allowed |= {name for name in _PULL if re.fullmatch(pattern, name)}
    return allowed == set(_PULL)


def _is_lambda(principal: Any) -> bool:
    services = principal.get("Service", principal.get("AWS")) if isinstance(principal, Mapping) else principal
    return any(service in (_LAMBDA, "*") for service in (services if isinstance(services, list) else [services]))
