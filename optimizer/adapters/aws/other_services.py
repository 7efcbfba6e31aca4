"""Reads which repositories services besides Lambda name: their definitions hold names of images, wherever these stand in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from optimizer.adapters.aws.asking import WORKERS, Asker, Missing, Unread
from optimizer.audit.cleaning import OtherUsers
from optimizer.audit.inventory import Gap
from optimizer.model.ecr import EcrRegistry

# Also the host for IPv6, which no function can be given.
_NAME = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<repository>[a-z0-9._/-]+)")
# Services answer with codes of wider meaning too, which prove nothing.
_GONE = ("ResourceNotFoundException",)


def read_other_users(askers: Sequence[Asker], services: Collection[str]) -> OtherUsers:
    """The repositories that definitions of the services name, in all places; a repository counts as a whole.

    A running task may have begun with what a tag meant then, which no
    definition tells.  What cannot be read is a gap.
    """
    found: dict[tuple[EcrRegistry, str], str] = {}
    gaps: list[Gap] = []
    for asker in askers:
        for service in services:
            try:
                for text in _texts(list(_READERS[service](asker))):
                    for name in _NAME.finditer(text):
                        registry = EcrRegistry(account=name["account"], region=name["region"])
                        found.setdefault((registry, name["repository"].rstrip("./")), service)
            except Unread as unread:
                gaps.append(unread.gap)
    return OtherUsers(repositories=found, gaps=tuple(gaps))


def _described(asker: Asker, service: str, listing: dict[str, Any], items: Callable[[Any], list[Any]], method: str, argument: str) -> Any:
    """What a service says of each thing that it lists, without what is gone meanwhile."""
    names = [name for page in asker.pages(service, hides="users", **listing) for name in items(page)]

    def ask(name: Any) -> dict[str, Any]:
        try:
            return asker.ask(service, method, what=f"{service}'s {name}", hides="users", missing=_GONE, **{argument: name})
        except Missing:
            return {}

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(ask, names))


def _ecs(asker: Asker) -> Iterator[Any]:
    # A service goes on with a task definition that was made inactive or is being deleted.
    for status in ("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"):
        listing = {"method": "list_task_definitions", "key": "nextToken", "what": "task definitions", "status": status}
        yield _described(
            asker, "ecs", listing, lambda page: page.get("taskDefinitionArns") or [], "describe_task_definition", "taskDefinition"
        )


def _apprunner(asker: Asker) -> Iterator[Any]:
    listing = {"method": "list_services", "key": "NextToken", "what": "services of App Runner"}
    yield _described(
        asker,
        "apprunner",
        listing,
        lambda page: [item["ServiceArn"] for item in page.get("ServiceSummaryList") or ()],
        "describe_service",
        "ServiceArn",
    )


def _sagemaker(asker: Asker) -> Iterator[Any]:
    listing = {"method": "list_models", "key": "NextToken", "what": "models of SageMaker"}
    yield _described(
        asker, "sagemaker", listing, lambda page: [item["ModelName"] for item in page.get("Models") or ()], "describe_model", "ModelName"
    )


def _codebuild(asker: Asker) -> Iterator[Any]:
    listing = {"method": "list_projects", "key": "nextToken", "what": "projects of CodeBuild"}
    yield _described(
        asker, "codebuild", listing, lambda page: [[name] for name in page.get("projects") or ()], "batch_get_projects", "names"
    )


def _batch(asker: Asker) -> Iterator[Any]:
    yield from asker.pages("batch", "describe_job_definitions", key="nextToken", what="job definitions of Batch", hides="users")


_READERS: dict[str, Callable[[Asker], Iterator[Any]]] = {
    "apprunner": _apprunner,
    "batch": _batch,
    "codebuild": _codebuild,
    "ecs": _ecs,
    "sagemaker": _sagemaker,
}
SERVICES = tuple(_READERS)
"""The services that are asked, by their names in permissions."""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
