"""The image functions and the repositories that a template declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from optimizer.dockerfile.instruction import Span
from optimizer.model.architectures import DEFAULT_ARCHITECTURE
from optimizer.model.function import DeclaredFunction, Qualifier
from optimizer.sam.common import with_common
from optimizer.sam.document import Document
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.named_images import REPOSITORY, NamedImage, named_image, with_uris
from optimizer.sam.providers import provider_architectures
from optimizer.sam.qualifiers import provisioned_by, qualifiers

SERVERLESS = "AWS::Serverless::Function"
_FUNCTIONS = ("AWS::Lambda::Function", SERVERLESS)
_CREATION_TEMPLATE = "AWS::ECR::RepositoryCreationTemplate"
_BUILD_KEYS = ("Dockerfile", "DockerContext", "DockerBuildArgs", "DockerBuildTarget")
_OF_IMAGES = ("ImageConfig", "AcceleratorConfig")
"""What a function from a zip archive cannot have."""

SPEC_KEY = "ImageSpec"
"""The key of Metadata that names a function's specification, relative to the template; SAM CLI has no use for it."""

NEEDED = ("Dockerfile", "DockerContext")
"""The keys of Metadata without which SAM CLI builds nothing."""

_MACROS = ("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions")
"""The transforms whose effect on image functions is known here; what else a template names may change everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBuild:
    """How a template declares the build of an image.

    ``directory`` is relative to the template, ``dockerfile`` to the directory;
    each is None where an intrinsic function hides it, and ``dockerfile`` where
    one hides the target too.  ``arguments`` maps hidden values to None.
    ``by_sam`` is False for an image that CDK builds.
    """

    directory: str | None
    dockerfile: str | None
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    target: str | None = None
    by_sam: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A value that only a deployment knows: the path of its key in the template, what it is, and why."""

    key: tuple[str, ...]
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} is unknown: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFunction:
    """A function that runs an image.

    ``path`` is the construct's path where the template carries it, else empty.
    ``image_uri`` is the text as far as it is literal.  ``build`` is None for an
    image that the template does not build; ``metadata`` is then empty, and else
    what SAM compares to build images of one context once.  ``hidden`` says why
    values are hidden, and ``missing`` which keys a build lacks, where it has
    one of them.  ``spec`` is the path of its specification as the template
    names it, empty where it names none.  ``spans`` are the places of its
    properties, by their path.  ``named`` is what its image URI names, None for
    no repository of Amazon ECR, and where only a deployment knows which.
    """

    logical_id: str
    path: str
    span: Span | None
    image_uri: str
    declared: DeclaredFunction
    build: TemplateBuild | None
    metadata: str
    hidden: tuple[Hidden, ...] = ()
    missing: tuple[str, ...] = ()
    spec: str = ""
    spans: Mapping[tuple[str, ...], Span] = field(default_factory=dict)
    named: NamedImage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedTemplate:
    """A stack or an application within a template.

    ``location`` is the path of its template, relative to the template that
    names it; ``parameters`` are what it gives to that template, functions
    where values are hidden.  A location that is hidden, or outside of the
    project, is None, and ``hidden`` says why.
    """

    logical_id: str
    location: str | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    hidden: Hidden | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRepository:
    """An ``AWS::ECR::Repository``, or a template by which Amazon ECR creates repositories.

    ``name`` may hold placeholders such as ``${AWS::Region}``; it is None where
    CloudFormation or Amazon ECR chooses it, or a function hides it.  ``lifecycle`` holds the
    rules of its life-cycle policy, ``policy`` the statements of its access
    policy; each None where it is unknown.  ``mutability`` is the mode of its
    tags, and ``exclusions`` are the filters that are excluded from it; each
    None where a function hides it.
    """

    logical_id: str
    path: str
    span: Span | None
    name: str | None
    lifecycle: tuple[Mapping[str, Any], ...] | None
    policy: tuple[Mapping[str, Any], ...] | None
    mutability: str | None
    exclusions: tuple[Mapping[str, Any], ...] | None


