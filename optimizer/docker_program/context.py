"""The build context of an image, as it was when the image was built and as it is now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from optimizer.docker_program.state import RememberedImage


def dockerfile_digest(path: Path) -> str:
    """The digest of a Dockerfile's content.  Raises OSError."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_current(image: RememberedImage) -> bool:
    """Whether the build context is there, with the Dockerfile that it had."""
    try:
        return dockerfile_digest(Path(image.directory, image.dockerfile)) == image.digest
    except OSError:
        return False


def shown_name(directory: Path, tag: str) -> str:
    """What people call the image of a build context: what CDK shows, or else its tag."""
    for path in sorted(directory.parent.glob("*.assets.json")):
        try:
            images = json.loads(path.read_text(encoding="utf-8"))["dockerImages"].values()
            for image in images:
                if image["source"].get("directory") == directory.name and image.get("displayName"):
                    return str(image["displayName"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return tag
