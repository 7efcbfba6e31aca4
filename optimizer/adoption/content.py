"""The files of the project that stand in an image, as steps."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.adoption.drafts import ContentDraft, Draft, InstallDraft
from optimizer.adoption.places import Places, allowed
from optimizer.adoption.tree import Entry, is_below, rebased
from optimizer.adoption.walk import TASK, Walk
from optimizer.locks.managers import manifest_patterns
from optimizer.model import steps
from optimizer.model.fields import EXTENSIONS, TARGET_ROOTS
from optimizer.model.ignore import IgnorePatterns

_DATA = re.compile(
    r".*\.(?:bin|ckpt|crt|gguf|h5|joblib|keras|model|npy|npz|onnx|parquet|pb|pem|pickle|pkl|pt|pth|safetensors|tflite|db|sqlite)|(?:.*/)?(?:models?|weights)",
    re.IGNORECASE,
)
_MOST_COMPARED = 2000
"""Paths that are compared to see whether two steps bring the same file."""

ECOSYSTEMS: dict[type[steps.Step], str] = {
    steps.PythonDependencies: "python",
    steps.NodeDependencies: "nodejs",
    steps.RubyDependencies: "ruby",
}
"""The steps of packages, and whose manifests they read."""


@dataclass(frozen=True, slots=True)
class Content:
    """Steps for what stands in the last stage's tree."""

    walk: Walk
    places: Places

    def steps_for(self, entries: Sequence[Entry], brought: Mapping[tuple[str, str], Draft]) -> None:
        """Steps for the files of the project that stand in the image.

        ``brought`` are directories that other steps bring, by their paths in the project and in the image.
        """
        walk = self.walk
        directories = [entry for entry in entries if entry.directory]
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            assert entry.source is not None
            path = self.places.now(entry.path)
            reader = self._reader(entry.source)
            above = next((other for other in directories if other is not entry and _covers(other, entry)), None)
            if above is not None:
                walk.carry(self._directory(above), entry.via)
            elif not entry.directory and reader is not None:
                # The step reads it where it is; nothing of it belongs into the image.
                walk.carry(reader, entry.via)
            elif (entry.source, path) in brought:
                walk.carry(brought[entry.source, path], entry.via)
            elif not allowed(path):
                self.outside(entry, path)
            elif entry.directory:
                walk.carry(self._directory(entry), entry.via)
            elif self._single(entry, path):
                continue
            else:
                key = (posixpath.dirname(entry.source) or ".", posixpath.dirname(path))
                groups.setdefault(key, []).append(entry)
        for (source, target), found in groups.items():
            self._group(source, target, found)
        self._order(entries)

    def _order(self, entries: Sequence[Entry]) -> None:
        """Where two steps bring the same file, let the one come later that came later in the Dockerfile."""
        placed: list[tuple[Entry, Draft]] = []
        for entry in entries:
            carriers = [item for item in self.walk.note(entry.via[-1]).carried if isinstance(item, Draft) and self._brings(item, entry)]
            if carriers:
                placed.append((entry, carriers[0]))
        for position, (entry, draft) in enumerate(placed):
            for other, earlier in placed[:position]:
                if earlier is not draft and earlier not in draft.after and draft not in earlier.after and self._meet(other, entry):
                    draft.after.append(earlier)

    def _brings(self, draft: Draft, entry: Entry) -> bool:
        source = draft.source if isinstance(draft, ContentDraft) else None
        return source == entry.source or (not entry.directory and source == (posixpath.dirname(entry.source or "") or "."))

    def _meet(self, one: Entry, other: Entry) -> bool:
        """Whether both bring a file to the same path."""
        waiting, seen = [(one, other)], 0
        while waiting and seen < _MOST_COMPARED:
            first, second = waiting.pop()
            seen += 1
            if not first.directory and not second.directory:
                if first.path == second.path:
                    return True
                continue
            if not first.directory or (first.path != second.path and is_below(second.path, first.path)):
                first, second = (second, first) if not first.directory else (first, second)
                below = self._at(first, second.path)
                waiting += [(below, second)] if below is not None else []
            elif is_below(first.path, second.path):
                waiting.append((second, first))
            elif first.path == second.path and second.directory:
                for name in self._names(second):
                    path = posixpath.join(first.path, name)
                    pair = (self._at(first, path), self._at(second, path))
                    if pair[0] is not None and pair[1] is not None:
                        waiting.append((pair[0], pair[1]))
        return False

    def _at(self, directory: Entry, path: str) -> Entry | None:
        """What the directory brings to the path."""
        if not is_below(path, directory.path) or directory.source is None:
            return None
        inside = posixpath.relpath(path, directory.path)
        source = posixpath.normpath(posixpath.join(directory.source, inside))
        kind = self.walk.kind(source)
        if kind is None or IgnorePatterns.parse(directory.exclude).ignores(inside):
            return None
        return replace(directory, path=path, source=source, directory=kind == "directory", exclude=rebased(directory.exclude, inside))

    def _names(self, directory: Entry) -> list[str]:
        context = self.walk.subject.context
        inside = directory.source or "."
        if self.walk.directory != ".":
            inside = posixpath.relpath(inside, self.walk.directory)
        return [name.rstrip("/") for name in (context.names(inside) if context else None) or ()]

    def _reader(self, source: str) -> Draft | None:
        """The step that reads the file to know what to install, so that the image need not have it."""
        name = posixpath.basename(source)
        for draft in self.walk.drafts.values():
            ecosystem = ECOSYSTEMS.get(draft.kind)
            if not isinstance(draft, InstallDraft) or not draft.used or ecosystem is None:
                continue
            lock = draft.lock
            if posixpath.dirname(source) != posixpath.dirname(lock):
                continue
            # Node.js reads package.json at run time too.
            if name == posixpath.basename(lock) or (
                name != "package.json" and any(fnmatch.fnmatchcase(name, pattern) for pattern in manifest_patterns(ecosystem))
            ):
                return draft
        return None

    def _directory(self, entry: Entry) -> Draft:
        walk = self.walk
        assert entry.source is not None
        path = self.places.now(entry.path)
        key = ("directory", entry.source, path, entry.exclude)
        if key in walk.drafts:
            return walk.drafts[key]
        code = path == TASK or (is_below(path, TASK) and not _DATA.fullmatch(entry.source))
        layered = path == "/opt" and walk.kind(posixpath.join(entry.source, "extensions")) == "directory"
        if layered and not entry.exclude:
            draft = walk.draft(key, ContentDraft(kind=steps.Extension, source=entry.source))
        else:
            to = f"{path}/" if path != TASK or not code else None
            kind = steps.SourceCode if code else steps.Files
            draft = walk.draft(key, ContentDraft(kind=kind, source=entry.source, exclude=self._excluded(entry), to=to))
        draft.used = True
        if code:
            self._left_out(entry, draft)
        return draft

    def _excluded(self, entry: Entry) -> tuple[str, ...]:
        """The patterns, and the Dockerfile itself, which no function reads."""
        assert entry.source is not None
        patterns = list(dict.fromkeys(entry.exclude))
        if any(pattern == "*" for pattern in patterns):
            return tuple(patterns)
        context = self.walk.directory
        if entry.source == context and self.walk.kind(posixpath.normpath(posixpath.join(context, "Dockerfile"))) == "file":
            own = ["Dockerfile", ".dockerignore", "*.image.toml", *(["optimizer.lock"] if context == "." else [])]
            patterns = [*(pattern for pattern in patterns if pattern not in own), *own]
        return tuple(patterns)

    def _left_out(self, entry: Entry, draft: Draft) -> None:
        """What a step of code leaves out by default, where the tree has it and the Dockerfile took it."""
        walk = self.walk
        assert entry.source is not None
        for name in (".env", "node_modules"):
            path = posixpath.normpath(posixpath.join(entry.source, name))
            if walk.kind(path) is None or name in [pattern.removeprefix("**/").rstrip("/") for pattern in entry.exclude]:
                continue
            if name == "node_modules" and not any(item.kind is steps.NodeDependencies for item in walk.drafts.values()):
                walk.left(
                    entry.via[-1],
                    f'"{path}" is copied from the machine that builds',
                    "add a node-dependencies step with the lock file of the packages",
                )
            elif name == ".env":
                walk.note(entry.via[-1]).remarks.append(f'"{path}" is left out; exclude = ["!**/.env"] takes it back')

    def _single(self, entry: Entry, path: str) -> bool:
        """A step of its own for a file that is an extension, data, or gets another name; False for code."""
        walk = self.walk
        assert entry.source is not None
        name, base = posixpath.basename(path), posixpath.basename(entry.source)
        key = ("file", entry.source, path)
        if posixpath.dirname(path) == EXTENSIONS and (name == base or re.fullmatch(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", name)):
            draft = walk.draft(key, ContentDraft(kind=steps.Extension, source=entry.source, name=name if name != base else None))
        elif name != base or not (is_below(path, TASK)) or _DATA.fullmatch(entry.source):
            to = path if name != base else f"{posixpath.dirname(path)}/"
            draft = walk.draft(key, ContentDraft(kind=steps.Files, source=entry.source, to=to))
        else:
            return False
        draft.used = True
        walk.carry(draft, entry.via)
        return True

    def _group(self, source: str, target: str, found: Sequence[Entry]) -> None:
        """One step for the files of one directory that land in one directory."""
        walk = self.walk
        to = f"{target}/" if target != TASK else None
        if len(found) == 1:
            new = ContentDraft(kind=steps.SourceCode, source=found[0].source, to=to)
        else:
            names = sorted({posixpath.basename(entry.source or "") for entry in found})
            new = ContentDraft(kind=steps.SourceCode, source=source, exclude=("*", *(f"!{_escaped(name)}" for name in names)), to=to)
        draft = walk.draft(("group", source, target), new)
        draft.used = True
        for entry in found:
            walk.carry(draft, entry.via)

    def outside(self, entry: Entry, path: str) -> None:
        self.walk.left(
            entry.via[-1],
            f'"{path}" is outside of {", ".join(TARGET_ROOTS)}, where steps may put files',
            f"put the files under {TASK} or /opt, and fix the code that reads them",
        )


def _covers(directory: Entry, entry: Entry) -> bool:
    """Whether a directory that is copied brings the entry too, to the same place."""
    if directory.source is None or entry.source is None or directory.source == entry.source:
        return False
    inside = entry.source if directory.source == "." else posixpath.relpath(entry.source, directory.source)
    if inside.startswith("../") or (directory.source != "." and not is_below(entry.source, directory.source)):
        return False
    return not directory.exclude and posixpath.join(directory.path, inside) == entry.path


def _escaped(name: str) -> str:
    return re.sub(r"([*?\[\\])", r"\\\1", name)
