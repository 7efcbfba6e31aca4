"""Archives of the build context: equal files are equal bytes, with the owner, time and modes of an image."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import Command, Files, ImageSpec, Lock, SourceCode, plan
from optimizer.builders.docker.context import BuildContext, build_context, stage_context
from optimizer.builders.layer import archive_members, write_archive
from optimizer.errors import ContextError
from optimizer.model.inputs import Input
from optimizer.model.plan import TIMESTAMP
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.steps import Extension, Step
from optimizer.project.files import Project

LOCK = Lock.parse((Path(__file__).parents[1] / "golden" / "optimizer.lock").read_text(encoding="utf-8"))


def packed(root: Path, source: str, target: str, *, executable: bool = False, exclude: tuple[str, ...] = ()) -> bytes:
    project = Project(root)
    files = Input(source=source, target=target, directory=(root / source).is_dir(), exclude=exclude)
    file = io.BytesIO()
    write_archive(file, archive_members(PackedFiles(files=files, executable=executable), project), project)
    return file.getvalue()


def listed(archive: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {item.name: item for item in opened}


def write(path: Path, text: str = "x", mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def context_of(root: Path, *steps: Step) -> tuple[BuildContext, Project]:
    project = Project(root)
    return build_context(plan(ImageSpec(runtime="nodejs22.x", steps=steps), LOCK, root=root), project), project


def test_every_entry_has_the_owner_time_and_mode_of_an_image(tmp_path: Path) -> None:
    """Requirement: "File modes and owners right for Lambda's unprivileged user whatever the checkout's"."""
    write(tmp_path / "code/app.mjs", mode=0o600)
    write(tmp_path / "code/bin/run", mode=0o700)
    (tmp_path / "code/empty").mkdir(mode=0o700)
    (tmp_path / "code/link").symlink_to("bin/run")
    found = listed(packed(tmp_path, "code", "/var/task/"))
    assert {name: (item.type, oct(item.mode)) for name, item in found.items()} == {
        "var": (tarfile.DIRTYPE, "0o755"),
        "var/task": (tarfile.DIRTYPE, "0o755"),
        "var/task/app.mjs": (tarfile.REGTYPE, "0o644"),
        "var/task/bin": (tarfile.DIRTYPE, "0o755"),
        "var/task/bin/run": (tarfile.REGTYPE, "0o755"),
        "var/task/empty": (tarfile.DIRTYPE, "0o755"),
        "var/task/link": (tarfile.SYMTYPE, "0o777"),
    }
    assert found["var/task/link"].linkname == "bin/run"
    assert {(item.uid, item.gid, item.uname, item.gname, item.mtime) for item in found.values()} == {(0, 0, "", "", TIMESTAMP)}


@given(
    names=st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60), max_size=4),
    content=st.binary(max_size=2000),
)
@settings(max_examples=60)
def test_unusual_names_and_all_bytes_survive(names: list[str], content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Requirement: "empty directories, symlinks, executables and unusual names survive"."""
    root = tmp_path_factory.mktemp("project")
    names = [name for name in dict.fromkeys(names) if name not in (".", "..") and len(name.encode()) < 200]
    for name in names:
        (root / name).write_bytes(content)
    archive = packed(root, ".", "/opt/data/")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        found = {item.name: item for item in opened}
        assert sorted(found) == sorted(["opt", "opt/data", *(f"opt/data/{name}" for name in names)])
        for name in names:
            member = opened.extractfile(f"opt/data/{name}")
            assert member is not None and member.read() == content


@pytest.mark.parametrize(
    ("source", "target", "path"),
    [
        ("data/model.bin", "/opt/ml/", "opt/ml/model.bin"),
        ("data/model.bin", "/opt/ml/ranker.bin", "opt/ml/ranker.bin"),
        ("data", "/opt/ml/", "opt/ml/model.bin"),
        (".", "/var/task/", "var/task/data/model.bin"),
    ],
)
def test_files_land_where_a_copy_would_put_them(source: str, target: str, path: str, tmp_path: Path) -> None:
    write(tmp_path / "data/model.bin")
    files = [name for name, item in listed(packed(tmp_path, source, target)).items() if item.isfile()]
    assert files == [path]


def test_a_directory_without_files_is_there(tmp_path: Path) -> None:
    write(tmp_path / "data/notes.txt")
    assert list(listed(packed(tmp_path, "data", "/opt/data/", exclude=("*.txt",)))) == ["opt", "opt/data"]


