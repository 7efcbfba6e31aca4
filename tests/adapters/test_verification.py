from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from optimizer.adapters.engine import Engine
from optimizer.adapters.engine_clients import Client, EngineClient
from optimizer.adapters.verification import BuildInputs, verify_image
from optimizer.errors import EngineError, ImageError
from optimizer.images import compare, explain
from optimizer.images.compare import COMPRESSOR, CONTENT, EQUAL, METADATA, LayerComparison
from optimizer.model.build import BuildOptions
from optimizer.model.image import Image
from tests.images.archives import directory, file, tar, write_layout, write_saved

Builder = Callable[[Path, int], list[bytes]]


class FakeEngine(Engine):
    """An engine whose builds are layers made by a function of the context and the number of the build."""

    def __init__(self, store: Path, make: Builder, *, levels: tuple[int, int] | None = None) -> None:
        self._store = store
        self._make = make
        self._levels = levels
        self.contexts: list[Path] = []
        self.options: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.images: dict[str, Path] = {}
        self.saves = 0

        self._client = EngineClient(Client.BUILDKIT)

    def build(self, options: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> None:
        number = len(self.contexts)
        self.environments.append(dict(environment or {}))
        self.contexts.append(directory)
        self.options.append(list(options))
        name = next(word for word in options if word.startswith("--tag=")).removeprefix("--tag=")
        layers = self._make(directory, number)
        path = self._store / f"image{number}"
        if self._levels:
            self.images[name] = write_layout(path, layers, saved=True, level=self._levels[number])
        else:
            self.images[name] = write_saved(path, layers)

    def describe(self, name: str) -> Image:
        from optimizer.adapters.images.files import open_files

        with contextlib.closing(open_files(self.images[name])) as source:
            return source.image

    def keeps_blobs(self) -> bool:
        return self._levels is not None

    @contextlib.contextmanager
    def saved(self, name: str) -> Iterator[Path]:
        self.saves += 1
        yield self.images[name]

    def remove(self, name: str) -> None:
        self.images.pop(name, None)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    path = tmp_path / "context"
    path.mkdir()
    (path / "Dockerfile").write_text("FROM scratch")
    (path / "app.py").write_text("X = 1")
    return path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, which must be empty after every verification."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def verify(context: Path, tmp_path: Path, make: Builder, **options: object) -> tuple[LayerComparison, ...]:
    engine = FakeEngine(tmp_path, make, **options)  # type: ignore[arg-type]
    found = verify_image(BuildInputs(directory=context), engine, sleep=lambda _: None)
    assert engine.images == {}
    return found


def test_equal_builds_need_no_look_into_the_layers(context: Path, tmp_path: Path, temporary: Path) -> None:
    engine = FakeEngine(tmp_path, lambda *_: [tar(directory("var"))])
    slept: list[float] = []
    (layer,) = verify_image(BuildInputs(directory=context), engine, sleep=slept.append)
    assert (layer.verdict, engine.saves) == (EQUAL, 0)
    # Zip archives tell times two seconds apart at best.
    assert slept and slept[0] > 2
    assert list(temporary.iterdir()) == []


def test_the_builds_differ_in_all_but_content(context: Path, tmp_path: Path) -> None:
    seen = []

    def make(path: Path, _: int) -> list[bytes]:
        status = (path / "app.py").stat()
        seen.append((path.name, status.st_mtime, status.st_mode & 0o777, (path / "app.py").read_text()))
        return [tar(directory("var"))]

    engine = FakeEngine(tmp_path, make)
    options = BuildOptions(arguments={"A": "b"}, contexts={"x": "../lib", "y": "docker-image://z"}, secrets={"s": "env=S"})
    verify_image(BuildInputs(directory=context, options=options), engine, sleep=lambda _: None)
    first, second = seen
    assert first[3] == second[3] == "X = 1"
    assert all(one != other for one, other in zip(first[:3], second[:3]))
    namespaces = [[word for word in options if "BUILDKIT_CACHE_MOUNT_NS" in word] for options in engine.options]
    assert namespaces[0] != namespaces[1]
    for options in engine.options:
        assert "--no-cache" in options
        assert options[:5] == [
            "--build-arg=A=b",
            f"--build-context=x={tmp_path / 'lib'}",
            "--build-context=y=docker-image://z",
            "--secret=id=s,env=S",
            "--file=Dockerfile",
        ]


def test_options_that_are_not_set_are_not_given(tmp_path: Path) -> None:
    assert BuildInputs(directory=tmp_path).words() == ["--file=Dockerfile"]
    options = BuildOptions(dockerfile="d", ssh="default", target="t", network="none", platform="linux/arm64")
    assert BuildInputs(directory=tmp_path, options=options).words() == [
        "--file=d",
        "--ssh=default",
        "--target=t",
        "--network=none",
        "--platform=linux/arm64",
    ]


def pyc(time: int) -> bytes:
    return b"\xf3\x0d\x0d\x0a" + (0).to_bytes(4, "little") + time.to_bytes(4, "little") + bytes(20)


PLANTED: dict[str, tuple[Callable[[int], list], str, str, str]] = {
    # name: (the entries of the layer in each build, verdict, field, hint)
    "timestamp in a file": (
        lambda number: [file("built.txt", f"built at 15:29:1{number}".encode())],
        CONTENT,
        "content",
        explain.TIMESTAMP,
    ),
    "byte-code by timestamp": (lambda number: [file("m.pyc", pyc(1_000_000_000 + number))], CONTENT, "content", explain.BYTECODE_TIME),
    "random name": (lambda number: [file(f"tmp{'qx'[number] * 8}", b"x")], CONTENT, "name", compare.RANDOM_NAME),
    "mode": (lambda number: [file("a", b"x", mode=(0o664, 0o600)[number])], METADATA, "mode", compare.MODE),
    "implicit parent directory": (
        lambda number: [directory("var", mtime=1_800_000_000 + number), file("var/a", b"x")],
        METADATA,
        "mtime",
        compare.PARENT_TIME,
    ),
    "missing parent directory": (
        lambda number: [*([directory("var")] if number else []), file("var/a", b"x")],
        METADATA,
        "parent directory",
        compare.PARENT_ENTRY,
    ),
    "time of the source": (
        lambda number: [file("a", b"x", mtime=(981_173_200, 1_249_622_300)[number])],
        METADATA,
        "mtime",
        compare.SOURCE_TIME,
    ),
    "order": (lambda number: [file("a"), file("b")][:: (1, -1)[number]], METADATA, "order", compare.ORDER),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_names_what_is_planted(fault: str, context: Path, tmp_path: Path, temporary: Path) -> None:
    entries, expected, field, hint = PLANTED[fault]
    same = tar(directory("opt"))
    equal, layer = verify(context, tmp_path, lambda _, number: [same, tar(*entries(number))])
    assert (equal.verdict, layer.verdict) == (EQUAL, expected)
    assert [(item.field, item.hint) for item in layer.differences] == [(field, hint)]
    assert list(temporary.iterdir()) == []


def test_names_another_compressor(context: Path, tmp_path: Path) -> None:
    data = tar(file("a", bytes(range(256)) * 40))
    (layer,) = verify(context, tmp_path, lambda *_: [data], levels=(1, 9))
    assert (layer.verdict, layer.hint) == (COMPRESSOR, compare.OTHER_COMPRESSOR)


def test_equal_blobs_are_equal(context: Path, tmp_path: Path) -> None:
    (layer,) = verify(context, tmp_path, lambda *_: [tar(file("a"))], levels=(9, 9))
    assert layer.verdict == EQUAL


def test_another_number_of_layers_is_an_error(context: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="one build has 1 layers, the other 2"):
        verify(context, tmp_path, lambda _, number: [tar(file("a"))] * (number + 1))


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EngineError("the build failed")])
def test_nothing_is_left_of_a_verification_that_ends_early(error: BaseException, context: Path, tmp_path: Path, temporary: Path) -> None:
    def make(_: Path, number: int) -> list[bytes]:
        if number:
            raise error
        return [tar(file("a"))]

    engine = FakeEngine(tmp_path, make)
    with pytest.raises(type(error)):
        verify_image(BuildInputs(directory=context), engine, sleep=lambda _: None)
    assert len(engine.contexts) == 2
    assert engine.images == {}
    assert list(temporary.iterdir()) == []