def functions(document: Document, intrinsics: Intrinsics | None = None) -> Iterator[TemplateFunction]:
    """Every image function, by logical id.

    ``intrinsics`` are those of the document; without them parameters have their defaults.
    """
    known = intrinsics or Intrinsics(_mapping(document.data))
    yield from _chosen(document, known, lambda resource: _runs_an_image(resource, known))


def misplaced(document: Document, intrinsics: Intrinsics | None = None) -> Iterator[TemplateFunction]:
    """Every function from a zip archive that sets what only image functions have, by logical id; ``intrinsics`` as for :func:`functions`."""
    known = intrinsics or Intrinsics(_mapping(document.data))
    yield from _chosen(document, known, _is_misplaced)


def _chosen(document: Document, intrinsics: Intrinsics, wanted: Callable[[Mapping[str, Any]], bool]) -> Iterator[TemplateFunction]:
    published = qualifiers(document, intrinsics)
    spans = _spans(document)
    stores = _repository_names(document, intrinsics)
    for logical_id, resource in declared_functions(document, intrinsics):
        if wanted(resource):
            function = _function(document, intrinsics, logical_id, resource, stores)
            declared = replace(function.declared, qualifiers=(*published.get(logical_id, ()), *function.declared.qualifiers))
            yield replace(function, declared=declared, spans=spans.get(logical_id, {}))


def _runs_an_image(resource: Mapping[str, Any], intrinsics: Intrinsics) -> bool:
    package = resource["Properties"].get("PackageType")
    return bool(package == "Image" or _uri(resource["Properties"]) or (intrinsics.reason(package) and _build(resource["Metadata"])))


def _is_misplaced(resource: Mapping[str, Any]) -> bool:
    properties = resource["Properties"]
    zipped = properties.get("PackageType", "Zip") == "Zip" and not _uri(properties)
    return zipped and any(properties.get(name) for name in _OF_IMAGES)


def unknown(document: Document, intrinsics: Intrinsics) -> Iterator[Hidden]:
    """What of a template's functions cannot be told from it, beside their values, by logical id.

    That is what macros and included files add, and whether a function runs an
    image.
    """
    data = _mapping(document.data)
    transform = data.get("Transform")
    for item in transform if isinstance(transform, list) else [transform]:
        if item is not None and item not in _MACROS:
            named = item.get("Name") if isinstance(item, Mapping) else item
            yield Hidden(key=("Transform",), what="what the template declares", reason=f'the macro "{named}" may change it')
    if "Fn::Transform" in _mapping(data.get("Resources")):
        reason = "Fn::Transform adds resources that are not in the template"
        yield Hidden(key=("Resources", "Fn::Transform"), what="what the template declares", reason=reason)
    for logical_id, resource in declared_functions(document, intrinsics):
        properties = resource["Properties"]
        reason = intrinsics.reason(properties.get("PackageType"))
        if reason and not _uri(properties) and _build(resource["Metadata"]) is None:
            yield Hidden(
                key=("Resources", logical_id, "Properties", "PackageType"), what=f"whether {logical_id} runs an image", reason=reason
            )


def nested(document: Document, intrinsics: Intrinsics) -> Iterator[NestedTemplate]:
    """Every stack and application within the template, by logical id."""
    for logical_id, resource in resources_of(document):
        name = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}.get(str(resource.get("Type")))
        if name is None:
            continue
        given = deployed_section(intrinsics, resource.get("Properties"))
        metadata = _mapping(resource.get("Metadata"))
        # CDK names the file of a nested stack beside the address that it will have.
        asset = metadata.get("aws:asset:path") if metadata.get("aws:asset:property") == name else None
        location = asset or given.get(name)
        if not isinstance(location, str) or location.startswith(("s3://", "http://", "https://")):
            what = f"what the functions of {logical_id} are"
            reason = intrinsics.reason(location) if location is not None else f"it has no {name}"
            hidden = Hidden(key=("Resources", logical_id), what=what, reason=reason or "its template is not in the project")
            yield NestedTemplate(logical_id=logical_id, location=None, hidden=hidden)
        else:
            yield NestedTemplate(logical_id=logical_id, location=location, parameters=_mapping(given.get("Parameters")))


