"""Reads manifests, indexes and configurations as a registry sends them; nothing in them is believed unchecked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.adapters.registry.media_types import INDEX_TYPES, MANIFEST_TYPES
from optimizer.adapters.registry.messages import ASK_OWNER, clean
from optimizer.adapters.registry.transport import Response
from optimizer.errors import RegistryError
from optimizer.model.architectures import OCI_ARCHITECTURES, PLATFORMS, architecture_of_oci

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# Variants that Lambda's processors run; an index may hold others beside them.


def verified_digest(response: Response, wanted: str | None, subject: str) -> str:
    """The digest of the content; raises RegistryError unless the header and the wanted one agree with it."""
    actual = "sha256:" + hashlib.sha256(response.body).hexdigest()
    claimed = response.headers.get("Docker-Content-Digest", actual)
    for given in (claimed, wanted or actual):
        if given != actual:
            raise RegistryError(
                f'the content of "{subject}" has the digest {actual}, not {clean(given)}',
                hint="something between here and the registry changes content: try again, or another network",
            )
    return actual


def parse_manifest(response: Response, subject: str) -> tuple[str, dict[str, Any]]:
    """The media type, one of the four, and the document; raises RegistryError."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if media_type not in INDEX_TYPES + MANIFEST_TYPES:
        raise RegistryError(
            f'"{subject}" has the media type "{clean(media_type)}"; allowed: an OCI or Docker (schema 2) index or manifest',
            hint="check that the name is that of a container image, and that no log-in page answers in the registry's place",
        )
    document = response.document("manifest", subject)
    inner = document.get("mediaType", media_type)
    if inner != media_type:
        raise RegistryError(f'"{subject}" is sent as "{media_type}" but its own media type is "{clean(inner)}"', hint=ASK_OWNER)
    return media_type, document


def platforms_of_index(document: Mapping[str, Any], subject: str) -> dict[str, str]:
    """Manifest digests by architecture, sorted, never empty; attestations and other systems are left out."""
    entries = document.get("manifests")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RegistryError(f'the index of "{subject}" has no list of manifests', hint=ASK_OWNER)
    found: dict[str, str] = {}
    others: list[str] = []
    for entry in entries:
        platform = entry.get("platform")
        if not isinstance(platform, dict):
            continue
        system, name = platform.get("os"), platform.get("architecture")
        known = architecture_of_oci(name) if system == "linux" and isinstance(name, str) else None
        if known is None or (platform.get("variant") or "") not in known.variants:
            others.append(f"{system}/{name}")
            continue
        digest = entry.get("digest")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise RegistryError(f'the index of "{subject}" has the digest "{clean(digest)}" for {name}', hint=ASK_OWNER)
        found.setdefault(known.oci, digest)
    if not found:
        raise _no_platform(sorted(set(others) - {"unknown/unknown"}), subject)
    return dict(sorted(found.items()))


def config_digest(document: Mapping[str, Any], subject: str) -> str:
    """The digest of a manifest's configuration."""
    config = document.get("config")
    digest = config.get("digest") if isinstance(config, dict) else None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise RegistryError(f'the manifest of "{subject}" names no configuration', hint=ASK_OWNER)
    return digest


def architecture_of_config(config: Response, subject: str) -> str:
    """The architecture in an image's configuration: a single manifest does not hold it."""
    image = config.document("configuration", subject)
    system, name = image.get("os"), image.get("architecture")
    if system != "linux" or name not in OCI_ARCHITECTURES:
        raise _no_platform([f"{system}/{name}"], subject)
    return str(name)


def _no_platform(found: Sequence[str], subject: str) -> RegistryError:
    return RegistryError(
        f'"{subject}" has no image that Lambda can run: found {clean(", ".join(found)) or "none"}; allowed: {", ".join(PLATFORMS)}',
        hint="name another image or tag",
    )
