"""What is published of a version.

Requirement: "everything ready for publishing: project URLs, classifiers,
readme that renders alone, a release script, versions and dated changelog".
"""

from __future__ import annotations

import datetime
import re
import shutil
from pathlib import Path

import pytest
import tomlkit

from maintenance.release import faults, image_commands, prepare, standing_alone
from optimizer.version import VERSION

ROOT = Path(__file__).parents[2]
ADDRESS = "https://code.example.com/owner/optimizer"
TODAY = datetime.date(2026, 12, 1)
DATED = "# Changes\n\n## 1.2.0, 2026-11-30\n\n- One.\n\n## 1.1.0, 2026-10-01\n"


def test_a_version_with_a_day_and_an_address_can_be_published() -> None:
    assert faults("1.2.0", ADDRESS, DATED, "", TODAY) == []


@pytest.mark.parametrize(
    ("version", "address", "changelog", "uncommitted", "fault"),
    [
        ("1.2.0", "", DATED, "", "the project has no public address: set ADDRESS in optimizer/version.py"),
        ("1.2.0", "code.example.com", DATED, "", '"code.example.com" is no address of a project'),
        ("1.3.0", ADDRESS, DATED, "", 'CHANGELOG.md begins with "1.2.0", and the version is "1.3.0": write "## 1.3.0, 2026-12-01"'),
        ("1.2.0", ADDRESS, "# Changes\n", "", "CHANGELOG.md begins with nothing"),
        ("1.2.0", ADDRESS, DATED.replace("2026-11-30", "not released"), "", 'CHANGELOG.md says "not released" of 1.2.0'),
        (
            "1.2.0",
            ADDRESS,
            DATED.replace("2026-11-30", "2026-12-02"),
            "",
            "CHANGELOG.md says that 1.2.0 is of 2026-12-02, which is to come",
        ),
        ("1.2.0", ADDRESS, DATED, " M app.py\n", "some files are changed and not committed"),
    ],
)
def test_what_is_not_ready_is_said(version: str, address: str, changelog: str, uncommitted: str, fault: str) -> None:
    (found,) = faults(version, address, changelog, uncommitted, TODAY)
    assert found.startswith(fault)


def test_all_that_is_not_ready_is_said_at_once() -> None:
    assert len(faults("1.3.0", "", DATED, " M app.py\n", TODAY)) == 3


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## (\S+), (\d{4}-\d\d-\d\d|not released)$", text, re.MULTILINE)
    assert heading is not None and heading[1] == VERSION


def test_links_hold_wherever_the_readme_is_shown() -> None:
    text = "[a](docs/a.md#b) [c](#c) [d](https://example.com/d)\n```md\n[e](e.md)\n```\n[f](f.md)\n"
    assert standing_alone(text, ADDRESS, "1.2.0") == (
        f"[a]({ADDRESS}/blob/v1.2.0/docs/a.md#b) [c](#c) [d](https://example.com/d)\n```md\n[e](e.md)\n```\n[f]({ADDRESS}/blob/v1.2.0/f.md)\n"
    )


def test_the_package_gets_urls_and_nothing_else(tmp_path: Path) -> None:
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    prepare(tmp_path, ADDRESS, VERSION)
    links = re.findall(r"\]\(([^)]+)\)", (tmp_path / "README.md").read_text(encoding="utf-8"))
    assert links and all(link.startswith("https://") for link in links)
    before, after = (tomlkit.parse((path / "pyproject.toml").read_text(encoding="utf-8")).unwrap() for path in (ROOT, tmp_path))
    urls = after["project"].pop("urls")
    assert after == before
    assert urls["Homepage"] == ADDRESS and urls["Changelog"] == f"{ADDRESS}/blob/v{VERSION}/CHANGELOG.md"


def test_what_the_package_says_of_pythons_is_what_it_takes() -> None:
    project = tomlkit.parse((ROOT / "pyproject.toml").read_text(encoding="utf-8")).unwrap()["project"]
    versions = [text.rpartition(" ")[2] for text in project["classifiers"] if re.fullmatch(r".*Python :: 3\.\d+", text)]
    assert project["requires-python"] == f">={versions[0]}"


def test_the_images_of_the_command_line_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert re.findall(r"^\$ (git archive .+)$", page, re.MULTILINE) == image_commands(VERSION)
