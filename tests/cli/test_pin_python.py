"""The exact Python of a base in its pin: found in the layers of the registry that is asked, and said where it is not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.bases.lock import Lock, LockedImage
from optimizer.cli import pin, pinning
from tests.adapters.registry_server import RegistryServer, serving
from tests.images.archives import blobs_of, file, sha256, tar, zipped

PYTHON = "public.ecr.aws/lambda/python:3.13"
HEADER = "var/lang/include/python3.13/patchlevel.h"
SYSTEM = tar(file("etc/os-release", b"AL2023"))


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    # A line for each pin, whatever the terminal.
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(pinning, "today_in_utc", lambda: datetime.date(2026, 11, 24))
    monkeypatch.setattr("optimizer.adapters.registry.transport._FIRST_DELAY_S", 0)


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with serving() as server:
        yield server


def language(version: str) -> bytes:
    """The layer with the Python of a base."""
    return tar(file(HEADER, f'#define PY_VERSION "{version}"\n'.encode()))


def base(registry: RegistryServer, versions: Mapping[str, str], name: str = "lambda/python:3.13") -> None:
    """Put an index into the registry, of a base for each architecture; one without a version has no Python."""
    descriptors = {}
    for architecture, version in versions.items():
        layers = [SYSTEM, *([language(version)] if version else [])]
        blobs, top = blobs_of(layers, platforms=(architecture,))
        registry.blobs.update(blobs)
        registry.put(f"{name}-{architecture}", top["mediaType"], blobs[top["digest"]])
        descriptors[architecture] = blobs[top["digest"]]
    registry.index(name, descriptors)


def run(registry: RegistryServer, *arguments: str) -> Result:
    return CliRunner().invoke(pin.command, [*arguments, "--mirror", registry.host], catch_exceptions=False)


def locked(reference: str = PYTHON) -> LockedImage:
    lock = Lock.parse(Path("optimizer.lock").read_text(encoding="utf-8"))
    return next(image for image in lock.images if str(image.reference) == reference)


def blobs_asked(registry: RegistryServer) -> set[str]:
    return {path.rpartition("/")[2] for path in registry.requests if "/blobs/" in path}


def test_it_is_recorded_for_each_platform(registry: RegistryServer) -> None:
    """Requirement: "records in `optimizer.lock`, per image and platform, the exact Python version", "private mirrors", "tell on stderr what it reads"."""
    base(registry, {"amd64": "3.13.5", "arm64": "3.13.5"})
    result = run(registry, "--image", PYTHON)
    assert locked().programs["python"] == {"amd64": "3.13.5", "arm64": "3.13.5"}
    assert result.stdout.endswith("  added  Python 3.13.5\n")
    reading = [line for line in result.stderr.splitlines() if line.startswith("looking for")]
    size = len(zipped(SYSTEM)) + len(zipped(language("3.13.5")))
    assert sorted(reading) == [
        f"looking for the Python of {PYTHON} for linux/{name} in its layers, of {size} B in all" for name in ("amd64", "arm64")
    ]
    text = Path("optimizer.lock").read_text(encoding="utf-8")
    assert text.endswith('[image.python]\namd64 = "3.13.5"\narm64 = "3.13.5"\n')
    assert registry.host not in text


def test_no_layer_below_the_one_that_tells_it_is_fetched(registry: RegistryServer) -> None:
    base(registry, {"amd64": "3.13.5", "arm64": "3.13.4"})
    result = run(registry, "--image", PYTHON)
    assert locked().programs["python"] == {"amd64": "3.13.5", "arm64": "3.13.4"}
    assert result.stdout.endswith("  added  Python 3.13.5 for amd64, Python 3.13.4 for arm64\n")
    assert sha256(zipped(language("3.13.4"))) in blobs_asked(registry)
    assert sha256(zipped(SYSTEM)) not in blobs_asked(registry)


def test_a_lock_that_lacks_it_gets_it(registry: RegistryServer) -> None:
    """Requirement: "`pin` without `--update` on a lock that lacks the fact (fill it in)"."""
    base(registry, {"amd64": "3.13.5", "arm64": "3.13.5"})
    run(registry, "--image", PYTHON)
    whole = Path("optimizer.lock").read_text(encoding="utf-8")
    before = whole.partition("[image.python]")[0]
    Path("optimizer.lock").write_text(before.replace("2026-11-24", "2026-10-01"), encoding="utf-8")
    # A newer base is there: the pin stays, and the Python is that of what is pinned.
    base(registry, {"amd64": "3.13.9", "arm64": "3.13.9"})
    result = run(registry, "--image", PYTHON)
    assert result.stdout.endswith("  kept  Python 3.13.5\n")
    assert result.stderr.endswith("kept 1 image pinned already; --update resolves them again\nwrote optimizer.lock\n")
    assert Path("optimizer.lock").read_text(encoding="utf-8") == whole.replace("2026-11-24", "2026-10-01")
    registry.requests.clear()
    run(registry, "--image", PYTHON)
    assert registry.requests == [], "what is known is not looked for"
    run(registry, "--image", PYTHON, "--update")
    assert locked().programs["python"] == {"amd64": "3.13.9", "arm64": "3.13.9"}


def test_update_looks_again_even_at_the_same_image(registry: RegistryServer) -> None:
    """A version that is wrong in the lock is mended by the command that the failed build names."""
    base(registry, {"amd64": "3.13.5"})
    run(registry, "--image", PYTHON)
    path = Path("optimizer.lock")
    path.write_text(path.read_text(encoding="utf-8").replace("3.13.5", "3.13.4"), encoding="utf-8")
    run(registry, "--image", PYTHON, "--update")
    assert locked().programs["python"] == {"amd64": "3.13.5"}


def test_what_is_not_found_is_said_and_not_recorded(registry: RegistryServer) -> None:
    """Requirement: "say what cannot be found (then nothing is recorded and everything works as today)"."""
    base(registry, {"amd64": "3.13.5", "arm64": ""})
    result = run(registry, "--image", PYTHON)
    assert result.exit_code == 0
    assert locked().programs["python"] == {"amd64": "3.13.5"}
    assert result.stdout.endswith("  added  Python 3.13.5 for amd64\n")
    assert (
        f"warning: the Python of {PYTHON} for linux/arm64 is not recorded, so a patch of this base has its packages installed and byte-code made again: "
        "no file of it tells one version\n"
    ) in result.stderr


def test_layers_that_cannot_be_fetched_leave_the_pin_without_it(registry: RegistryServer) -> None:
    """Networks that let manifests through and not the host of the blobs could pin before."""
    base(registry, {"amd64": "3.13.5"})
    registry.missing = sha256(zipped(language("3.13.5")))
    result = run(registry, "--image", PYTHON)
    assert result.exit_code == 0
    assert locked().programs == {}
    assert "is not recorded" in result.stderr
    assert "404, BLOB_UNKNOWN" in result.stderr
    registry.missing = ""
    assert run(registry, "--image", PYTHON).stdout.endswith("  kept  Python 3.13.5\n")


def test_other_images_are_not_read(registry: RegistryServer) -> None:
    """Requirement: "only Python runtimes"; since then those of Node.js too."""
    for name in ("lambda/ruby:3.4", "team/python:3.13"):
        base(registry, {"amd64": "3.13.5"}, name)
    run(registry, "--image", "ruby3.4", "--image", f"{registry.host}/team/python:3.13")
    assert blobs_asked(registry) == set()
    # Of a pin for every platform alone, there is no manifest to read.
    Path("optimizer.lock").write_text(
        f'version = 1\n[[image]]\nreference = "{PYTHON}"\ndigest = "sha256:{"0" * 64}"\nresolved = 2026-11-24\nkind = "index"\n'
    )
    registry.requests.clear()
    run(registry, "--image", PYTHON)
    assert registry.requests == []


def test_a_copy_of_the_base_under_the_end_of_its_path_is_read(registry: RegistryServer) -> None:
    base(registry, {"amd64": "3.13.5"}, "ecr-public/lambda/python:3.13-x86_64")
    run(registry, "--image", f"{registry.host}/ecr-public/lambda/python:3.13-x86_64")
    assert locked(f"{registry.host}/ecr-public/lambda/python:3.13-x86_64").programs["python"] == {"amd64": "3.13.5"}


def test_nodejs_and_npm_are_recorded_of_a_base_of_nodejs(registry: RegistryServer) -> None:
    versions = "".join(f"#define NODE_{name}_VERSION {number}\n" for name, number in (("MAJOR", 22), ("MINOR", 14), ("PATCH", 0)))
    header = file("var/lang/include/node/node_version.h", versions.encode())
    manifest = file("var/lang/lib/node_modules/npm/package.json", b'{"version": "10.9.2"}')
    descriptors = {}
    for architecture, files in {"amd64": [header, manifest], "arm64": [header]}.items():
        blobs, top = blobs_of([SYSTEM, tar(*files)], platforms=(architecture,))
        registry.blobs.update(blobs)
        registry.put(f"lambda/nodejs:22-{architecture}", top["mediaType"], blobs[top["digest"]])
        descriptors[architecture] = blobs[top["digest"]]
    registry.index("lambda/nodejs:22", descriptors)
    reference = "public.ecr.aws/lambda/nodejs:22"
    result = run(registry, "--image", reference)
    assert locked(reference).programs == {"node": {"amd64": "22.14.0", "arm64": "22.14.0"}, "npm": {"amd64": "10.9.2"}}
    assert result.stdout.endswith("  added  Node.js 22.14.0, npm 10.9.2 for amd64\n")
    assert (
        f"warning: the npm of {reference} for linux/arm64 is not recorded, so a patch of this base has its packages installed again: "
        in (result.stderr)
    )
