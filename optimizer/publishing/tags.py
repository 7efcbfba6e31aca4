"""The tags by which a repository is asked for layers, bases and facts.

Terms
    key tag    the tag ``layer-KEY`` of an image's own manifest, whose layer of
               that key its annotation names; no manifest exists for its sake
    base tag   the tag ``base-DIGEST`` of an image on that base, whose layers
               the repository then has
    fact tag   the tag ``python-VERSION-DIGEST`` of an image on that base, whose
               Python has that exact version, as an engine has told
"""

from __future__ import annotations

from optimizer.builders.direct.image import BaseImage


def key_tag(key: str) -> str:
    """The tag under which the layer of a key is found; one for all layers of stages in place."""
    return f"layer-{key.partition('.')[0]}"


def base_tag(base: BaseImage) -> str:
    """The tag of an image on that base."""
    return f"base-{base.digest.removeprefix('sha256:')}"


def python_tag(base: BaseImage, version: str) -> str:
    """The tag of an image on that base, whose Python has that exact version."""
    return f"python-{version}-{base.digest.removeprefix('sha256:')}"
