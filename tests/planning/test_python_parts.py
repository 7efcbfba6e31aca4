"""A lock of Python packages is divided as the packing says, where no part of it needs another."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import ImageSpec, Lock, PythonDependencies, SourceCode, plan
from optimizer.model.evidence import Evidence, PackageEvidence
from optimizer.model.figures import Source
from optimizer.model.packing import Packing
from optimizer.model.plan import BuildPlan
from optimizer.planning.evidence import identity
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
DIGITS = {name: f"{number:064x}" for number, name in enumerate(("numpy", "pandas", "six", "idna", "attrs"))}


def line(name: str, version: str = "1.0", more: str = "") -> str:
    return f"{name}=={version}{more} --hash=sha256:{DIGITS[name]}\n"


ALL = "".join(map(line, DIGITS))


def made(
    root: Path, text: str = ALL, groups: Sequence[Sequence[str]] = (("numpy",), ("idna", "six")), name: str = "a", **known: Any
) -> BuildPlan:
    """The plan of one step with the requirements in a file of that name."""
    (root / f"{name}.txt").write_text(text, encoding="utf-8")
    packing = Packing(groups={"python": tuple(map(tuple, groups))}, together=known.pop("together", ()))
    lock = replace(LOCK, packing=packing, evidence=known.pop("evidence", Evidence()))
    step = PythonDependencies(f"{name}.txt", **{"name": "packages", **known})
    return plan(ImageSpec(runtime="python3.13", steps=[step]), lock, root=root)


def keys(found: BuildPlan, root: Path) -> dict[str, str]:
    return stage_keys(found, Project(root))


def requirements(found: BuildPlan, stage: str) -> tuple[str, ...]:
    return found.stage(stage).recipe.requirements  # type: ignore[attr-defined, no-any-return]


def test_each_group_has_a_layer_and_what_no_group_names_has_the_last(tmp_path: Path) -> None:
    found = made(tmp_path, groups=[["numpy", "other"], ["six", "idna"], ["unknown"]])
    assert found.layers == ("packages-idna", "packages-numpy", "packages")
    assert [len(requirements(found, name)) for name in found.layers] == [2, 1, 2]
    assert found.warnings == ()


def test_packages_that_hold_the_same_paths_are_in_one_layer(tmp_path: Path) -> None:
    """Requirement: "an overlap is grouped"."""
    together = (("numpy", "attrs"), ("absent", "pandas"), ("idna", "numpy"))
    found = made(tmp_path, groups=[["idna"], ["numpy"]], together=together)
    assert {name: [line.partition("==")[0] for line in requirements(found, name)] for name in found.layers} == {
        "packages-attrs": ["attrs", "idna", "numpy"],
        "packages": ["pandas", "six"],
    }


def test_without_a_packing_nothing_is_divided(tmp_path: Path) -> None:
    whole = made(tmp_path, groups=[])
    assert whole.layers == ("packages",)
    assert whole.stage("packages").recipe.kind == "python-packages"


def test_a_new_release_changes_the_key_of_its_part_alone(tmp_path: Path) -> None:
    """Requirement: "the part's key depends on its own packages alone"."""
    before = keys(made(tmp_path), tmp_path)
    after = keys(made(tmp_path, ALL.replace("six==1.0", "six==1.1")), tmp_path)
    assert {name for name in before if before[name] != after[name]} == {"packages-idna"}


def test_locks_that_differ_have_equal_parts_in_common(tmp_path: Path) -> None:
    one = keys(made(tmp_path, name="a"), tmp_path)
    text = "# another file\n" + line("numpy", more=" ; python_version > '3.8'") + line("idna") + line("six")
    other = keys(made(tmp_path, text, name="b"), tmp_path)
    assert other == {name: one[name] for name in ("packages-numpy", "packages-idna")}


def test_a_file_of_the_lock_is_a_file_of_the_plan_alone(tmp_path: Path) -> None:
    """What includes name is read when the plan is made, and no stage needs it."""
    (tmp_path / "shared.txt").write_text(line("numpy"), encoding="utf-8")
    found = made(tmp_path, "-r shared.txt\n" + line("six"))
    assert found.layers == ("packages-six", "packages-numpy")
    assert [stage.inputs() for stage in found.stages] == [(), ()]


def test_markers_are_decided_as_far_as_the_image_is_known(tmp_path: Path) -> None:
    text = line("numpy", more=' ; sys_platform == "linux"') + line("idna", more=' ; sys_platform == "win32"')
    text += line("six", more=' ; python_full_version < "3.13.4"') + line("attrs", more=' ; python_full_version < "4"')
    found = made(tmp_path, text)
    assert requirements(found, "packages-numpy") == (line("numpy").strip(),)
    assert requirements(found, "packages-six") == (line("six", more=' ; python_full_version < "3.13.4"').strip(),)
    assert requirements(found, "packages") == (line("attrs").strip(),)


WHOLE = "a.txt stays one layer, although the packing of optimizer.lock divides such locks: "


@pytest.mark.parametrize(
    ("text", "known", "why"),
    [
        ("numpy==1.0\n", {}, "its packages have no hashes"),
        (ALL + "requests==2.0\n", {}, "requests has no hash"),
        (ALL + f"requests>=2.0 --hash=sha256:{'0' * 64}\n", {}, '"requests>=2.0" is no package of an index with one exact version'),
        (ALL + line("six", "1.1"), {}, "six stands there twice, with the versions 1.0 and 1.1"),
        (
            ALL + f"x @ https://example.com/x-1.0-py3-none-any.whl --hash=sha256:{'0' * 64}\n",
            {},
            "x comes from no index",
        ),
        (ALL + "-c pins.txt\n", {}, 'a.txt:6 has the option "--constraint"'),
        (ALL, {"installer": "pip"}, "pip installs it, which takes no part of a lock"),
        (ALL, {"build_packages": ["gcc"]}, "its build packages (gcc) are for packages that are built from source"),
        (ALL, {"slim": ["tests"]}, 'what slim leaves out by "tests" depends on several packages'),
    ],
)
def test_what_cannot_be_divided_stays_one_layer_and_the_plan_says_why(text: str, known: dict[str, Any], why: str, tmp_path: Path) -> None:
    (tmp_path / "pins.txt").write_text("", encoding="utf-8")
    found = made(tmp_path, text, **known)
    assert found.layers == ("packages",)
    assert found.warnings == (WHOLE + why,)


def test_pylock_stays_one_layer(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "six"\nversion = "1.0"\n'
        'wheels = [{ url = "https://example.com/six-1.0-py3-none-any.whl", hashes = { sha256 = "aa" } }]\n',
        encoding="utf-8",
    )
    lock = replace(LOCK, packing=Packing(groups={"python": (("six",),)}))
    found = plan(ImageSpec(runtime="python3.13", steps=[PythonDependencies("pylock.toml")]), lock, root=tmp_path)
    assert found.warnings[0].endswith("it names its archives by their URLs")


def test_other_steps_find_every_part(tmp_path: Path) -> None:
    """What comes after the step finds all of its trees, and stands above them."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("", encoding="utf-8")
    (tmp_path / "a.txt").write_text(ALL, encoding="utf-8")
    lock = replace(LOCK, packing=Packing(groups={"python": (("numpy",),)}))
    steps = [SourceCode("code", name="code", after=["packages"], stability="never"), PythonDependencies("a.txt", name="packages")]
    assert plan(ImageSpec(runtime="python3.13", steps=steps), lock, root=tmp_path).layers == ("packages-numpy", "packages", "code")


