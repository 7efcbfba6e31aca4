"""Where images are pulled from, when not from their own registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimizer.errors import ConfigurationError, Fault, SpecError
from optimizer.model.reference import ImageReference

_ANY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A registry mirror or pull-through cache; ``Mirror()`` changes nothing.

    ``prefixes`` are pairs of an upstream registry and the mirror's
    ``host[:port][/path]``, sorted; the upstream is empty in the one pair that
    stands for every registry.
    """

    prefixes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, value: str | Mapping[str, str] | None) -> Mirror:
        """A mirror from ``host[:port][/path]``, or from a mapping of upstream registries to such prefixes.

        None, an empty text and an empty mapping give the identity.  Raises
        :class:`ConfigurationError` with one fault per wrong prefix or registry.
        """
        if not value:
            return cls()
        if isinstance(value, str):
            pairs = {_ANY: value}
        elif isinstance(value, Mapping):
            pairs = dict(value)
        else:
            raise ConfigurationError(
                f"mirror {value!r} is neither a string nor a table; allowed: HOST[:PORT][/PATH], or a table from a registry to that",
                place="mirror",
            )
        faults: list[Fault] = []
        for upstream, prefix in pairs.items():
            place = f'mirror["{upstream}"]' if upstream else "mirror"
            if isinstance(value, Mapping) and not _is_host(upstream):
                faults.append(
                    Fault(f'"{upstream}" is not the host of a registry; allowed: HOST[:PORT]', "mirror", 'for example "public.ecr.aws"')
                )
            if not isinstance(prefix, str) or not _is_prefix(prefix):
                faults.append(
                    Fault(
                        f'"{prefix}" is not a mirror; allowed: HOST[:PORT][/PATH]',
                        place,
                        'leave out "https://" and the last slash, for example "mirror.example.com:5000/ecr-public"',
                    )
                )
        if faults:
            raise ConfigurationError(faults)
        return cls(prefixes=tuple(sorted(pairs.items())))

    def apply(self, reference: ImageReference) -> ImageReference:
        """The reference under the mirror, with the same repository path, tag and digest.

        A reference that already stands under the mirror comes back unchanged,
        so applying twice is applying once.
        """
        known = dict(self.prefixes)
        prefix = known.get(reference.registry, known.get(_ANY))
        if prefix is None or reference.name.startswith(f"{prefix}/"):
            return reference
        registry, _, path = prefix.partition("/")
        repository = f"{path}/{reference.repository}" if path else reference.repository
        return replace(reference, registry=registry, repository=repository)


def _is_prefix(text: str) -> bool:
    """Whether an image can stand under the text, by the grammar of references itself."""
    probe = "image"
    try:
        reference = ImageReference.parse(f"{text}/{probe}")
    except SpecError:
        return False
    return reference.name == f"{text}/{probe}" and reference.tag is None


def _is_host(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(r"[^/\s]+", text) is not None and _is_prefix(text)
