"""Refreshing the data file of tools, against registries on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from maintenance.tools import main
from optimizer.bases.tools import read_tools_data

MANYLINUX = ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64.manylinux2014_aarch64", "manylinux_2_17_x86_64.manylinux2014_x86_64")
OTHERS = ("musllinux_1_1_x86_64", "manylinux_2_17_i686", "macosx_11_0_arm64")
DATA: Mapping[str, Any] = {
    "tools": {
        "uv": {"registry": "pypi", "package": "uv", "version": "0.1.0", "source": "s", "hashes": [f"sha256:{0:064}"], "same_major": True},
        "hatchling": {"registry": "pypi", "package": "hatchling", "version": "1.0", "source": "s"},
        "yarn": {"registry": "npm", "package": "@yarnpkg/cli-dist", "version": "4.0.0", "source": "s", "same_major": True},
    },
    "images": {"golang": {"source": "s", "reference": "example.com/golang:1.25"}},
}


def wheel(package: str, version: str, platform: str = "any", python: str = ">=3.8", **more: Any) -> dict[str, Any]:
    name = f"{package}-{version}-py3-none-{platform}.whl"
    return {"filename": name, "hashes": {"sha256": f"digest of {name}"}, "requires-python": python, **more}


class Pages(BaseHTTPRequestHandler):
    """Pages by their paths; each asks for its own form."""

    pages: Mapping[str, tuple[str, Any]] = {}

    def do_GET(self) -> None:
        form, page = self.pages.get(self.path, ("", None))
        body = json.dumps(page).encode()
        self.send_response(200 if page is not None and self.headers["Accept"] == form else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[tuple[str, dict[str, tuple[str, Any]]]]:
    """The address of a server, and its pages."""
    known: dict[str, tuple[str, Any]] = {}
    handler = type("Known", (Pages,), {"pages": known})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def registries(pages: tuple[str, dict[str, tuple[str, Any]]], tmp_path: Path) -> list[str]:
    """The options that name the registries and a data file."""
    address, known = pages
    simple, npm = "application/vnd.pypi.simple.v1+json", "application/vnd.npm.install-v1+json"
    every = (*MANYLINUX, *OTHERS)
    known["/simple/uv/"] = (
        simple,
        {
            "files": [
                *(wheel("uv", version, platform) for version in ("0.1.0", "0.9.0", "0.10.0", "1.0.0") for platform in every),
                *(wheel("uv", "0.11.0", platform, yanked="broken") for platform in every),
                *(wheel("uv", "0.12.0rc1", platform) for platform in every),
                # Not for arm64 yet.
                wheel("uv", "0.13.0", "manylinux_2_17_x86_64"),
                {"filename": "uv-0.14.0.tar.gz", "hashes": {}, "requires-python": ">=3.8"},
                {"filename": "strange", "hashes": {}},
            ]
        },
    )
    known["/simple/hatchling/"] = (
        simple,
        {"files": [wheel("hatchling", "1.0"), wheel("hatchling", "2.0"), wheel("hatchling", "2.1", python=">=3.14")]},
    )
    known["/@yarnpkg%2Fcli-dist"] = (
        npm,
        {"versions": {"4.0.0": {}, "4.2.0": {}, "4.10.0": {}, "4.11.0": {"deprecated": "no"}, "4.12.0-rc.1": {}, "5.0.0": {}}},
    )
    data = tmp_path / "tools.json"
    data.write_text(json.dumps(DATA, indent=2) + "\n", encoding="utf-8")
    return ["--pypi", f"{address}/simple/", "--npm", address, "--data", str(data)]


def written(registries: list[str]) -> str:
    return Path(registries[-1]).read_text(encoding="utf-8")


def test_takes_the_newest_versions_that_stages_can_use(registries: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(registries) == 0
    known = read_tools_data(written(registries))
    assert {name: tool.tool.version for name, tool in known.tools.items()} == {"uv": "0.10.0", "hatchling": "2.0", "yarn": "4.10.0"}
    # x86_64 before arm64, and of each the names in order.
    x86_64, older_arm64, arm64 = known.tools["uv"].tool.hashes
    assert "manylinux_2_17_x86_64" in x86_64
    assert "manylinux_2_17_aarch64" in older_arm64
    assert "manylinux_2_28_aarch64" in arm64
    assert json.loads(written(registries))["images"] == DATA["images"]
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "uv 0.1.0 -> 0.10.0; 1.0.0 exists, and is of another major version",
        "hatchling 1.0 -> 2.0; 2.1 exists, and does not run wherever this one does",
        "yarn 4.0.0 -> 4.10.0; 5.0.0 exists, and is of another major version",
        "golang: images are kept; choose their tags by hand",
    ]


def test_a_second_refresh_changes_nothing(registries: list[str]) -> None:
    assert main(["--check", *registries]) == 1
    assert json.loads(written(registries)) == DATA
    main(registries)
    before = written(registries)
    assert main(["--check", *registries]) == 0
    assert main(registries) == 0
    assert written(registries) == before


def test_a_wheel_more_of_the_same_version_is_an_outdated_file(registries: list[str], pages: tuple[str, dict[str, tuple[str, Any]]]) -> None:
    main(registries)
    pages[1]["/simple/uv/"][1]["files"].append(wheel("uv", "0.10.0", "manylinux_2_31_aarch64"))
    assert main(["--check", *registries]) == 1


def test_a_registry_that_does_not_answer_leaves_the_file(
    registries: list[str], pages: tuple[str, dict[str, tuple[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    del pages[1]["/@yarnpkg%2Fcli-dist"]
    assert main(registries) == 2
    assert json.loads(written(registries)) == DATA
    assert "404" in capsys.readouterr().err


def test_an_older_release_is_never_taken(registries: list[str], pages: tuple[str, dict[str, tuple[str, Any]]]) -> None:
    pages[1]["/simple/hatchling/"][1]["files"][:] = [wheel("hatchling", "0.9")]
    main(registries)
    assert read_tools_data(written(registries)).tools["hatchling"].tool.version == "1.0"
