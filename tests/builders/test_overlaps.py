"""What two steps bring to one place.

Requirement: "an entry equal to one below it; a directory over a link of the base: refused, with the step's name".
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer import Command, Extension, Files, ImageSpec, Lock, SourceCode, plan
from optimizer.builders.docker.context import build_context
from optimizer.builders.docker.tree_scripts import no_links
from optimizer.builders.overlaps import DIRECTORY, overlaps
from optimizer.errors import ContextError
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.steps import Step
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))


def planned(root: Path, *steps: Step) -> BuildPlan:
    return plan(ImageSpec(runtime="nodejs22.x", steps=list(steps)), LOCK, root=root)


def faults(root: Path, *steps: Step) -> list[str]:
    try:
        build_context(planned(root, *steps), Project(root))
    except ContextError as error:
        return [str(fault) for fault in error.faults]
    return []


def write(root: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        path = root / name
        if text is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_same_file_of_two_steps_is_refused_with_both_names(tmp_path: Path) -> None:
    write(tmp_path, {"api/config.json": "{}", "api/log.js": "1", "api/index.js": "2", "shared/config.json": "{}", "shared/log.js": "1"})
    assert faults(tmp_path, SourceCode("api", name="code"), Files("shared", to="/var/task/", name="shared")) == [
        'code: "/var/task/config.json" and 1 more comes from "shared", and just the same from "code": one image store of Docker would leave '
        "it out of the second layer, and the other would not\n"
        "  hint: leave it out of one of the two, for instance with exclude"
    ]


def test_the_hint_ends_it(tmp_path: Path) -> None:
    write(tmp_path, {"api/config.json": "{}", "api/index.js": "2", "shared/config.json": "{}"})
    assert not faults(tmp_path, SourceCode("api", name="code", exclude=["config.json"]), Files("shared", to="/var/task/", name="shared"))


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        ({"one/x": "1", "two/x": "2"}, False),
        ({"one/x": "1", "two/y": "1"}, False),
        ({"one/d/x": "1", "two/d/y": "1"}, False),
        ({"one/d/x": "1", "two/d": None}, True),
        ({"one/d": None, "two/d/x": "1"}, False),
        ({"one/d": None, "two/d": None}, True),
        ({"one/x": "", "two/x": ""}, True),
    ],
)
def test_only_what_is_the_same_is_refused(files: dict[str, str | None], refused: bool, tmp_path: Path) -> None:
    """Another content, or a directory on the way to something, is in the layer whatever the image store."""
    write(tmp_path, files)
    assert bool(faults(tmp_path, Files("one", to="/opt/", name="one"), Files("two", to="/opt/", name="two"))) is refused


def test_another_mode_and_another_target_are_another_entry(tmp_path: Path) -> None:
    write(tmp_path, {"one/run": "1", "two/run": "1"})
    (tmp_path / "two" / "run").chmod(0o755)
    for name, target in (("one", "run"), ("two", "../two/run")):
        (tmp_path / name / "link").symlink_to(target if name == "one" else "./run")
    steps = Files("one", to="/opt/", name="one"), Files("two", to="/opt/", name="two")
    assert not faults(tmp_path, *steps)
    (tmp_path / "one" / "run").chmod(0o755)
    (fault,) = faults(tmp_path, *steps)
    assert '"/opt/run" comes' in fault


def test_an_extension_is_compared_as_it_is_packed(tmp_path: Path) -> None:
    """Its file is executable, whatever the project says."""
    write(tmp_path, {"agent": "1", "other/extensions/agent": "1"})
    (tmp_path / "other" / "extensions" / "agent").chmod(0o755)
    (fault,) = faults(tmp_path, Extension("agent", name="agent"), Files("other", to="/opt/", name="other"))
    assert '"/opt/extensions/agent" comes from' in fault


def stage(name: str) -> Stage:
    base = planned(Path(), Command([["true"]], name="x")).stage("x")
    return Stage(name=name, step=name, title=name, stability=base.stability, origin=base.origin, recipe=base.recipe)


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
LAYERS = st.lists(st.dictionaries(PATHS, st.sampled_from([DIRECTORY, 1, 2]), max_size=4), max_size=3)


@given(LAYERS)
def test_each_overlap_is_of_two_equal_entries(layers: list[dict[str, object]]) -> None:
    """And without one, the layers of both image stores are the same: nothing equals what is just below it."""
    stages = [(stage(str(number)), entries) for number, entries in enumerate(layers)]
    found = list(overlaps(stages))
    by_name = {each.name: entries for each, entries in stages}
    for overlap in found:
        assert int(overlap.lower.name) < int(overlap.upper.name)
        assert by_name[overlap.lower.name][overlap.path] == by_name[overlap.upper.name][overlap.path]
    below: dict[str, object] = {}
    for number, entries in enumerate(layers):
        for path, entry in entries.items():
            leads_on = any(other.startswith(f"{path}/") for other in entries)
            told = any(overlap.path == path and overlap.upper.name == str(number) for overlap in found)
            assert told is (below.get(path) == entry and not leads_on)
        below.update(entries)


def checked(tree: Path) -> subprocess.CompletedProcess[str]:
    script = tree.parent / "script"
    script.write_text(no_links().text)
    return subprocess.run(["sh", str(script), str(tree)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        (["opt/bin/tool", "var/task/lib/x.so", "usr/lib/y.so", "etc/tool.conf", "var/task/.hidden/x"], ""),
        (["lib/x.so"], "/lib: a directory of this name would replace a link of the image, /lib; write to /usr/lib instead"),
        (["usr/x", "bin/tool"], "/bin: a directory of this name would replace a link of the image, /bin; write to /usr/bin instead"),
    ],
)
def test_directories_in_the_place_of_links_are_refused(files: list[str], refused: str, tmp_path: Path) -> None:
    """In the stage, so by both ways to an image: one would end at the copy, the other make an image that cannot start."""
    tree = tmp_path / "tree"
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    done = checked(tree)
    assert (done.returncode, done.stderr) == ((1, f"{tree}{refused}\n") if refused else (0, ""))


def test_links_of_the_stages_own_file_system_count(tmp_path: Path) -> None:
    """A base of a company may have more of them."""
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "link").symlink_to(place)
    tree = tmp_path / "tree"
    inside = Path(f"{tree}{tmp_path}/link/below")
    inside.mkdir(parents=True)
    done = checked(tree)
    assert done.stderr.endswith(
        f"/link: a directory of this name would replace a link of the image, {tmp_path}/link; write to {place} instead\n"
    )


def test_a_link_in_the_tree_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "lib").symlink_to("usr/lib")
    assert checked(tmp_path / "tree").returncode == 0