def repositories(document: Document, intrinsics: Intrinsics | None = None) -> Iterator[TemplateRepository]:
    """Every repository of Amazon ECR and every template of such, by logical id; ``intrinsics`` as for :func:`functions`."""
    known = intrinsics or Intrinsics(_mapping(document.data))
    for logical_id, resource in resources_of(document):
        kind = resource.get("Type")
        if kind not in (REPOSITORY, _CREATION_TEMPLATE):
            continue
        properties = deployed_section(known, resource.get("Properties"))
        lifecycle = properties.get("LifecyclePolicy")
        policy = properties.get("RepositoryPolicyText" if kind == REPOSITORY else "RepositoryPolicy")
        yield TemplateRepository(
            logical_id=logical_id,
            path=construct_path(resource),
            span=document.places.get(("Resources", logical_id)),
            name=whole(properties.get("RepositoryName")) if kind == REPOSITORY else None,
            lifecycle=_rules(_mapping(lifecycle).get("LifecyclePolicyText") if kind == REPOSITORY else lifecycle),
            policy=_statements(policy),
            mutability=_literal(properties.get("ImageTagMutability", "MUTABLE")),
            exclusions=_exclusions(known, properties.get("ImageTagMutabilityExclusionFilters")),
        )


def _repository_names(document: Document, intrinsics: Intrinsics) -> Mapping[str, Any]:
    """The names of the repositories as the template writes them, by logical id; None where it writes none."""
    return {
        logical_id: deployed_section(intrinsics, resource.get("Properties")).get("RepositoryName")
        for logical_id, resource in resources_of(document)
        if resource.get("Type") == REPOSITORY
    }


def flat(value: Any) -> str:
    """The literal text of a template's value.

    Account, Region and the like stay placeholders, such as ``${AWS::Region}``;
    what else only a deployment knows is left out.
    """
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, Mapping) and str(value.get("Ref", "")).startswith("AWS::"):
        return f"${{{value['Ref']}}}"
    if isinstance(value, Mapping) and "Fn::Join" in value:
        joined = value["Fn::Join"]
        if isinstance(joined, list) and len(joined) == 2 and isinstance(joined[1], list):
            return str(joined[0]).join(map(flat, joined[1]))
    if isinstance(value, Mapping) and "Fn::Sub" in value:
        text = value["Fn::Sub"]
        return text if isinstance(text, str) else flat(text[0]) if isinstance(text, list) and text else ""
    return ""


def is_hidden(section: Mapping[str, Any]) -> bool:
    """Whether a function stands in the place of a resource's whole section."""
    return len(section) == 1 and next(iter(section)).startswith("Fn::")


