"""Requirements files by pip's rules."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.locks.python import From
from optimizer.locks.requirements import Requirements, local_of, read_requirements

COMMIT = "4295027a9c5508540929a4438e5b0bba0374a0cf"


def read(files: Mapping[str, str], path: str = "api/requirements.txt", directories: tuple[str, ...] = ()) -> Requirements:
    kinds = {**dict.fromkeys(files, "file"), **dict.fromkeys(directories, "directory")}
    return read_requirements(path, files.__getitem__, kinds.get)


@pytest.mark.parametrize(
    ("line", "only_pip"),
    [
        ("-r base.txt", False),
        ("-rbase.txt", True),
        ("-r=base.txt", False),
        ("--requirement base.txt", False),
        ("--requirement=base.txt # why", False),
        ("-r \\\nbase.txt", True),
        ("-c base.txt", False),
    ],
)
def test_an_include_in_every_form_that_pip_reads(line: str, only_pip: bool) -> None:
    found = read({"api/requirements.txt": f"{line}\n", "api/base.txt": "six==1\n"})
    assert found.files == ("api/requirements.txt", "api/base.txt")
    assert bool(found.only_pip) == only_pip
    assert [item.path for item in found.includes] == ["api/base.txt"]


def test_an_include_of_itself_ends() -> None:
    assert read({"api/requirements.txt": "-r requirements.txt\n-r gone.txt\n"}).files == ("api/requirements.txt",)


@pytest.mark.parametrize(
    ("line", "origin", "where"),
    [
        ("./libs/lib", From.DIRECTORY, "libs/lib"),
        ("libs/lib[fast] ; python_version > '3'", From.DIRECTORY, "libs/lib"),
        ("-e ../libs/lib", From.DIRECTORY, "libs/lib"),
        ("-e../libs/lib", From.DIRECTORY, "libs/lib"),
        ("--editable=../libs/lib", From.DIRECTORY, "libs/lib"),
        ("lib @ file:libs/lib", From.DIRECTORY, "libs/lib"),
        ("lib @ file:///srv/lib", From.DIRECTORY, "/srv/lib"),
        (".", From.DIRECTORY, "api"),
        ("../wheels/a-1-py3-none-any.whl --hash=sha256:0", From.ARCHIVE, "wheels/a-1-py3-none-any.whl"),
        ("a @ file:./wheels/a-1-py3-none-any.whl", From.ARCHIVE, "wheels/a-1-py3-none-any.whl"),
    ],
)
def test_a_path_is_beside_the_file_or_as_seen_from_the_project(line: str, origin: From, where: str) -> None:
    files = {"api/requirements.txt": f"{line}\n", "wheels/a-1-py3-none-any.whl": ""}
    found = read(files, directories=("libs/lib", "api"))
    (package,) = found.packages
    assert package.origin is origin
    assert [item.path for item in local_of(found)] == [where]
    assert package.place == "api/requirements.txt:1"


@pytest.mark.parametrize(
    ("line", "requirement", "pinned"),
    [
        (f"a @ git+https://example.com/a.git@{COMMIT}", f"a @ git+https://example.com/a.git@{COMMIT}", True),
        (
            f"-e git+https://example.com/a.git@{COMMIT}#egg=a&subdirectory=x",
            f"a @ git+https://example.com/a.git@{COMMIT}#subdirectory=x",
            True,
        ),
        (f"git+ssh://git@example.com/a.git@{COMMIT}", f"git+ssh://git@example.com/a.git@{COMMIT}", True),
        ("git+ssh://git@example.com/a.git", "git+ssh://git@example.com/a.git@", False),
        ("a @ git+https://example.com/a.git@v1", "a @ git+https://example.com/a.git@v1", False),
        ("a @ git+https://example.com/a.git@4295027", "a @ git+https://example.com/a.git@4295027", False),
    ],
)
def test_a_repository_is_pinned_by_a_whole_commit_alone(line: str, requirement: str, pinned: bool) -> None:
    (package,) = read({"api/requirements.txt": line}).packages
    assert (package.requirement, package.pinned) == (requirement, pinned)


@pytest.mark.parametrize("line", ["-f ../wheels", "--find-links=../wheels", "--find-links wheels", "-f file:../wheels"])
def test_find_links_are_directories_of_archives(line: str) -> None:
    found = read({"api/requirements.txt": f"{line}\nsix==1\n"}, directories=("wheels",))
    assert [item.path for item in found.find_links] == ["wheels"]
    assert found.names_files


@pytest.mark.parametrize(
    "line",
    ["six==1", "requests[socks]>=2 ; python_version > '3'", "# ./libs/lib", "a @ https://example.com/a.whl", "-f https://x.example.com/"],
)
def test_other_lines_name_nothing_of_the_project(line: str) -> None:
    found = read({"api/requirements.txt": f"{line}\n"})
    assert list(local_of(found)) == []
    assert not found.names_files


def test_variables_hashes_and_other_programs_are_seen() -> None:
    found = read(
        {"api/requirements.txt": "-i https://${TOKEN}@example.com/\nsix==1 \\\n    --hash=sha256:0\nb @ hg+https://example.com/b\n"}
    )
    assert found.variables == (("TOKEN", "api/requirements.txt:1"),)
    assert found.hashed
    assert found.other_vcs == (("hg+https://example.com/b", "api/requirements.txt:4"),)


@given(st.text(alphabet="-rcfe =./@:+[]#\\\n${}AZgithttps", max_size=80))
def test_any_text_is_read(text: str) -> None:
    """Bad input never gives a traceback."""
    found = read({"api/requirements.txt": text})
    assert all(item.path for item in local_of(found))
