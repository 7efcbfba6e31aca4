"""``optimizer.lock``: the pins of an app, as a value.

One table per image: the reference that people write, the digest it resolved
to, the digest per architecture, the exact versions of the programs of a base
that decide layers, and the day.  Beside them stand the decision which packages
have layers of their own, and the evidence for it.  The text is TOML, sorted by
reference and free of anything volatile, so that a review shows exactly the pins
that moved.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from optimizer.bases.evidence import read_evidence, render_evidence
from optimizer.bases.packing import read_packing, render_packing
from optimizer.bases.programs import PROGRAMS, programs_of_base
from optimizer.errors import Fault, LockError, SpecError, did_you_mean
from optimizer.model.architectures import OCI_ARCHITECTURES
from optimizer.model.evidence import Evidence
from optimizer.model.packing import Packing
from optimizer.model.reference import ImageReference

VERSION = 1
KINDS = ("index", "manifest")
"""The OCI architectures that Lambda runs; a lock keeps no others."""

_HEADER = "# Written by `optimizer pin`; `optimizer pin --update` refreshes it. Commit this file.\n"
_KEYS = ("version", "image", "packing", "evidence")
_IMAGE_KEYS = ("reference", "digest", "resolved", "kind", "platforms", *PROGRAMS)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_EXACT = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}(?:(?:a|b|rc)\d{1,3})?")
_RESTORE = "restore the file from version control, or fix the line"
_AGAIN = "run: optimizer pin --update"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedImage:
    """One pin.

    ``reference`` is the upstream name with registry and tag, without digest,
    never a mirror's name.  ``digest`` is that of the index, or of the one
    manifest when ``kind`` is ``manifest``.  ``platforms`` maps OCI
    architectures (``amd64``, ``arm64``) to manifest digests, in that order; it
    may be empty, which says nothing about what the image supports.
    ``programs`` has, by the names of :data:`optimizer.bases.programs.PROGRAMS`,
    the exact version that the image has on architectures of ``platforms``, such
    as ``{"python": {"amd64": "3.13.5"}}``, where that is known.
    """

    reference: ImageReference
    digest: str
    resolved: datetime.date
    kind: str = "index"
    platforms: Mapping[str, str] = field(default_factory=dict, hash=False)
    programs: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "platforms", _read_only(self.platforms))
        known = {name: _read_only(self.programs[name]) for name in PROGRAMS if self.programs.get(name)}
        object.__setattr__(self, "programs", MappingProxyType(known))

    def __reduce__(self) -> tuple[Any, ...]:
        # The read-only views of the tables cannot be sent to another process.
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        tables = {"platforms": dict(self.platforms), "programs": {name: dict(table) for name, table in self.programs.items()}}
        return partial(LockedImage, **{**values, **tables}), ()

    @property
    def pinned(self) -> ImageReference:
        """The reference with its digest."""
        return self.reference.with_digest(self.digest)

    def lacking_programs(self, architecture: str) -> tuple[str, ...]:
        """The programs of the base whose exact versions are not known for an architecture of ``platforms``."""
        return tuple(name for name in programs_of_base(self.reference) if architecture not in self.programs.get(name, {}))

    @property
    def lacks_programs(self) -> bool:
        """Whether some exact version is not known."""
        return any(map(self.lacking_programs, self.platforms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The pins of an app; ``Lock()`` is empty.

    ``images`` are sorted by reference, each reference once.  ``evidence`` is
    what is known of the app's past, and ``packing`` says which packages have layers of
    their own.  ``path`` is the file that it was read from, and ``missing`` are those that were looked for when there was none; both
    only name the lock in messages.
    """

    images: tuple[LockedImage, ...] = ()
    evidence: Evidence = Evidence()
    packing: Packing = Packing()
    path: str = field(default="optimizer.lock", compare=False)
    missing: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "images", tuple(sorted(self.images, key=_key)))

    @classmethod
    def parse(cls, text: str, path: str = "optimizer.lock") -> Lock:
        """The lock that the text holds; ``path`` only names it in messages.

        Raises :class:`LockError` with one fault per defect, each placed as
        ``path:line``.
        """
        return _Reader(text, path).lock()

    def render(self) -> str:
        """The text of the lock; equal locks give equal bytes."""
        parts = [f"{_HEADER}version = {VERSION}\n"]
        parts.extend(map(_render_image, self.images))
        if self.packing:
            parts.append(render_packing(self.packing))
        if self.evidence:
            parts.append(render_evidence(self.evidence))
        return "\n".join(parts)

    @property
    def where(self) -> str:
        """Where pins were looked for, as the end of a sentence about one that is not there."""
        if not self.missing:
            return f"in {self.path}"
        fate = "it does not exist" if len(self.missing) == 1 else "neither exists"
        return f"in {' or '.join(self.missing)}; {fate}"

    def pinned(self, reference: ImageReference) -> LockedImage | None:
        """The pin of the reference's registry, repository and tag; None when there is none."""
        wanted = reference.tagged
        for image in self.images:
            if image.reference.tagged == wanted:
                return image
        return None

    def with_images(self, images: Iterable[LockedImage]) -> Lock:
        """The lock with these pins added, each in place of an older one of the same reference."""
        merged = {_key(image): image for image in self.images}
        merged.update((_key(image), image) for image in images)
        return replace(self, images=tuple(merged.values()))

    def older_than(self, today: datetime.date, days: int) -> tuple[LockedImage, ...]:
        """The pins resolved more than ``days`` days before ``today``."""
        return tuple(image for image in self.images if (today - image.resolved).days > days)


