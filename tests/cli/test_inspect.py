from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.adapters.engine import Engine
from optimizer.cli import inspect
from optimizer.errors import EngineError, ImageError, OptimizerError, SpecError
from optimizer.linting.rules import RULES
from tests.adapters.registry_server import serving
from tests.images.archives import blobs_of, directory, file, sha256, tar, write_layout, write_saved
from tests.images.test_analysis import image
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
BASE = tar(directory("var"), directory("var/task"), file("etc", b"x" * 5000))
DEPENDENCIES = tar(directory("var"), directory("var/task"), file("var/task/lib.py", b"y" * 3000))
CODE = tar(directory("var"), directory("var/task"), file("var/task/app.py", b"z"), file("var/task/.wh.lib.py"))
HISTORY = [
    {"created_by": "ADD rootfs.tar / # buildkit"},
    {"created_by": 'ENTRYPOINT ["/lambda-entrypoint.sh"]', "empty_layer": True},
    {"created_by": "COPY /layer/ / # buildkit"},
    {"created_by": "RUN /bin/sh -c rm lib.py # buildkit"},
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, on a machine without an engine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    return tmp_path


def run(*arguments: str) -> Result:
    """The outcome of a call; what it raises comes out as it is."""
    return CliRunner().invoke(inspect.command, arguments, catch_exceptions=False)


def one_line(text: str) -> str:
    """The text without its line breaks, which depend on the width."""
    return " ".join(text.split())


def shop(path: str = "shop.tar", **options: object) -> str:
    write_saved(Path(path), [BASE, DEPENDENCIES, CODE], history=HISTORY, **options)  # type: ignore[arg-type]
    return path


def test_a_person_sees_layers_base_and_waste() -> None:
    result = run(shop())
    assert result.exit_code == 0
    assert result.stderr == "reading shop.tar\n"
    ids = [sha256(layer)[7:19] for layer in (BASE, DEPENDENCIES, CODE)]
    assert result.stdout == (
        "shop.tar: linux/amd64, from an archive of docker save\n"
        "own layers: 20.5 kB in 2 layers\n"
        "  layer  id            size                 wasted  step\n"
        f"      2  {ids[1]}  10.2 kB  ██████████  3.0 kB  COPY /layer/ /\n"
        f"      3  {ids[2]}  10.2 kB  ██████████  -       RUN rm lib.py\n"
        "base: 10.2 kB in 1 layer, recognised by AWS's entrypoint in the history; --base\n"
        "  is exact\n"
        "  layer  id            size     step\n"
        f"      1  {ids[0]}  10.2 kB  ADD rootfs.tar /\n"
        "in all: 30.7 kB uncompressed, compressed size unknown\n"
        "wasted: 3.0 kB in 1 file, 3.0 kB of it by own layers; the largest:\n"
        "  size    written by  then                path\n"
        "  3.0 kB  layer 2     deleted by layer 3  var/task/lib.py\n"
        "Lambda's rules: none broken\n"
    )


def test_a_machine_gets_all_of_it() -> None:
    (image,) = json.loads(run(shop(), "--format", "json").stdout)["images"]
    assert (image["name"], image["source"], image["platform"], image["digest"]) == ("shop.tar", "archive", "linux/amd64", None)
    assert image["base"]["how"] == "history"
    assert image["layers"][1] == {
        "number": 2,
        "diffId": sha256(DEPENDENCIES),
        "digest": None,
        "mediaType": None,
        "compression": "none",
        "compressedBytes": None,
        "compressedBytesEstimated": False,
        "uncompressedBytes": len(DEPENDENCIES),
        "entries": 3,
        "wastedBytes": 3000,
        "fromBase": False,
        "sharedWith": [],
        "step": "COPY /layer/ /",
    }
    assert image["wasted"]["largest"] == [{"path": "var/task/lib.py", "bytes": 3000, "layer": 2, "byLayer": 3, "how": "deleted"}]
    assert image["violations"] == []


def test_the_compressed_size_is_estimated_on_request() -> None:
    (image,) = json.loads(run(shop(), "--estimate", "--format", "json").stdout)["images"]
    assert all(layer["compressedBytesEstimated"] and 0 < layer["compressedBytes"] < 500 for layer in image["layers"])
    assert "about " in run(shop(), "--estimate").stdout


def test_the_base_is_exact_where_it_is_named() -> None:
    write_saved(Path("base.tar"), [BASE, DEPENDENCIES])
    result = run(shop(), "--base", "base.tar")
    assert "base: 20.5 kB in 2 layers, those of base.tar\n" in result.stdout


def test_a_base_of_the_engine_is_described_without_saving_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "has", lambda *_: True)
    monkeypatch.setattr(Engine, "describe", lambda *_: replace(image(sha256(BASE)), name="base:1"))
    assert "base: 10.2 kB in 1 layer, those of base:1\n" in run(shop(), "--base", "base:1").stdout


def test_several_images_show_what_they_share() -> None:
    write_saved(Path("other.tar"), [BASE, CODE])
    result = run(shop(), "other.tar")
    assert "shared with other.tar: 2 of 3 layers, 20.5 kB\n" in result.stdout
    assert "shared with shop.tar: 2 of 2 layers, 20.5 kB\n" in result.stdout
    images = json.loads(run("shop.tar", "other.tar", "--format", "json").stdout)["images"]
    assert [layer["sharedWith"] for layer in images[0]["layers"]] == [["other.tar"], [], ["other.tar"]]


