"""The build context: only the files that a plan names, in a directory named by its content."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.builders.docker.render import Profile, context_scripts, render
from optimizer.builders.layer import archive_members, target_faults, write_archive
from optimizer.builders.overlaps import overlap_faults, packed_overlaps
from optimizer.errors import ContextError, Fault
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, archive_path
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.secret import BuildSecret, rebased_source
from optimizer.project.collector import no_collections
from optimizer.project.files import Entry, Project, content_digest

DOCKERFILE = "Dockerfile"
_RESERVED = (DOCKERFILE, ".dockerignore")
# Changes whenever the form of the context does, so that no older directory is taken for a newer one.
_FORM = "4"
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_BUFFER = 1 << 18
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_PERMISSION = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_IN_THE_WAY = frozenset({errno.EEXIST, errno.EISDIR, errno.ENOTDIR})


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """A build context, not yet written.

    ``inputs`` stand in it as they are, ``archives``, by path, are made of
    packed files, and ``scripts``, by path, are texts of this tool that stages run or read.
    ``contents`` are digests of what the project has of each of the plan's plain
    inputs, in their order, and then of what each of its archives holds, by the names of the stages.
    ``digest`` is 64 hexadecimal digits over everything that the
    build sees: the Dockerfile, the path, mode and content of each file, the
    platform, and the names of the build secrets.
    """

    dockerfile: str
    scripts: Mapping[str, str]
    inputs: tuple[Input, ...]
    archives: Mapping[str, PackedFiles]
    contents: tuple[str, ...]
    digest: str
    platform: str
    secrets: tuple[BuildSecret, ...]

    def secret_sources(self, root: str) -> dict[str, str]:
        """The sources of the build secrets by id, as ``docker build --secret`` takes them where the project's root is ``root``."""
        return {secret.id: rebased_source(secret.source, root) for secret in self.secrets}


@no_collections()
def build_context(plan: BuildPlan, project: Project, profile: Profile = Profile.BUILDKIT, entrypoint: Sequence[str] = ()) -> BuildContext:
    """The build context of a plan; the arguments are those of :func:`render`.

    Raises :class:`ContextError` for files that are missing, leave the project,
    cannot stand in a build context, or come from two steps: the faults of all
    stages, each once.
    """
    faults: dict[Fault, None] = {}
    contents: list[tuple[str, ...]] = []
    inputs = []
    digests: list[str] = []
    for item in plan.plain_inputs():
        if not item.directory and item.source in _RESERVED:
            message = f'"{item.source}" cannot be part of an image: the build uses a file of that name itself'
            faults[Fault(message, item.source, "rename the file")] = None
            continue
        item = in_context(item)
        inputs.append(item)
        try:
            digests.append(project.content(item.source, item.exclude))
            contents.append((item.source, *item.exclude, digests[-1]))
        except ContextError as error:
            faults.update(dict.fromkeys(error.faults))
    archives = {archive_path(name): packed for name, packed in sorted(plan.packed().items())}
    for path, packed in archives.items():
        faults.update(dict.fromkeys(target_faults(packed.files)))
        try:
            content = project.content(packed.files.source, packed.files.exclude)
            digests.append(_archived(packed, project) if packed.executable else content)
        except ContextError as error:
            faults.update(dict.fromkeys(error.faults))
            continue
        contents.append((path, "archive", packed.files.target, str(packed.executable), content))
    scripts = context_scripts(plan)
    contents += [(path, "script", text) for path, text in scripts.items()]
    # What cannot be read has no modes.
    if not faults:
        faults.update(dict.fromkeys(_in_the_way(archives, scripts, inputs, project)))
        faults.update(dict.fromkeys(overlap_faults(packed_overlaps(plan, project))))
    if faults:
        raise ContextError(tuple(faults))
    text = render(plan, profile, entrypoint)
    secrets = plan.secrets()
    return BuildContext(
        dockerfile=text,
        scripts=scripts,
        inputs=tuple(inputs),
        archives=archives,
        contents=tuple(digests),
        digest=_digest(text, plan.platform, {secret.id: secret.source for secret in secrets}, sorted(set(contents))),
        platform=plan.platform,
        secrets=secrets,
    )


def in_context(item: Input) -> Input:
    """A plain input of a plan as the build context has it: without files at the places of the context's own."""
    return replace(item, exclude=(*item.exclude, *_RESERVED)) if item.directory and item.source == "." else item


def _archived(packed: PackedFiles, project: Project) -> str:
    """The digest of a content whose archive has other modes than the project."""
    prefix = len(packed.files.source) + 1 if packed.files.source != "." else 0
    entries = project.entries(packed.files.source, packed.files.exclude)
    return content_digest([(path[prefix:], "executable" if mode == "file" else mode, content) for path, mode, content in entries])


def _in_the_way(archives: Iterable[str], scripts: Iterable[str], inputs: Sequence[Input], project: Project) -> Iterator[Fault]:
    """Files of the project at the places where the context has something of its own."""

    def mode(path: str) -> str | None:
        """That of a file of the project which the context would have at the path; None for none."""
        if project.kind(path) is None:
            return None
        return next((modes[path] for item in inputs if path in (modes := project.modes(item.source, item.exclude))), None)

    for path in sorted(archives):
        if mode(path) is not None:
            yield Fault(f'"{path}" is the place of an archive in the build context', path, "rename the file, or the step of that name")
    for path in sorted(scripts):
        if mode(path) is not None:
            what = {"scripts": "a script", "places": "places of packages"}.get(path.partition("/")[0], "requirements")
            yield Fault(f'"{path}" is the place of {what} in the build context', path, "rename the file")
    for path in sorted({path.partition("/")[0] for path in (*archives, *scripts)}):
        if mode(path) not in (None, "directory"):
            yield Fault(f'"{path}" is the place of a directory of the build context', path, "rename the file")


