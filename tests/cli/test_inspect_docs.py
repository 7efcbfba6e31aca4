"""docs/inspect.md: its command is run, and answers what the page shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli import inspect
from tests.images.archives import directory, file, tar, write_saved

PAGE = Path(__file__).parents[2] / "docs" / "inspect.md"
((COMMAND, SHOWN),) = re.findall(
    r"^```console\n\$ optimizer inspect (.*?)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
TASK = (directory("var"), directory("var/task"))
BASE = [
    (tar(file("etc/os-release", b"x" * 31_000_000), file("var/lib/rpm/rpmdb.sqlite", b"x" * 7_400_000)), "ADD rootfs.tar.xz / # buildkit"),
    (
        tar(file("var/lang/bin/python3.13", b"x" * 18_200_000), file("var/lib/rpm/rpmdb.sqlite", b"y" * 7_500_000)),
        "RUN /bin/sh -c dnf install -y python3.13 && dnf clean all && rm -rf /var/cache/dnf # buildkit",
    ),
    (tar(file("lambda-entrypoint.sh", b"x" * 4_000, mode=0o755)), "COPY lambda-entrypoint.sh /lambda-entrypoint.sh # buildkit"),
]
PACKAGES = (
    tar(*TASK, directory("var/task/pydantic"), file("var/task/pydantic/main.py", b"x" * 11_100_000)),
    "COPY --from=packages /layer/tree/ /",
)
COMMON = (tar(*TASK, file("var/task/common.py", b"x" * 41_500)), "COPY --from=common /layer/tree/ /")


@pytest.mark.parametrize("columns", [None, "80"])
def test_the_page_shows_what_the_command_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    for name in ("catalog", "orders"):
        code = (tar(*TASK, file("var/task/app.py", name.encode() * 1500)), "COPY --from=code /layer/tree/ /")
        layers = [*BASE, PACKAGES, COMMON, code]
        history = [{"created_by": step} for _, step in layers]
        history.insert(len(BASE), {"created_by": 'ENTRYPOINT ["/lambda-entrypoint.sh"]', "empty_layer": True})  # type: ignore[dict-item]
        write_saved(Path(f"{name}.tar"), [layer for layer, _ in layers], history=history)
    said = CliRunner().invoke(inspect.command, shlex.split(COMMAND), catch_exceptions=False).stdout
    first, second = said.split("\n\n")
    assert f"{first}\n" == SHOWN
    assert second.startswith("orders.tar: ")
