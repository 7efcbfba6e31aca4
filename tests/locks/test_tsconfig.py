"""Which files a tsconfig.json takes settings from."""

from __future__ import annotations

from pathlib import Path

from optimizer.locks.tsconfig import config_files
from optimizer.project.files import Project


def write(root: Path, files: dict[str, str]) -> Project:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return Project(root)


def test_what_settings_extend_is_followed_through_comments_and_last_commas(tmp_path: Path) -> None:
    files = {
        "tsconfig.base.json": '/* for "all" */ { "extends": "./strict" }',
        "strict.json": "{}",
        "shared/tsconfig.json": "{}",
        "api/tsconfig.json": '{ // "extends": "./no.json"\n "extends": ["../tsconfig.base.json", "@acme/config//base.json", "../shared",], }',
        "api/tsconfig.build.json": '{ "extends": "./tsconfig.json", "compilerOptions": { "outDir": "dist" } }',
    }
    found = config_files(write(tmp_path, files), ["api"])
    assert found == ("api/tsconfig.build.json", "api/tsconfig.json", "shared/tsconfig.json", "strict.json", "tsconfig.base.json")


def test_the_nearest_settings_above_count_and_no_damage_matters(tmp_path: Path) -> None:
    project = write(tmp_path, {"tsconfig.json": "{ damaged", "a/b/app.ts": "", "c/tsconfig.json": '{ "extends": "../../outside.json" }'})
    assert config_files(project, ["a/b"]) == ("tsconfig.json",)
    assert config_files(project, ["c"]) == ("c/tsconfig.json",)
    assert config_files(write(tmp_path / "a", {}), ["b"]) == ()