def stage_context(context: BuildContext, project: Project, parent: str | Path) -> Path:
    """Write the context to ``<parent>/asset.<digest>``, unless it is already there; gives the directory.

    The directory appears whole or not at all, and is never rewritten.  Raises
    :class:`ContextError` when a file changed since it was hashed.
    """
    directory = Path(parent) / f"asset.{context.digest}"
    if directory.is_dir():
        return directory
    temporary = ""
    try:
        os.makedirs(parent, exist_ok=True)
        temporary = tempfile.mkdtemp(prefix=".staging-", dir=parent)
        _write(context, project, temporary)
        os.chmod(temporary, 0o755)
        try:
            os.rename(temporary, directory)
        except OSError:
            # Another process has written the same content meanwhile.
            if not directory.is_dir():
                raise
    except OSError as error:
        raise ContextError(_unwritten(error, str(parent), temporary)) from None
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
    return directory


def _unwritten(error: OSError, parent: str, temporary: str) -> Fault:
    """The fault of a context that cannot be written, with a hint that fits its cause."""
    path = str(error.filename or "")
    inside = bool(temporary) and path.startswith(temporary + os.sep)
    where = f' ("{os.path.relpath(path, temporary)}")' if inside else ""
    if error.errno in _NO_SPACE:
        hint = "free some space"
    elif error.errno in _NO_PERMISSION:
        hint = "check the permissions of the directory, or write elsewhere"
    elif error.errno in _IN_THE_WAY and inside:
        hint = "two names of the project are one name on this file system, which may ignore case: rename one of them"
    elif error.errno in _IN_THE_WAY:
        hint = "a file is in the place of a directory: remove it, or write elsewhere"
    elif error.errno == errno.ENAMETOOLONG:
        hint = "shorten the path, or write to a directory with a shorter one"
    else:
        hint = "check the disk, or write elsewhere"
    return Fault(f"the build context cannot be written to {parent}: {error.strerror}{where}", parent, hint)


def context_entries(context: BuildContext, project: Project) -> tuple[Entry, ...]:
    """What stands in the context as it is, without the Dockerfile, the archives and the scripts; each once, sorted by path."""
    found = {entry.path: entry for item in context.inputs for entry in project.entries(item.source, item.exclude)}
    return tuple([found[path] for path in sorted(found)])


def _digest(dockerfile: str, platform: str, secrets: Mapping[str, str], contents: Iterable[Sequence[str]]) -> str:
    digest = hashlib.sha256()
    for field in (_FORM, dockerfile, platform, *(text for pair in sorted(secrets.items()) for text in pair)):
        digest.update(_field(field))
    for fields in contents:
        digest.update(_field(str(len(fields))))
        for field in fields:
            digest.update(_field(field))
    return digest.hexdigest()


def _field(text: str) -> bytes:
    # With its length, so that no two lists of fields run together to the same bytes.
    data = text.encode("utf-8")
    return b"%d:%s" % (len(data), data)


def _write(context: BuildContext, project: Project, directory: str) -> None:
    made: set[str] = {directory}
    _write_text(os.path.join(directory, DOCKERFILE), context.dockerfile)
    for path, text in context.scripts.items():
        target = f"{directory}/{path}"
        _make_directory(target.rpartition("/")[0], made)
        _write_text(target, text)
    for entry in context_entries(context, project):
        target = f"{directory}/{entry.path}"
        _make_directory(target if entry.mode == "directory" else target.rpartition("/")[0], made)
        if entry.mode == "symlink":
            os.symlink(entry.content, target)
        elif entry.mode != "directory":
            _copy(project, entry, target)
    for path, packed in context.archives.items():
        target = os.path.join(directory, path)
        _make_directory(os.path.dirname(target), made)
        with open(target, "xb", buffering=_BUFFER) as file:
            write_archive(file, archive_members(packed, project), project)
        os.chmod(target, 0o644)


def _make_directory(path: str, made: set[str]) -> None:
    if path not in made:
        _make_directory(os.path.dirname(path), made)
        os.mkdir(path)
        os.chmod(path, 0o755)
        made.add(path)


def _write_text(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(path, 0o644)


def _copy(project: Project, entry: Entry, target: str) -> None:
    mode = 0o755 if entry.mode == "executable" else 0o644
    # Not shutil.copyfile, which asks the system a dozen questions about each file: contexts have thousands of small ones.
    with project.opened(entry) as source:
        copy = os.open(target, _CREATE, mode)
        try:
            for chunk in source.chunks():
                _write_all(copy, chunk)
            if os.fstat(copy).st_mode & 0o777 != mode:
                os.chmod(target, mode)
        finally:
            os.close(copy)


def _write_all(descriptor: int, data: bytes) -> None:
    # A disk that is nearly full takes a part.
    while written := len(data) and os.write(descriptor, data):
        data = data[written:]