def declared_functions(document: Document, intrinsics: Intrinsics) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The functions of either kind, without the intrinsic functions that are known, and with what is common to all."""
    written = _mapping(_mapping(_mapping(document.data).get("Globals")).get("Function"))
    common = deployed_section(intrinsics, written)
    for logical_id, resource in resources_of(document):
        kind = resource.get("Type")
        if kind not in _FUNCTIONS:
            continue
        known = {
            "Properties": deployed_section(intrinsics, resource.get("Properties")),
            "Metadata": known_section(intrinsics, resource.get("Metadata")),
        }
        if kind == SERVERLESS:
            left_out = resource.get("IgnoreGlobals")
            taken = {} if left_out == "*" else {key: value for key, value in common.items() if key not in _list(left_out)}
            known["Properties"] = with_common(taken, known["Properties"], written=(written, _mapping(resource.get("Properties"))))
        yield logical_id, known


def known_section(intrinsics: Intrinsics, value: Any) -> Mapping[str, Any]:
    """A mapping with its functions resolved; empty where a function in its place gives something else."""
    return _mapping(intrinsics.resolve(_mapping(value)))


def deployed_section(intrinsics: Intrinsics, value: Any) -> Mapping[str, Any]:
    """A mapping as :func:`known_section` gives it, with what only a deployment puts into texts hidden."""
    return _mapping(intrinsics.deployed(_mapping(value)))


def _spans(document: Document) -> Mapping[str, Mapping[tuple[str, ...], Span]]:
    """The places of the properties of each resource, by its logical id."""
    found: dict[str, dict[tuple[str, ...], Span]] = {}
    for key, span in document.places.items():
        if len(key) > 3 and (key[0], key[2]) == ("Resources", "Properties"):
            found.setdefault(key[1], {})[key[3:]] = span
    return found


def _function(
    document: Document, intrinsics: Intrinsics, logical_id: str, resource: Mapping[str, Any], stores: Mapping[str, Any]
) -> TemplateFunction:
    properties, metadata = resource["Properties"], resource["Metadata"]
    serverless = document.data["Resources"][logical_id].get("Type") == SERVERLESS
    config = _mapping(properties.get("ImageConfig"))
    build = _build(metadata)
    return TemplateFunction(
        logical_id=logical_id,
        path=construct_path(resource),
        span=document.places.get(("Resources", logical_id)),
        image_uri=flat(_uri(properties)),
        declared=DeclaredFunction(
            architecture=_architecture(properties.get("Architectures")),
            architecture_given=bool(properties.get("Architectures")),
            command=_words(config.get("Command")),
            entrypoint=_words(config.get("EntryPoint")),
            workdir=_literal(config["WorkingDirectory"]) if "WorkingDirectory" in config else "",
            properties=properties,
            serverless=serverless,
            image_uri=whole(with_uris(_uri(properties), stores)) or "",
            provider_architectures=provider_architectures(properties, document.data["Resources"], intrinsics),
            qualifiers=tuple(_published_by_sam(logical_id, properties)) if serverless else (),
        ),
        build=build,
        metadata=_compared(metadata) if build and build.by_sam else "",
        hidden=tuple(_hidden(intrinsics, logical_id, properties, metadata, stores)),
        missing=tuple(key for key in NEEDED if not metadata.get(key)) if any(map(metadata.get, NEEDED)) else (),
        spec=_literal(metadata.get(SPEC_KEY)) or "",
        named=named_image(_uri(properties), stores),
    )


def _published_by_sam(logical_id: str, properties: Mapping[str, Any]) -> Iterator[Qualifier]:
    """The version and the alias that SAM makes of a function, and the provisioned concurrency that it gives to the alias."""
    if properties.get("AutoPublishAlias"):
        yield Qualifier(name=f"{logical_id}.Version", alias=False)
        yield Qualifier(name=f"{logical_id}.Alias", alias=True, provisioned=provisioned_by(properties))


def _hidden(
    intrinsics: Intrinsics, logical_id: str, properties: Mapping[str, Any], metadata: Mapping[str, Any], stores: Mapping[str, Any]
) -> Iterator[Hidden]:
    """What decides the image and is hidden."""
    if is_hidden(metadata):
        yield Hidden(key=("Resources", logical_id, "Metadata"), what=f"Metadata of {logical_id}", reason=intrinsics.reason(metadata))
    for section, values, keys in (("Properties", properties, ("PackageType", "Architectures")), ("Metadata", metadata, _BUILD_KEYS)):
        for key in keys:
            reason = intrinsics.reason(values.get(key))
            if reason:
                yield Hidden(key=("Resources", logical_id, section, key), what=f"{key} of {logical_id}", reason=reason)

    uri = _uri(properties)
    if uri and _build(metadata) is None and not is_hidden(metadata):
        place = ("Resources", logical_id, "Properties", "ImageUri" if "ImageUri" in properties else "Code")
        text = whole(with_uris(uri, stores)) or flat(uri).strip(":/")
        elsewhere = f'"{text}" is built elsewhere' if text else intrinsics.reason(uri)
        yield Hidden(key=place, what=f"the image of {logical_id}", reason=elsewhere)


def _uri(properties: Mapping[str, Any]) -> Any:
    return _mapping(properties.get("Code")).get("ImageUri") or properties.get("ImageUri")


def _architecture(value: Any) -> str | None:
    if not value:
        return DEFAULT_ARCHITECTURE
    return _literal(value[0]) if isinstance(value, list) else None


def _compared(metadata: Mapping[str, Any]) -> str:
    """What SAM CLI compares; it makes contexts absolute before."""
    rest = {key: value for key, value in metadata.items() if key != "DockerContext"}
    return json.dumps(rest, sort_keys=True, default=str)


def _build(metadata: Mapping[str, Any]) -> TemplateBuild | None:
    by_sam = metadata.get("aws:asset:property") != "Code.ImageUri"
    if metadata.get("Dockerfile") and metadata.get("DockerContext"):
        dockerfile, directory = metadata["Dockerfile"], metadata["DockerContext"]
        arguments, target = metadata.get("DockerBuildArgs"), metadata.get("DockerBuildTarget")
    elif not by_sam:
        dockerfile, directory = metadata.get("aws:asset:dockerfile-path", "Dockerfile"), metadata.get("aws:asset:path")
        arguments, target = metadata.get("aws:asset:docker-build-args"), metadata.get("aws:asset:docker-build-target")
    else:
        return None
    if target is not None and _literal(target) is None:
        # Of an unknown stage nothing can be said.
        dockerfile = None
    return TemplateBuild(
        directory=_literal(directory),
        dockerfile=_literal(dockerfile),
        arguments={key: _passed(value) for key, value in _mapping(arguments).items()},
        target=_literal(target),
        by_sam=by_sam,
    )


def _rules(text: Any) -> tuple[Mapping[str, Any], ...] | None:
    if text is None:
        return ()
    if not isinstance(text, str):
        return None
    try:
        rules = json.loads(text).get("rules")
    except (ValueError, AttributeError, RecursionError):
        return None
    return tuple(rule for rule in rules if isinstance(rule, Mapping)) if isinstance(rules, list) else None


def _exclusions(intrinsics: Intrinsics, filters: Any) -> tuple[Mapping[str, Any], ...] | None:
    if intrinsics.reason(filters):
        return None
    return tuple(map(_mapping, _list(filters)))


def _statements(policy: Any) -> tuple[Mapping[str, Any], ...] | None:
    if policy is None:
        return ()
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError):
            return None
    if not isinstance(policy, Mapping) or "Statement" not in policy:
        return None
    statements = policy["Statement"]
    return tuple(item for item in (statements if isinstance(statements, list) else [statements]) if isinstance(item, Mapping))


def resources_of(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every resource that is a mapping, by logical id."""
    resources = _mapping(_mapping(document.data).get("Resources"))
    for logical_id in sorted(resources):
        resource = resources[logical_id]
        if isinstance(resource, Mapping):
            yield logical_id, resource


def construct_path(resource: Mapping[str, Any]) -> str:
    """The path of the construct of a resource, where the template carries it, else empty."""
    path = _mapping(resource.get("Metadata")).get("aws:cdk:path")
    return path.removesuffix("/Resource") if isinstance(path, str) else ""


def _words(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if not isinstance(value, list) or any(_literal(item) is None for item in value):
        return None
    return tuple(map(str, value))


def _literal(value: Any) -> str | None:
    """A scalar as a text; None for nothing, and for what a function decides."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (str, int, float)) else None


def _passed(value: Any) -> str | None:
    """A build argument as SAM CLI passes it on; None for what a function decides."""
    return str(value) if isinstance(value, (str, int, float)) else None


def whole(value: Any) -> str | None:
    """A name as :func:`flat` gives it; None where a part of it is unknown, but for the account and the like."""
    text = flat(value)
    parts = value["Fn::Join"] if isinstance(value, Mapping) and "Fn::Join" in value else None
    if isinstance(parts, list) and len(parts) == 2 and isinstance(parts[1], list) and not all(map(flat, parts[1])):
        return None
    return text or None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
