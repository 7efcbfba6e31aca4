"""The scripts that put a tree of Python packages right, run as a stage runs them."""

from __future__ import annotations

import base64
import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.python_scripts import flatten, forget, overlaps
from optimizer.builders.docker.tree_scripts import expected
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv

# An installer that writes what it was told to bring, whatever it is asked for.
INSTALLER = """
import json, pathlib, sys
options = sys.argv[2:]
target, requirement = options[options.index("--target") + 1], options[-1]
for path, text in json.loads(sys.argv[1])[requirement].items():
    file = pathlib.Path(target, path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
"""


def run(script: Script, tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv(script, tree, *script.arguments[1:]), capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def install(tree: Path, name: str, files: Mapping[str, str], metadata: Mapping[str, str] | None = None, prefix: str = "") -> Path:
    """Put a package into the tree as an installer does; ``prefix`` is how its RECORD leads to the tree."""
    task = tree / "var" / "task"
    info = task / f"{name}.dist-info"
    info.mkdir(parents=True)
    rows = [f"{info.name}/RECORD,,"]
    for path, text in files.items():
        (task / path).parent.mkdir(parents=True, exist_ok=True)
        (task / path).write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{prefix}{path},sha256={digest},{len(text)}")
    for path, text in (metadata or {}).items():
        (info / path).write_text(text)
        rows.append(f"{info.name}/{path},sha256=0,0")
    (info / "RECORD").write_text("\n".join(rows) + "\n")
    return info


def installer(brings: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    return (sys.executable, "-c", INSTALLER, json.dumps(brings))


@pytest.mark.parametrize("last", ["alpha", "Beta_2"])
def test_the_last_by_name_keeps_its_files(last: str, tmp_path: Path) -> None:
    packages = {
        "alpha-1.0": {"cv2/a.py": "alpha", "bin/cv": "alpha", "alone.py": "alpha"},
        "Beta_2-1.0+cpu": {"cv2/a.py": "beta", "bin/cv": "beta"},
    }
    for name in sorted(packages, key=lambda item: item.startswith(last)):
        install(tmp_path, name, packages[name], prefix="../../" if name.startswith("Beta") else "")
    result = run(overlaps(installer({"Beta_2==1.0+cpu": packages["Beta_2-1.0+cpu"]})), tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "note: alpha 1.0 and Beta_2 1.0+cpu both hold bin/cv and 1 more files: what Beta_2 1.0+cpu holds stays\n"
    assert {path: (tmp_path / "var/task" / path).read_text() for path in ("cv2/a.py", "bin/cv", "alone.py")} == {
        "cv2/a.py": "beta",
        "bin/cv": "beta",
        "alone.py": "alpha",
    }


def test_equal_files_are_no_overlap(tmp_path: Path) -> None:
    install(tmp_path, "alpha-1.0", {"tests/__init__.py": ""})
    install(tmp_path, "beta-1.0", {"tests/__init__.py": ""})
    result = run(overlaps(installer({})), tmp_path)
    assert (result.returncode, result.stdout) == (0, "")


def test_a_package_comes_from_where_it_came_from(tmp_path: Path) -> None:
    direct = {"url": "https://example.com/b.git", "vcs_info": {"vcs": "git", "commit_id": "4" * 40}, "subdirectory": "lib"}
    install(tmp_path, "beta-1.0", {"shared.py": "beta"}, {"direct_url.json": json.dumps(direct)})
    install(tmp_path, "alpha-1.0", {"shared.py": "alpha"})
    asked = f"beta @ git+https://example.com/b.git@{'4' * 40}#subdirectory=lib"
    assert run(overlaps(installer({asked: {"shared.py": "beta"}})), tmp_path).returncode == 0
    assert (tmp_path / "var/task/shared.py").read_text() == "beta"


def test_it_comes_from_the_indexes_of_the_requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public index would be asked for a private name, and fail, or have a package of that name."""
    monkeypatch.setenv("TOKEN", "secret")
    install(tmp_path, "beta-1.0", {"shared.py": "beta"})
    install(tmp_path, "alpha-1.0", {"shared.py": "alpha"})
    (tmp_path / "more.txt").write_text("--extra-index-url https://${TOKEN}@more.example.com/simple\n-f wheels\n")
    (tmp_path / "r.txt").write_text("-i https://example.com/simple\n-r more.txt\nbeta==1.0 --hash=sha256:00\n")
    log = f"import sys; open({str(tmp_path / 'log')!r}, 'w').write(' '.join(sys.argv[1:-3]))\n"
    brings = json.dumps({"beta==1.0": {"shared.py": "beta"}})
    command = (
        sys.executable,
        "-c",
        log + INSTALLER.replace("sys.argv[2:]", "sys.argv[1:]").replace("json.loads(sys.argv[1])", f"json.loads({brings!r})"),
    )
    extra = "--extra-index-url https://secret@more.example.com/simple"
    for given, expected_words in (
        ((), f"--index-url https://example.com/simple {extra}"),
        (("--index-url", "own"), f"--index-url own {extra}"),
    ):
        (tmp_path / "var/task/shared.py").write_text("alpha")
        result = run(overlaps((*command, *given), str(tmp_path / "r.txt")), tmp_path)
        assert result.returncode == 0, result.stderr
        assert (tmp_path / "log").read_text() == expected_words


def test_other_bytes_than_those_whose_hash_was_checked_are_refused(tmp_path: Path) -> None:
    install(tmp_path, "beta-1.0", {"shared.py": "beta"})
    install(tmp_path, "alpha-1.0", {"shared.py": "alpha"})
    result = run(overlaps(installer({"beta==1.0": {"shared.py": "something else"}})), tmp_path)
    assert result.returncode != 0
    assert "beta 1.0 holds another shared.py than when it was first installed" in result.stderr


def test_a_tree_without_packages_stays_as_it_is(tmp_path: Path) -> None:
    for script in (overlaps(()), forget()):
        assert run(script, tmp_path).returncode == 0


def test_where_and_when_a_package_was_built_is_forgotten(tmp_path: Path) -> None:
    own = install(
        tmp_path, "own-1.0", {"own.py": ""}, {"uv_cache.json": "{}", "direct_url.json": '{"url": "file:///src/own"}', "METADATA": ""}
    )
    other = install(tmp_path, "other-1.0", {"other.py": ""}, {"direct_url.json": '{"url": "https://example.com/other.whl"}'})
    assert run(forget(), tmp_path).returncode == 0
    assert sorted(path.name for path in own.iterdir()) == ["METADATA", "RECORD"]
    assert "json" not in (own / "RECORD").read_text()
    assert "own.py" in (own / "RECORD").read_text()
    assert (other / "direct_url.json").exists()


def test_requirements_become_one_file(tmp_path: Path) -> None:
    root = tmp_path / "src"
    for path, text in {
        "api/requirements.txt": "-rbase.txt\n--find-links ../flat\n-c \\\nlimits.txt\n./libs/lib\n-e git+https://example.com/a.git@1#egg=a\n"
        "b[x] @ file:../wheels/b-1-py3-none-any.whl ; python_version > '3'\nwheels/c-1-py3-none-any.whl --hash=sha256:0\n",
        "api/base.txt": "six==1 \\\n    --hash=sha256:0  # why\n-r requirements.txt\n",
        "api/limits.txt": "six<2\n",
        "flat/d-1-py3-none-any.whl": "",
        "wheels/b-1-py3-none-any.whl": "",
        "wheels/c-1-py3-none-any.whl": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    output = tmp_path / "requirements.txt"
    result = run(flatten(str(root / "api/requirements.txt"), str(root), str(output), ("directory",)), tmp_path)
    assert result.returncode == 0, result.stderr
    assert [" ".join(line.split()) for line in output.read_text().splitlines()] == [
        "six==1 --hash=sha256:0",
        f"--find-links {root}/flat",
        f"--constraint {root}/api/limits.txt",
        "git+https://example.com/a.git@1#egg=a",
        f"b[x] @ file://{root}/wheels/b-1-py3-none-any.whl ; python_version > '3'",
        f"file://{root}/wheels/c-1-py3-none-any.whl --hash=sha256:0",
    ]
    assert run(flatten(str(root / "api/requirements.txt"), str(root), str(output), ("directory", "vcs")), tmp_path).returncode == 0
    assert "git+" not in output.read_text()


def test_the_python_that_was_named_goes_on_in_silence() -> None:
    (script,) = expected({"python": platform.python_version()})
    done = started(script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert expected({}) == ()


def test_another_python_ends_the_build_and_says_what_to_do() -> None:
    """Requirement: "fails the build with a clear message (what, wanted, found, fix: `optimizer pin --update`)"."""
    (script,) = expected({"python": "3.13.99"})
    done = started(script)
    assert done.returncode == 1
    assert done.stderr == (
        "this layer is of Python 3.13.99, which optimizer.lock has for the base image, and the base image has Python "
        f"{platform.python_version()}\nhint: run optimizer pin --update, then synthesize or render again\n"
    )


def started(script: Script) -> subprocess.CompletedProcess[str]:
    """A script that takes no tree, run as the stage runs it."""
    return subprocess.run(argv(script, *script.arguments), capture_output=True, text=True, check=False, timeout=PATIENCE_S)
