"""What packages of a part need has to be in their lock, where people write that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from optimizer.adapters.host.python_needs import lacking
from optimizer.adapters.host.tree import BaseFacts, TreeRequest
from optimizer.builders.parts import may_lack
from tests.test_golden import plan_of


def request(case: str, stage: str) -> TreeRequest:
    made = plan_of(case)
    return TreeRequest(plan=made, stage=made.stage(stage), context=Path(), facts=BaseFacts())


def installed(site: Path, name: str, *needs: str) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    text = "".join(f"Requires-Dist: {need}\n" for need in needs)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{text}", encoding="utf-8")


def test_other_parts_of_the_lock_count(tmp_path: Path) -> None:
    wanted = request("python-packed", "packages-six")
    installed(tmp_path, "six", "idna>=3", "Click<9", "colorama ; sys_platform == 'win32'", "more ; extra == 'x'", "broken (==")
    assert list(lacking(tmp_path, wanted, "")) == []


def test_each_requirement_that_is_not_met_is_a_fault(tmp_path: Path) -> None:
    wanted = request("python-packed", "packages-six")
    installed(tmp_path, "six", "idna>=4", "requests", "numpy ; python_full_version < '3.13.2'")
    faults = [(fault.message, fault.place, fault.hint) for fault in lacking(tmp_path, wanted, "3.13.5")]
    assert faults == [
        ("six 1.0 needs idna>=4, and the lock has 3.10", "packages-six", "lock again"),
        ("six 1.0 needs requests, and the lock lacks it", "packages-six", "lock again"),
    ]


def test_only_requirements_files_may_lack_something() -> None:
    part = request("python-packed", "packages-six").stage
    assert may_lack(part)
    assert not may_lack(request("python-uv-packed", "python-dependencies-six").stage)
    assert not may_lack(replace(part, locked_by=None))