def _read_only(table: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(sorted(table.items())))


def _key(image: LockedImage) -> str:
    return image.reference.tagged


def _render_image(image: LockedImage) -> str:
    # Every value here is of a form that needs no escaping: see _Reader.
    lines = [
        "[[image]]",
        f'reference = "{image.reference.tagged}"',
        f'digest = "{image.digest}"',
        f"resolved = {image.resolved.isoformat()}",
        f'kind = "{image.kind}"',
    ]
    for name, table in {"platforms": image.platforms, **image.programs}.items():
        if table:
            lines.append(f"[image.{name}]")
            lines.extend(f'{architecture} = "{value}"' for architecture, value in table.items())
    return "\n".join(lines) + "\n"


class _Reader:
    """Reads one lock and collects its faults."""

    def __init__(self, text: str, path: str) -> None:
        # Editors on Windows may put a byte order mark first.
        self.text = text.removeprefix("\ufeff")
        self.path = path
        self.lines = self.text.splitlines()
        self.faults: list[tuple[int, Fault]] = []

    def lock(self) -> Lock:
        data = self._parse()
        for key in data:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS) or "remove it"
                self._fault(f'unknown key "{key}"; allowed: {", ".join(_KEYS)}', self._line_of_key(key), hint)
        self._version(data)
        rows = data.get("image", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._fault('"image" is not a list of tables; allowed: [[image]]', self._line_of_key("image"), _RESTORE)
            rows = []
        images: dict[str, LockedImage] = {}
        for number, row in enumerate(rows):
            image = self._image(number, row)
            if image is None:
                continue
            if _key(image) in images:
                line = self._line_in_image(number, "reference")
                self._fault(f'"{_key(image)}" is pinned twice', line, "keep one of the two tables")
            images[_key(image)] = image
        packing = read_packing(data["packing"], self._in_table("packing")) if "packing" in data else Packing()
        evidence = read_evidence(data["evidence"], self._in_table("evidence")) if "evidence" in data else Evidence()
        if self.faults:
            raise LockError([fault for _, fault in sorted(self.faults, key=lambda pair: pair[0])])
        return Lock(images=tuple(images.values()), evidence=evidence, packing=packing, path=self.path)

    def _parse(self) -> dict[str, Any]:
        # Imported here, because `import optimizer` need not pay for it.
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            return tomlkit.parse(self.text).unwrap()
        except TOMLKitError as error:
            line = getattr(error, "line", 0)
            raise LockError(Fault(_syntax(error), self._place(line), self._syntax_hint(line))) from None

    def _version(self, data: Mapping[str, Any]) -> None:
        version = data.get("version")
        if version is None:
            self._fault(f"version is missing; allowed: {VERSION}", 1, f'write "version = {VERSION}" as the first line')
        elif type(version) is not int or version != VERSION:
            newer = type(version) is int and version > VERSION
            hint = "update the optimizer: a newer one wrote this lock" if newer else _RESTORE
            self._fault(f"version {version!r} is not readable; allowed: {VERSION}", self._line_of_key("version"), hint)

    def _image(self, number: int, row: Mapping[str, Any]) -> LockedImage | None:
        before = len(self.faults)
        for key in row:
            if key not in _IMAGE_KEYS:
                hint = did_you_mean(key, _IMAGE_KEYS) or "remove it"
                self._in_image(number, key, f'unknown key "{key}"; allowed: {", ".join(_IMAGE_KEYS)}', hint)
        reference = self._reference(number, row)
        digest = self._digest(number, "digest", row.get("digest"))
        resolved: Any = row.get("resolved")
        if type(resolved) is not datetime.date:
            self._in_image(
                number, "resolved", f"resolved {_shown(resolved)} is not a date; allowed: a TOML date such as 2026-11-23", _RESTORE
            )
        kind: Any = row.get("kind")
        if kind not in KINDS:
            self._in_image(number, "kind", f'kind {_shown(kind)} is unknown; allowed: "index", "manifest"', _RESTORE)
        platforms = self._platforms(number, row, digest)
        programs = {name: self._program(name, number, row, reference, platforms) for name in PROGRAMS}
        if len(self.faults) > before or reference is None:
            return None
        return LockedImage(reference=reference, digest=digest, resolved=resolved, kind=kind, platforms=platforms, programs=programs)

    def _reference(self, number: int, row: Mapping[str, Any]) -> ImageReference | None:
        text = row.get("reference")
        try:
            reference = ImageReference.parse(text) if isinstance(text, str) else None
        except SpecError:
            reference = None
        if reference is None or reference.tag is None or reference.digest is not None:
            message = f"reference {_shown(text)} is not of the form registry/repository:tag"
            self._in_image(number, "reference", message, 'for example "public.ecr.aws/lambda/python:3.13"')
            return None
        return reference

    def _digest(self, number: int, key: str, text: object) -> str:
        if isinstance(text, str) and _DIGEST.fullmatch(text):
            return text
        self._in_image(number, key, f"{key} {_shown(text)} is not a digest; allowed: sha256:<64 lower-case hex digits>", _RESTORE)
        return ""

    def _platforms(self, number: int, row: Mapping[str, Any], digest: str) -> dict[str, str]:
        table = self._table(number, "platforms", row)
        foreign = False
        for name, value in table.items():
            if name not in OCI_ARCHITECTURES:
                hint = did_you_mean(name, OCI_ARCHITECTURES) or "remove it"
                self._in_image(number, name, f'unknown platform "{name}"; allowed: {", ".join(OCI_ARCHITECTURES)}', hint)
            elif self._digest(number, name, value) not in ("", digest) and row.get("kind") == "manifest" and digest:
                foreign = True
        if foreign:
            self._in_image(number, "platforms", "a single manifest cannot have a platform with another digest", _RESTORE)
        return dict(table)

    def _program(
        self, program: str, number: int, row: Mapping[str, Any], reference: ImageReference | None, platforms: Collection[str]
    ) -> dict[str, str]:
        table = self._table(number, program, row)
        known = programs_of_base(reference) if reference is not None else {}
        if table and reference is not None and program not in known:
            message = f"{program} is recorded of AWS's base images of {PROGRAMS[program].language} alone"
            self._in_image(number, program, message, f"remove the table [image.{program}]")
            return {}
        series = known.get(program, "")
        for name, version in table.items():
            if name not in platforms:
                there = ", ".join(platforms) or "none"
                self._in_image(number, program, f'{program} has the platform "{name}"; those of the image: {there}', _AGAIN)
            elif not isinstance(version, str) or not _EXACT.fullmatch(version):
                self._in_image(number, program, f"{program} {_shown(version)} is not an exact version; allowed: such as 3.13.5", _AGAIN)
            elif series and not version.startswith(f"{series}."):
                self._in_image(number, program, f'{program} "{version}" is no release of {PROGRAMS[program].title} {series}', _AGAIN)
        return dict(table)

    def _table(self, number: int, key: str, row: Mapping[str, Any]) -> dict[str, Any]:
        table = row.get(key, {})
        if not isinstance(table, dict):
            self._in_image(number, key, f"{key} {_shown(table)} is not a table; allowed: [image.{key}]", _RESTORE)
            return {}
        return table

    def _in_image(self, number: int, key: str, message: str, hint: str) -> None:
        self._fault(f"image[{number}]: {message}", self._line_in_image(number, key), hint)

    def _in_table(self, table: str) -> Callable[[str, str, str], None]:
        """What takes the faults of a table, each at the line of its key, or where the table begins."""

        def fault(message: str, key: str, hint: str) -> None:
            self._fault(message, self._line_of_key(key) or self._line_of_key(table), hint)

        return fault

    def _fault(self, message: str, line: int, hint: str) -> None:
        self.faults.append((line, Fault(message, self._place(line), hint)))

    def _place(self, line: int) -> str:
        return f"{self.path}:{line}" if line else self.path

    def _syntax_hint(self, line: int) -> str:
        # TOML parsers may stop a line late, so the line before counts too.
        near = self.lines[max(line - 2, 0) : line]
        if any(text.startswith(("<<<<<<<", "=======", ">>>>>>>")) for text in near):
            return "a merge conflict: keep either side whole, then run `optimizer pin --update`"
        return _RESTORE

    def _line_of_key(self, key: str) -> int:
        """The 1-based line that first names the key; 0 when none does."""
        pattern = re.compile(rf"""\s*\[{{0,2}}\s*["']?{re.escape(key)}["']?\s*[\].=]""")
        return next((number for number, text in enumerate(self.lines, 1) if pattern.match(text)), 0)

    def _line_in_image(self, number: int, key: str) -> int:
        """The 1-based line of a key of the n-th image; of its header when the key is not there."""
        headers = [line for line, text in enumerate(self.lines, 1) if re.match(r"\s*\[\[\s*image\s*\]\]", text)]
        if number >= len(headers):
            return self._line_of_key("image")
        end = headers[number + 1] - 1 if number + 1 < len(headers) else len(self.lines)
        pattern = re.compile(rf"""\s*(?:\[image\.)?["']?{re.escape(key)}["']?\s*[\]=]""")
        for line in range(headers[number] + 1, end + 1):
            if pattern.match(self.lines[line - 1]):
                return line
        return headers[number]


def _shown(value: object) -> str:
    return "(missing)" if value is None else f'"{value}"'


def _syntax(error: Exception) -> str:
    """The parser's own words, without the place, which the fault carries."""
    text = re.sub(r" at line \d+ col \d+$", "", str(error))
    if text[1:2].islower():
        text = text[0].lower() + text[1:]
    return f"not readable as TOML: {text}"
