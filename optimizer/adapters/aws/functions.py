"""Reads the image functions of an account in a Region: every version, and the aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.adapters.aws.asking import Asker
from optimizer.adapters.aws.kept import Kept
from optimizer.audit.inventory import FunctionVersion

_NOT_THERE = ("ResourceNotFoundException",)
# The properties that rules look at, by the names that CloudFormation and the API share.
_PROPERTIES = ("PackageType", "EphemeralStorage", "FileSystemConfigs", "TenancyConfig", "MemorySize", "Timeout")


def list_versions(asker: Asker) -> Iterator[Mapping[str, Any]]:
    """All versions of all functions, page by page, as the API lists them."""
    pages = asker.pages("lambda", "list_functions", key="NextMarker", send="Marker", what="functions", hides="users", FunctionVersion="ALL")
    return (item for page in pages for item in page.get("Functions") or ())


def read_version(asker: Asker, listed: Mapping[str, Any], owner_tag: str | None, kept: Kept | None = None) -> FunctionVersion:
    """A version with the image that Lambda made of its name, ``kept`` or asked for; raises :class:`Missing` where it is gone."""
    name, version = listed["FunctionName"], listed["Version"]
    # Every update of a version changes its revision.
    revision = listed.get("RevisionId")
    key = (name, version, str(revision), str(listed.get("LastModified")), owner_tag or "")
    known = kept.version(asker.place, key) if kept is not None and revision else None
    if known is not None:
        return known
    answer = asker.ask(
        "lambda",
        "get_function",
        what=f"the image of {name}:{version}",
        hides="users",
        missing=_NOT_THERE,
        FunctionName=name,
        Qualifier=version,
    )
    code, settings = answer.get("Code") or {}, answer.get("Configuration") or {}
    owner = (answer.get("Tags") or {}).get(owner_tag, "") if owner_tag else ""
    found = parse_version(asker, {**listed, **settings}, code, owner)
    if kept is not None and revision:
        kept.keep_version(key, found)
    return found


def parse_version(asker: Asker, settings: Mapping[str, Any], code: Mapping[str, Any], owner: str = "") -> FunctionVersion:
    """The version of an answer."""
    snapstart = settings.get("SnapStart") or {}
    properties = {name: settings[name] for name in _PROPERTIES if settings.get(name)}
    return FunctionVersion(
        place=asker.place,
        function=settings["FunctionName"],
        version=settings["Version"],
        image=code.get("ImageUri") or "",
        resolved=code.get("ResolvedImageUri") or "",
        architecture=(settings.get("Architectures") or ["x86_64"])[0],
        memory=settings.get("MemorySize") or 128,
        # What a version was published with is all that counts: $LATEST has no snapshot.
        snapstart=snapstart.get("ApplyOn") == "PublishedVersions" and settings["Version"] != "$LATEST",
        modified=settings.get("LastModified") or "",
        state=settings.get("State") or "",
        reason=settings.get("StateReasonCode") or "",
        owner=owner,
        properties={**properties, "SnapStart": {"ApplyOn": snapstart.get("ApplyOn", "None")}},
    )


def read_aliases(asker: Asker, function: str) -> dict[str, list[str]]:
    """The aliases of a function by the version that they lead to, also with a weight; raises :class:`Missing` where it is gone."""
    pages = asker.pages(
        "lambda",
        "list_aliases",
        key="NextMarker",
        send="Marker",
        what=f"the aliases of {function}",
        hides="setting",
        missing=_NOT_THERE,
        FunctionName=function,
    )
    found: dict[str, list[str]] = {}
    for page in pages:
        for alias in page.get("Aliases") or ():
            weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
            for version in {alias["FunctionVersion"], *weights}:
                found.setdefault(version, []).append(alias["Name"])
    return found