def test_a_broken_rule_of_severity_error_is_exit_code_1() -> None:
    result = run(shop(Entrypoint=["/lambda-entrypoint.sh"], Cmd=["python", "app.py"]))
    assert result.exit_code == 1
    assert (
        "error: LIO603 command-with-several-words: the command ['python', 'app.py'] has 2 words; AWS's entrypoint takes one, the handler"
        in one_line(result.stdout)
    )
    assert '  hint: write only the handler, in JSON form: CMD ["app.handler"]\n' in result.stdout


def test_a_warning_is_exit_code_0() -> None:
    result = run(shop(User="1000"))
    assert result.exit_code == 0
    assert "warning: LIO602 user-set: " in result.stdout


def test_a_layout_is_told_from_an_archive_by_what_is_in_it() -> None:
    write_layout(Path("layout"), [BASE])
    write_layout(Path("layout.tar"), [BASE], archive=True)
    write_layout(Path("saved.tar"), [BASE], saved=True)
    for subject, kind in {"layout": "an OCI layout", "layout.tar": "an OCI layout", "saved.tar": "an archive of docker save"}.items():
        assert run(subject).stdout.startswith(f"{subject}: linux/amd64, from {kind}\n")
    assert run("saved.tar", "--from", "layout").stdout.startswith("saved.tar: linux/amd64, from an OCI layout\n")


def test_an_uncompressed_layout_breaks_a_rule_and_names_the_layer() -> None:
    write_layout(Path("layout"), [BASE], compress=False)
    result = run("layout")
    assert result.exit_code == 1
    assert "error: LIO655 layer-uncompressed: layer 1 is stored uncompressed; allowed: gzip\n" in result.stdout


def test_a_registry_is_asked_last() -> None:
    with serving() as server:
        blobs, top = blobs_of([BASE])
        server.blobs.update(blobs)
        server.put("shop:1", top["mediaType"], blobs[top["digest"]])
        for reference in (f"{server.host}/shop:1", f"{server.host}/shop@{top['digest']}"):
            result = run(reference)
            assert result.exit_code == 0
            digits = top["digest"][7:19]
            name = "shop:1" if reference.endswith("shop:1") else f"shop@{digits}"
            assert result.stdout.startswith(f"{name}: linux/amd64, from the registry {server.host}\ndigest: {digits}\n")


def test_a_file_wins_over_the_engine_and_the_engine_over_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    import contextlib

    asked = []

    @contextlib.contextmanager
    def saved(_: Engine, name: str):  # type: ignore[no-untyped-def]
        yield Path("engine.tar")

    def has(_: Engine, name: str) -> bool:
        asked.append(name)
        return True

    monkeypatch.setattr(Engine, "has", has)
    monkeypatch.setattr(Engine, "saved", saved)
    shop("engine.tar")
    assert run("engine.tar").stdout.startswith("engine.tar: linux/amd64, from an archive of docker save\n")
    assert asked == []
    assert run("127.0.0.1:1/shop:1").stdout.startswith("shop:1: linux/amd64, from the engine\n")
    assert run("engine.tar", "--from", "engine").stdout.startswith("engine.tar: linux/amd64, from the engine\n")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ["nothing.tar"],
            ImageError,
            'no image "nothing.tar": there is no such file, there is no docker on this machine, and it is not a reference with a registry',
        ),
        (["nothing.tar", "--from", "archive"], ImageError, '"nothing.tar" cannot be read: No such file or directory'),
        (["shop:1", "--from", "engine"], EngineError, "there is no docker on this machine"),
        (["shop:1", "--from", "registry"], SpecError, '"shop:1" is not an image reference with a registry'),
    ],
)
def test_what_cannot_be_found_is_one_error(arguments: list[str], error: type[OptimizerError], message: str) -> None:
    with pytest.raises(error) as raised:
        run(*arguments)
    assert str(raised.value).startswith(message)
    assert raised.value.faults[0].hint


def test_hostile_names_reach_the_terminal_escaped() -> None:
    evil = tar(directory("var"), directory("var/task"), file("var/task/\x1b[2Jx\udcff", b"1", mode=0o600))
    write_saved(Path("evil.tar"), [evil])
    result = run("evil.tar")
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert r"var/task/\x1b[2Jx\udcff (0600)" in result.stdout
    assert run("evil.tar", "--format", "json").exit_code == 1


def test_the_page_lists_what_is_judged() -> None:
    page = (ROOT / "docs" / "inspect.md").read_text(encoding="utf-8")
    for rule in RULES:
        row = f"| [{rule.id}](rules/{rule.id}.md) | {rule.name} | {rule.severity.value} | {rule.summary} |"
        # The sizes that a company allows are no rules of Lambda's.
        assert (row in page) is (rule.image is not None and rule.id not in ("LIO671", "LIO672")), rule.id


def test_no_traceback_on_the_command_line(here: Path) -> None:
    Path("bad.tar").write_bytes(b"\0\1\2" * 1000)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "optimizer", "inspect", "bad.tar"]
    result = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-2:] == [
        'error: "bad.tar" is not a tar archive',
        "  hint: make the archive again, for example: docker save --output image.tar IMAGE",
    ]
