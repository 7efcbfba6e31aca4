"""The exact programs of AWS's bases, which pins record: found in the layers of a registry, without an engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from optimizer.adapters.images.program_versions import program_versions
from optimizer.adapters.images.remote import open_remote
from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.bases.lock import LockedImage
from optimizer.bases.mirror import Mirror
from optimizer.bases.programs import PROGRAMS, programs_of_base
from optimizer.errors import ImageError, RegistryError
from optimizer.model.progress import Noted, Report, Task

_THREADS = 4
_MADE_AGAIN = {"python": "packages installed and byte-code made again", "nodejs": "packages installed again"}


def with_programs(images: Iterable[LockedImage], registry: HttpRegistry, mirror: Mirror, report: Report) -> list[LockedImage]:
    """The pins with the versions of programs that they lack, as far as these are found.

    ``report`` takes each platform whose layers are read, and each of which
    some version is not found.
    """
    pins = list(images)
    lacking = [(pin, architecture) for pin in pins for architecture in pin.platforms if pin.lacking_programs(architecture)]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda item: _versions(item[0], item[1], registry, mirror, report), lacking))
    known: dict[LockedImage, dict[str, dict[str, str]]] = {
        pin: {name: dict(pin.programs.get(name, {})) for name in programs_of_base(pin.reference)} for pin in pins
    }
    for (pin, architecture), versions in zip(lacking, found, strict=True):
        for name, version in versions.items():
            known[pin][name][architecture] = version
    return [replace(pin, programs=known[pin]) for pin in pins]


def _versions(pin: LockedImage, architecture: str, registry: HttpRegistry, mirror: Mirror, report: Report) -> Mapping[str, str]:
    """What is found of a platform; for what is not, the report gets a reason."""
    series = programs_of_base(pin.reference)
    wanted = {name: series[name] for name in pin.lacking_programs(architecture)}
    where = f"of {pin.reference} for linux/{architecture}"
    found: Mapping[str, str] = {}
    try:
        source = open_remote(registry, mirror.apply(pin.reference).with_digest(pin.platforms[architecture]))
        size = sum(layer.compressed_bytes or 0 for layer in source.image.layers)
        with told(Task(action="looking", subject=f"for the {_titles(wanted)} {where}", size=size), report):
            found = program_versions(source, wanted)
        why = "no file of it tells one version"
    except (RegistryError, ImageError) as error:
        why = "; ".join(fault.message for fault in error.faults)
    if missing := [name for name in wanted if name not in found]:
        again = _MADE_AGAIN[PROGRAMS[missing[0]].family]
        report(
            Noted(
                f"warning: the {_titles(missing)} {where} {'is' if len(missing) == 1 else 'are'} not recorded, so a patch of this base has its {again}: {why}"
            )
        )
    return found


def _titles(names: Iterable[str]) -> str:
    return " and ".join(PROGRAMS[name].title for name in names)
