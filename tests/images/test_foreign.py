"""Executables for another machine in images as they lie on disk, read as `optimizer lint` and `optimizer inspect` read them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli import inspect as inspect_command
from optimizer.cli import lint as lint_command
from tests.images.archives import directory, elf, file, link, tar, write_layout, write_saved

TOP = (directory("var"), directory("var/task"))
X86, ARM = elf(62), elf(183)


def findings(path: Path) -> list[str]:
    result = CliRunner().invoke(lint_command.command, [str(path), "--format", "json", "--select", "LIO664"])
    assert result.exit_code in (0, 1), result.output
    found = [item["message"] for item in json.loads(result.stdout)["findings"]]
    assert result.exit_code == bool(found)
    return found


@pytest.mark.parametrize("compress", [True, False])
def test_names_the_path_and_the_layer(tmp_path: Path, compress: bool) -> None:
    """Requirement: "one foreign executable is a finding with its path"."""
    layers = [tar(*TOP, file("var/task/own", ARM)), tar(*TOP, file("var/task/lib/tool.so", X86 + bytes(1 << 21), mode=0o755))]
    path = write_layout(tmp_path / "image", layers, compress=compress, platforms=["arm64"])
    (message,) = findings(path)
    assert message == "layer 2 (COPY 1 /) holds 1 executable or library for x86_64 in an image for arm64: var/task/lib/tool.so"


def test_reads_what_docker_saved(tmp_path: Path) -> None:
    path = write_saved(
        tmp_path / "shop.tar", [tar(*TOP, *(file(f"var/task/{number}.so", X86) for number in range(9)))], architecture="arm64"
    )
    assert findings(path)[0].endswith(
        "holds 9 executables or libraries for x86_64 in an image for arm64: "
        + ", ".join(f"var/task/{n}.so" for n in range(5))
        + " and 4 more"
    )


def test_counts_what_can_be_seen_alone(tmp_path: Path) -> None:
    below = tar(*TOP, *(file(f"var/task/{name}", X86) for name in ("deleted", "replaced", "kept")), link("var/task/again", "kept"))
    above = tar(*TOP, file("var/task/.wh.deleted"), file("var/task/replaced", ARM))
    (message,) = findings(write_layout(tmp_path / "image", [below, above], platforms=["arm64"]))
    assert message.endswith(": var/task/kept")


def test_an_image_for_the_machine_has_none(tmp_path: Path) -> None:
    assert findings(write_layout(tmp_path / "image", [tar(*TOP, file("var/task/own", X86), file("var/task/a.py", b"\x7fELF"))])) == []


def test_inspect_shows_it_too(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", [tar(*TOP, file("var/task/tool", X86))], platforms=["arm64"])
    result = CliRunner().invoke(inspect_command.command, [str(path)])
    assert "LIO664 foreign-executable: layer 1 (COPY 0 /) holds 1 executable or library for x86_64" in " ".join(result.stdout.split())
