"""What a template and the configuration of SAM CLI have to say so that images are built of generated build contexts.

SAM CLI builds functions whose ``Metadata`` are equal once, pushes every image
of a template to the one ``image_repository``, and needs nothing else to share
layers: the contexts are the same for equal specifications.
Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.model.function import DeclaredFunction
from optimizer.sam.config import image_repositories, uses_buildkit
from optimizer.sam.edits import Change
from optimizer.sam.template import SPEC_KEY

_OF_OTHER_BUILDS = ("DockerBuildArgs", "DockerBuildTarget")
_OF_A_BUILD = ("Dockerfile", "DockerContext")
_OTHER_REPOSITORIES = ("image_repositories", "resolve_image_repos")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedBuild:
    """A generated build context as a template names it.

    ``directory`` is relative to the template, with slashes.  ``options`` are
    words that ``docker build`` needs besides, such as those of build secrets.
    """

    directory: str
    architecture: str
    options: tuple[str, ...] = ()


def template_changes(
    logical_id: str, spec: str, build: GeneratedBuild, declared: DeclaredFunction, metadata: Mapping[str, Any], handler: str
) -> tuple[Change, ...]:
    """What the resource of a function has to say, key by key; some or all of it may be so already.

    ``handler`` is what the image started until now, empty where the function
    says it itself: a generated image starts nothing by itself, so that
    functions can share it.
    """
    own = ("Resources", logical_id)
    changes = [
        Change((*own, "Metadata", SPEC_KEY), spec),
        Change((*own, "Metadata", "Dockerfile"), "Dockerfile"),
        Change((*own, "Metadata", "DockerContext"), build.directory),
    ]
    changes += [Change((*own, "Metadata", key), None) for key in _OF_OTHER_BUILDS if key in metadata]
    if build.options:
        changes.append(Change((*own, "Metadata", "DockerBuildExtraParams"), list(build.options)))
    elif "DockerBuildExtraParams" in metadata:
        changes.append(Change((*own, "Metadata", "DockerBuildExtraParams"), None))
    return (*changes, *_property_changes(logical_id, build.architecture, declared, handler))


def packaged_changes(
    logical_id: str, image: str, architecture: str, declared: DeclaredFunction, metadata: Mapping[str, Any], handler: str
) -> tuple[Change, ...]:
    """What the resource of a function has to say in a packaged template.

    ``image`` is what was pushed; ``metadata`` and ``handler`` are as for
    :func:`template_changes`.  SAM CLI builds whatever names a Dockerfile, also
    where ``ImageUri`` names an image in a repository.
    """
    own = ("Resources", logical_id)
    key = ("ImageUri",) if declared.serverless else ("Code", "ImageUri")
    return (
        *(Change((*own, "Metadata", name), None) for name in _OF_A_BUILD if name in metadata),
        Change((*own, "Properties", *key), image),
        *_property_changes(logical_id, architecture, declared, handler),
    )


def _property_changes(logical_id: str, architecture: str, declared: DeclaredFunction, handler: str) -> list[Change]:
    own = ("Resources", logical_id, "Properties")
    changes = []
    if declared.architecture != architecture or not declared.architecture_given:
        changes.append(Change((*own, "Architectures"), [architecture]))
    if handler and not declared.command:
        changes.append(Change((*own, "ImageConfig", "Command"), [handler]))
    return changes


def configuration_changes(
    configuration: Mapping[str, Any], environment: str, *, repository: str | None, buildkit: bool
) -> tuple[Change, ...]:
    """What the ``samconfig`` of an environment has to say.

    ``repository`` is the one for all images, None to leave it as it is.
    """
    building = (environment, "build", "parameters")
    changes = [Change((*building, "parallel"), True)]
    if buildkit or _value(configuration, (environment, "global", "parameters", "use_buildkit")) is not None:
        changes.append(Change((*building, "use_buildkit"), buildkit))
    elif _value(configuration, (*building, "use_buildkit")) is not None:
        changes.append(Change((*building, "use_buildkit"), None))
    if repository is not None:
        for command in ("deploy", "package"):
            own = (environment, command, "parameters")
            changes += [Change((*own, key), None) for key in _OTHER_REPOSITORIES if _value(configuration, (*own, key)) is not None]
            changes.append(Change((*own, "image_repository"), repository))
        shared = (environment, "global", "parameters")
        changes += [
            Change((*shared, key), None)
            for key in (*_OTHER_REPOSITORIES, "image_repository")
            if _value(configuration, (*shared, key)) is not None
        ]
    return tuple(changes)


def other_environments(configuration: Mapping[str, Any], environment: str, *, buildkit: bool) -> tuple[str, ...]:
    """The environments beside one that build with another builder, or push to several repositories."""
    found = []
    for name, sections in configuration.items():
        if name == environment or not isinstance(sections, Mapping):
            continue
        repositories = image_repositories(configuration, name)
        builds_otherwise = "build" in sections and uses_buildkit(configuration, name) is not buildkit
        if builds_otherwise or repositories.named or repositories.resolved:
            found.append(name)
    return tuple(found)


def _value(configuration: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = configuration
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
