"""Of requirements, only lines reach uv with which it has nothing built."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.adapters.host.requirements import write_requirements
from optimizer.adapters.host.tree import Obstacle
from optimizer.locks.markers import patch_matters

HASH = "--hash=sha256:" + "a" * 64
MARKERS = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_version": "3.11",
    "sys_platform": "linux",
    "extra": "",
}


def written(tmp_path: Path, text: str) -> list[str]:
    source = tmp_path / "src" / "requirements.txt"
    source.parent.mkdir(exist_ok=True)
    source.write_text(text, encoding="utf-8")
    target = tmp_path / "checked.txt"
    write_requirements(source, target, tmp_path / "src")
    return target.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"six==1.17.0 {HASH}", f"six==1.17.0 {HASH}"),
        (f"six==1.17.0 \\\n    {HASH} \\\n    {HASH}  # via app", f"six==1.17.0 {HASH} {HASH}"),
        (f"a[b,c]==1 ; python_version < '3.14' --hash sha256:{'a' * 64}", f'a[b,c]==1 ; python_version < "3.14" {HASH}'),
        ("a @ https://example.com/a-1-py3-none-any.whl", "a @ https://example.com/a-1-py3-none-any.whl"),
        ("-i https://u:${SECRET}@example.com/simple", "--index-url https://u:${SECRET}@example.com/simple"),
        ("--extra-index-url=https://example.com/simple", "--extra-index-url https://example.com/simple"),
        ("--no-index", "--no-index"),
    ],
)
def test_what_is_installed_keeps_its_meaning(line: str, expected: str, tmp_path: Path) -> None:
    assert written(tmp_path, line) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        # uv builds these two whatever --only-binary says.
        "--no-binary six",
        "--no-binary=:all:",
        "-e ./lib",
        "-e./lib",
        "--editable lib",
        "--only-binary six",
        "--config-settings x=y",
        "-c constraints.txt",
        "--trusted-host example.com",
        "--unheard-of",
        "-",
        f"six==1.17.0 {HASH} --no-binary six",
        "./lib",
        "lib/",
        "a @ ./lib",
        "a @ git+https://example.com/a.git@" + "0" * 40,
        "git+https://example.com/a.git",
        "a @ https://example.com/a-1.tar.gz",
        "a @ https://example.com/a-1.tar.gz#egg=a-1.whl",
        "a @ file:///src/lib",
        "file:///src/a.tar.gz",
        "a @ file:///etc/a-1-py3-none-any.whl",
        "file:///etc/a-1-py3-none-any.whl",
        "a @ ftp://example.com/a-1-py3-none-any.whl",
        "--find-links ../../wheels",
        "-r ../../other.txt",
        "six==1.17.0\v--no-binary six",
        "six==1.17.0\x0c-e lib",
        "six==1.17.0\u2028-e lib",
    ],
)
def test_what_could_be_built_is_an_obstacle(line: str, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("six\n")
    (tmp_path / "a").mkdir()
    with pytest.raises(Obstacle):
        written(tmp_path / "a", line)


def test_included_files_are_written_in_their_place(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "base.txt").write_text("-r requirements.txt\nidna==3.20\n")
    assert written(tmp_path, "six==1.17.0\n-r base.txt\njinja2==3.1.6\n") == ["six==1.17.0", "idna==3.20", "jinja2==3.1.6"]
    (tmp_path / "src" / "base.txt").write_text("--no-binary :all:\n")
    with pytest.raises(Obstacle, match="--no-binary"):
        written(tmp_path, "-r base.txt\n")


@pytest.mark.parametrize("content", [None, b"six==1.17.0 # \xff\n"])
def test_an_included_file_that_cannot_be_read_is_an_obstacle(content: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    if content is not None:
        (tmp_path / "src" / "base.txt").write_bytes(content)
    with pytest.raises(Obstacle, match="base.txt"):
        written(tmp_path, "-r base.txt\n")


def test_a_password_is_in_no_reason(tmp_path: Path) -> None:
    with pytest.raises(Obstacle) as caught:
        written(tmp_path, "a @ https://user:hunter2@example.com/a.tar.gz")
    assert "hunter2" not in str(caught.value)
    assert "example.com" in str(caught.value)


@pytest.mark.parametrize(
    ("marker", "matters"),
    [
        ("", False),
        ("python_full_version < '3.11.3'", True),
        ("python_full_version < '3.11'", False),
        ("python_full_version >= '3.12'", False),
        ("python_full_version < '3.11.3' and sys_platform == 'win32'", False),
        ("python_full_version < '3.11.3' or sys_platform == 'linux'", False),
        ("implementation_version == '3.11.4'", True),
        ("python_full_version < '3.11.3' and extra == 'x'", True),
        ("python_full_version <= '3.11.0a6' and extra == 'toml'", False),
        ("'x' in extras and python_full_version < '3.11.3'", True),
        ("python_version < '3.12'", False),
    ],
)
def test_a_patch_release_that_decides_is_noticed(marker: str, matters: bool) -> None:
    """redis asks for async-timeout below Python 3.11.3: with another patch release it is another tree."""
    assert patch_matters(marker, MARKERS) is matters