def test_cache_mounts_of_podman_are_kept_apart(context: Path, tmp_path: Path, temporary: Path) -> None:
    """podman has one directory for the cache mounts of all builds, and would show the second one what the first left."""
    left: list[Path] = []

    def make(_: Path, number: int) -> list[bytes]:
        caches = Path(engine.environments[number]["TMPDIR"])
        assert list(caches.iterdir()) == []
        (caches / "buildah-cache-0").mkdir()
        left.append(caches)
        return [tar(file("x", b"1"))]

    engine = FakeEngine(tmp_path, make)
    engine._client = EngineClient(Client.PODMAN)
    assert [layer.verdict for layer in verify_image(BuildInputs(directory=context), engine, sleep=lambda _: None)] == [EQUAL]
    assert len(set(left)) == 2
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("mount", ["type=cache,target=/c", "target=/c,type=cache", "type=bind,source=a,target=/c"])
def test_podman_elsewhere_cannot_keep_them_apart(mount: str, context: Path, tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path, lambda *_: [tar(file("x", b"1"))])
    engine._client = EngineClient(Client.PODMAN, remote=True)
    (context / "Dockerfile").write_text(f"FROM a\nRUN --network=none \\\n    --mount={mount} true\n")
    if "cache" not in mount:
        assert verify_image(BuildInputs(directory=context), engine, sleep=lambda _: None)
        return
    with pytest.raises(EngineError, match="the second build would find what the first left there"):
        verify_image(BuildInputs(directory=context), engine, sleep=lambda _: None)
    assert engine.contexts == []