def test_a_part_changes_as_its_packages_do(tmp_path: Path) -> None:
    evidence = Evidence(
        date=datetime.date(2026, 11, 1),
        packages={"python": {"six": PackageEvidence(changes=0.5, size_bytes=7), "idna": PackageEvidence(changes=0.2, size_bytes=5)}},
    )
    found = made(tmp_path, evidence=evidence)
    figures = {stage.name: stage.figures for stage in found.stages}
    assert figures["packages-idna"] is not None
    assert figures["packages-idna"].probability == pytest.approx(0.6)
    assert figures["packages-idna"].probability_from is Source.EVIDENCE
    assert (figures["packages-idna"].size_bytes, figures["packages-idna"].size_from) == (12, Source.EVIDENCE)
    assert figures["packages"] is not None
    assert figures["packages"].probability_from is Source.DEFAULT
    assert len({identity(stage) for stage in found.stages}) == 3


def test_a_package_without_a_wheel_binds_its_own_part_to_the_platform(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["six", "idna"]\n', encoding="utf-8"
    )
    entries = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "https://pypi.org/simple" }}\n'
        f'sdist = {{ url = "https://example.com/{name}-1.0.tar.gz", hash = "sha256:aa" }}\n{wheels}'
        for name, wheels in (
            ("idna", ""),
            ("six", 'wheels = [{ url = "https://example.com/six-1.0-py3-none-any.whl", hash = "sha256:bb", size = 7 }]\n'),
        )
    )
    (tmp_path / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "six" }}, {{ name = "idna" }}]\n{entries}',
        encoding="utf-8",
    )
    lock = replace(LOCK, packing=Packing(groups={"python": (("six",),)}))
    found = plan(ImageSpec(runtime="python3.13", steps=[PythonDependencies("uv.lock", name="packages")]), lock, root=tmp_path)
    assert found.stage("packages-six").on_target is None
    assert found.stage("packages-six").download_bytes == 7
    assert requirements(found, "packages-six") == ("six==1.0 --hash=sha256:aa --hash=sha256:bb",)
    bound = found.stage("packages").on_target
    assert bound is not None
    assert bound.reason == "no wheel for x86_64: idna 1.0"
