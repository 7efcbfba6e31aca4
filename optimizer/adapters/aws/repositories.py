"""Reads the repositories of an account in a Region: settings, images and manifests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from optimizer.adapters.aws.asking import Asker, Missing, Unread
from optimizer.adapters.aws.kept import Kept
from optimizer.adapters.registry.media_types import INDEX_TYPES, MANIFEST_TYPES
from optimizer.audit.inventory import Blobs, Gap, ManifestContent, Repository, StoredImage

BATCH = 100
"""Manifests of one call: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html"""

_PAGE = 1000
_NOT_THERE = ("RepositoryNotFoundException",)
_BASE_NAME, _BASE_DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
"""https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md"""


def list_repositories(asker: Asker) -> Iterator[Mapping[str, Any]]:
    """All repositories, page by page, as the API lists them."""
    pages = asker.pages("ecr", "describe_repositories", key="nextToken", what="repositories", hides="images", maxResults=_PAGE)
    return (item for page in pages for item in page.get("repositories") or ())


def find_repository(asker: Asker, name: str) -> Mapping[str, Any]:
    """One repository, as the API lists it; raises :class:`Missing` where it is not there."""
    answer = asker.ask(
        "ecr", "describe_repositories", what=f"the repository {name}", hides="images", missing=_NOT_THERE, repositoryNames=[name]
    )
    return dict(answer["repositories"][0])


def read_blob_mounting(asker: Asker) -> bool | None:
    """Whether the registry shares layers between repositories on request; None in a Region that does not know the setting."""
    try:
        answer = asker.ask(
            "ecr",
            "get_account_setting",
            what="whether blob mounting is on",
            hides="setting",
            missing=("InvalidParameterException", "ValidationException"),
            name="BLOB_MOUNTING",
        )
    except Missing:
        return None
    return str(answer.get("value", "")).upper() == "ENABLED"


def read_repository(asker: Asker, listed: Mapping[str, Any], owner_tag: str | None) -> tuple[Repository, list[Gap]]:
    """A repository with its images, of which no manifest is read yet, and what could not be read of it.

    Raises :class:`Missing` where it is gone.
    """
    name = listed["repositoryName"]
    gaps: list[Gap] = []
    lifecycle = _document(asker, "get_lifecycle_policy", "lifecyclePolicyText", name, "LifecyclePolicyNotFoundException", gaps)
    policy = _document(asker, "get_repository_policy", "policyText", name, "RepositoryPolicyNotFoundException", gaps)
    images: dict[str, StoredImage] = {}
    complete = True
    try:
        for page in asker.pages(
            "ecr",
            "describe_images",
            key="nextToken",
            what=f"the images of {name}",
            hides="images",
            missing=_NOT_THERE,
            repositoryName=name,
            maxResults=_PAGE,
            filter={"imageStatus": "ANY"},
        ):
            images.update((item["imageDigest"], _image(item)) for item in page.get("imageDetails") or ())
    except Unread as unread:
        gaps.append(unread.gap)
        complete = False
    repository = Repository(
        place=asker.place,
        name=name,
        created=listed.get("createdAt"),
        mutability=listed.get("imageTagMutability") or "MUTABLE",
        exclusions=tuple(
            {"ImageTagMutabilityExclusionFilterType": item.get("filterType"), "ImageTagMutabilityExclusionFilterValue": item.get("filter")}
            for item in listed.get("imageTagMutabilityExclusionFilters") or ()
        ),
        lifecycle=None if lifecycle is None else _parts(lifecycle, "rules"),
        policy=None if policy is None else _parts(policy, "Statement"),
        owner=_owner(asker, listed, owner_tag, gaps) if owner_tag else "",
        images=tuple(images[digest] for digest in sorted(images)),
        complete=complete,
    )
    return repository, gaps


def read_images(asker: Asker, repository: str, digests: Sequence[str]) -> list[StoredImage]:
    """The images of these digests that are there, of which no manifest is read yet."""
    found = []
    for digest in digests:
        try:
            answer = asker.ask(
                "ecr",
                "describe_images",
                what=f"an image of {repository}",
                hides="images",
                missing=("ImageNotFoundException", *_NOT_THERE),
                repositoryName=repository,
                imageIds=[{"imageDigest": digest}],
            )
        except Missing:
            continue
        found += [_image(item) for item in answer.get("imageDetails") or ()]
    return found


def read_manifests(
    asker: Asker, repository: str, digests: Sequence[str], blobs: Blobs, kept: Kept | None = None
) -> tuple[dict[str, ManifestContent], set[str]]:
    """What the manifests of at most ``BATCH`` images say, by digest, and which images are gone.

    An image that is still there and gives no manifest is in neither.  What is
    ``kept`` is not asked for.
    """
    found: dict[str, ManifestContent] = {}
    if kept is not None:
        known = {digest: text for digest in digests if (text := kept.manifest(digest)) is not None}
        parsed = {digest: parse_manifest(text, media_type, blobs) for digest, (text, media_type) in known.items()}
        found.update({digest: content for digest, content in parsed.items() if content is not None})
        digests = [digest for digest in digests if digest not in known]
        if not digests:
            return found, set()
    answer = asker.ask(
        "ecr",
        "batch_get_image",
        what=f"the manifests of {repository}",
        hides="images",
        missing=_NOT_THERE,
        repositoryName=repository,
        imageIds=[{"imageDigest": digest} for digest in digests],
        acceptedMediaTypes=[*MANIFEST_TYPES, *INDEX_TYPES],
    )
    for item in answer.get("images") or ():
        text, media_type = item["imageManifest"], item.get("imageManifestMediaType") or ""
        content = parse_manifest(text, media_type, blobs)
        if kept is not None:
            kept.keep_manifest(item["imageId"]["imageDigest"], text, media_type)
        if content is not None:
            found[item["imageId"]["imageDigest"]] = content
    failures = {item["imageId"].get("imageDigest"): item.get("failureCode") for item in answer.get("failures") or ()}
    returned = {item["imageId"]["imageDigest"] for item in answer.get("images") or ()}
    # A failure without a digest speaks of one of those that did not come.
    gone = {name for name in digests if name not in returned and failures.get(name, failures.get(None)) == "ImageNotFound"}
    return found, gone


def parse_manifest(text: str, media_type: str, blobs: Blobs) -> ManifestContent | None:
    """What a manifest says; None for one that is none of an image or an index."""
    try:
        document = json.loads(text)
        annotations = document.get("annotations") or {}
        if "manifests" in document:
            return ManifestContent(index=True, members=tuple(str(item["digest"]) for item in document["manifests"]))
        config = document["config"]
        return ManifestContent(
            layers=tuple(blobs.number(str(item["digest"]), int(item["size"])) for item in document["layers"]),
            config=blobs.number(str(config["digest"]), int(config["size"])),
            base_name=str(annotations.get(_BASE_NAME, "")),
            base_digest=str(annotations.get(_BASE_DIGEST, "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def with_manifests(repository: Repository, found: Mapping[str, ManifestContent], gone: set[str]) -> Repository:
    """The repository with the manifests of its images, and without those that are gone."""
    images = (replace(image, content=found.get(image.digest)) for image in repository.images if image.digest not in gone)
    return replace(repository, images=tuple(images))


def _image(item: Mapping[str, Any]) -> StoredImage:
    return StoredImage(
        digest=item["imageDigest"],
        tags=tuple(sorted(item.get("imageTags") or ())),
        pushed=item["imagePushedAt"],
        pulled=item.get("lastRecordedPullTime"),
        archived_at=item.get("lastArchivedAt"),
        archived=(item.get("imageStatus") or "ACTIVE") != "ACTIVE",
        media_type=item.get("imageManifestMediaType") or "",
        size=item.get("imageSizeInBytes") or 0,
        subject=item.get("subjectManifestDigest") or "",
    )


def _document(asker: Asker, method: str, key: str, name: str, missing: str, gaps: list[Gap]) -> Any:
    """A policy of a repository; an empty one where there is none, None where it could not be read."""
    try:
        answer = asker.ask(
            "ecr",
            method,
            what=f"the {method.removeprefix('get_').replace('_', ' ')} of {name}",
            hides="setting",
            missing=(missing, *_NOT_THERE),
            repositoryName=name,
        )
        return json.loads(answer[key])
    except Missing:
        return {}
    except Unread as unread:
        gaps.append(unread.gap)
        return None


def _parts(document: Any, key: str) -> tuple[Mapping[str, Any], ...]:
    found = document.get(key) or () if isinstance(document, dict) else ()
    return tuple(item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict))


def _owner(asker: Asker, listed: Mapping[str, Any], owner_tag: str, gaps: list[Gap]) -> str:
    try:
        answer = asker.ask(
            "ecr",
            "list_tags_for_resource",
            what=f"the tags of {listed['repositoryName']}",
            hides="setting",
            missing=_NOT_THERE,
            resourceArn=listed["repositoryArn"],
        )
    except Missing:
        return ""
    except Unread as unread:
        gaps.append(unread.gap)
        return ""
    return next((str(tag.get("Value", "")) for tag in answer.get("tags") or () if tag.get("Key") == owner_tag), "")