def test_equal_files_are_equal_bytes(tmp_path: Path) -> None:
    """Requirement: "equal inputs give equal layer digests [...] with other source times and umask, in another directory"."""
    archives = []
    for number, (mode, names) in enumerate(((0o600, "abc"), (0o664, "cab"))):
        root = tmp_path / f"checkout{number}"
        for name in names:
            write(root / "code" / name, name * 700, mode)
            os.utime(root / "code" / name, (number * 1e6, number * 1e6))
        archives.append(packed(root, "code", "/var/task/"))
    assert archives[0] == archives[1]


def test_an_extension_is_executable_whatever_the_checkout_says(tmp_path: Path) -> None:
    write(tmp_path / "telemetry.py", mode=0o644)
    context, project = context_of(tmp_path, Extension("telemetry.py", name="telemetry"))
    directory = stage_context(context, project, tmp_path / "out")
    found = listed((directory / "layers/telemetry.tar").read_bytes())
    assert found["opt/extensions/telemetry"].mode == 0o755


def test_a_context_is_another_when_a_packed_file_is(tmp_path: Path) -> None:
    digests = []
    for text, mode in (("one", 0o644), ("two", 0o644), ("two", 0o755)):
        write(tmp_path / "code/app.mjs", text, mode)
        digests.append(context_of(tmp_path, SourceCode("code"))[0].digest)
    assert len(set(digests)) == 3


def test_a_context_holds_the_archive_alone(tmp_path: Path) -> None:
    write(tmp_path / "model.bin")
    write(tmp_path / "other.bin")
    context, project = context_of(tmp_path, Files("model.bin", to="/opt/", name="model"))
    directory = stage_context(context, project, tmp_path / "out")
    files = sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    assert files == ["Dockerfile", "layers/model.tar"]


@pytest.mark.parametrize("after", ["y", "xyz", ""])
def test_a_file_that_changes_after_it_was_hashed_leaves_nothing(after: str, tmp_path: Path) -> None:
    write(tmp_path / "model.bin")
    context, project = context_of(tmp_path, Files("model.bin", to="/opt/", name="model"))
    write(tmp_path / "model.bin", after)
    with pytest.raises(ContextError, match='"model.bin" changed while it was read'):
        stage_context(context, project, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    """It was told as a context that cannot be written."""
    write(tmp_path / "model.bin")
    context, project = context_of(tmp_path, Files("model.bin", to="/opt/", name="model"))
    (tmp_path / "model.bin").unlink()
    with pytest.raises(ContextError, match='"model.bin" cannot be read: No such file'):
        stage_context(context, project, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_in_the_place_of_an_archive_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "layers/model.tar")
    with pytest.raises(ContextError, match='"layers/model.tar" is the place of an archive in the build context'):
        context_of(tmp_path, Files("layers", to="/opt/", name="model"), Command([["true"]], inputs=["layers"]))


def test_the_faults_of_all_steps_are_told_at_once(tmp_path: Path) -> None:
    for name in ("code", "data", "made"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "link").symlink_to("/etc/passwd")
    with pytest.raises(ContextError) as raised:
        context_of(
            tmp_path,
            SourceCode("code"),
            Files("data", to="/opt/"),
            Files("data", to="/opt/again/", name="again"),
            Command([["make"]], name="made", inputs=("made",)),
        )
    assert sorted(fault.place for fault in raised.value.faults) == ["code/link", "data/link", "made/link"]


@pytest.mark.parametrize("target", ["/opt/.wh.x", "/opt/.wh.x/y", "/opt/.wh./"])
def test_a_target_that_a_layer_takes_for_a_deletion_is_refused(tmp_path: Path, target: str) -> None:
    write(tmp_path / "x")
    with pytest.raises(ContextError, match='which in a layer deletes "x?" instead of adding a file'):
        context_of(tmp_path, Files("x", to=target))


def test_a_file_that_the_build_reads_itself_is_refused_beside_other_faults(tmp_path: Path) -> None:
    write(tmp_path / "Dockerfile")
    (tmp_path / "code").mkdir()
    (tmp_path / "code/link").symlink_to("/etc/passwd")
    with pytest.raises(ContextError) as raised:
        context_of(tmp_path, SourceCode("code"), Command([["make"]], inputs=("Dockerfile",)))
    assert {fault.place for fault in raised.value.faults} == {"code/link", "Dockerfile"}
