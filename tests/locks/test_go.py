"""What go.mod and go.work name, and how Go versions compare with the tag of a builder."""

from __future__ import annotations

import pytest

from optimizer.locks.go import newer, parse, sources
from tests.locks.project import Texts


def test_directives_stand_alone_and_in_blocks() -> None:
    text = (
        'module example.com/api // the function\n\ngo 1.25.1\n\nrequire (\n\ta.example/x v1.0.0 // indirect\n\t"b.example/y" v1.0.0\n)\n'
        "replace a.example/x v1.0.0 => ../x\nreplace (\n\tb.example/y => c.example/y v1.2.3\n\td.example/z => `./z`\n)\n"
    )
    file = parse(text, "go.mod")
    assert (file.go, file.required) == ("1.25.1", ("a.example/x", "b.example/y"))
    assert file.replaced == (("a.example/x", "../x"), ("d.example/z", "./z"))


@pytest.mark.parametrize("text", ["replace", "replace =>", "require (", ")", "use", "replace a => ", "go"])
def test_a_damaged_file_is_left_to_go(text: str) -> None:
    file = parse(text, "go.mod")
    assert (file.required, file.replaced, file.used, file.go) == ((), (), (), "")


def test_replacements_of_a_replaced_module_do_not_count() -> None:
    files = {
        "fn/go.mod": "module fn\nrequire x v0.0.0\nreplace x => ../x\n",
        "x/go.mod": "module x\nrequire y v1.0.0\nreplace y => ../y\n",
        "fn/go.sum": "",
    }
    found = sources(Texts(files), "fn")
    assert ([item.path for item in found.local], found.modules, found.downloads) == (["x"], ("fn", "x"), True)


def test_a_workspace_counts_when_it_uses_the_source() -> None:
    files = {"go.work": "use ./fn\nuse ./x\nreplace y => ./y", "fn/go.mod": "module fn", "x/go.mod": "module x", "other/go.mod": "module o"}
    assert [item.path for item in sources(Texts(files), "fn").local] == ["fn", "x", "y"]
    assert sources(Texts(files), "fn").workspace == "."
    assert sources(Texts(files), "other").workspace is None


def test_modules_at_a_path_alone_need_no_download() -> None:
    files = {"go.mod": "module fn\nrequire x v0.0.0\nreplace x => ./x\n", "x/go.mod": "module x\n"}
    assert not sources(Texts(files), ".").downloads


@pytest.mark.parametrize(
    ("wanted", "tag", "expected"),
    [
        ("1.26", "1.25", True),
        ("1.25.9", "1.25", False),
        ("1.25.9", "1.25.3-alpine", True),
        ("1.25rc1", "1.25", False),
        ("1.9", "1.25-bookworm", False),
        ("2.0", "1", True),
        ("1.99", "1-alpine", False),
        ("1.26", "latest", False),
    ],
)
def test_versions_compare_as_far_as_the_tag_tells(wanted: str, tag: str, expected: bool) -> None:
    assert newer(wanted, tag) is expected
