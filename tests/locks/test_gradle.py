"""What Gradle's settings and scripts name, in the forms that people write."""

from __future__ import annotations

import pytest

from optimizer.locks.gradle import build_files, owner
from tests.locks.project import Texts


@pytest.mark.parametrize(
    ("settings", "modules"),
    [
        ("include 'a', \":b:c\"", ("a", "b", "b/c")),
        ('include(":a")\ninclude(\n    ":b", // the second\n    ":c",\n)', ("a", "b", "c")),
        ('/* include("x") */ include("a") // include("y")', ("a",)),
        ("include 'a'\nproject(':a').projectDir = file('services/a')", ("services/a",)),
        ('include("a")\nproject(":a").projectDir = File(rootDir, "services/a")', ("services/a",)),
        ("include 'a'\nproject(':a').projectDir = new File(settingsDir, '../a')", ("../a",)),
        ('rootProject.name = "http://example.com"', ()),
    ],
)
def test_settings_include_projects(settings: str, modules: tuple[str, ...]) -> None:
    found = build_files(Texts({"settings.gradle": settings}), ".")
    assert (found.modules, found.computed) == (modules, False)


@pytest.mark.parametrize(
    "settings",
    [
        "file('services').eachDir { include it.name }",
        'include("services:$name")',
        "include 'a'\nproject(':a').projectDir = file(place)",
        "include 'a'\nrootProject.children.each { it.buildFileName = it.name + '.gradle' }",
        "includeBuild(place)",
        "apply from: settingsScript",
    ],
)
def test_computed_names_are_told(settings: str) -> None:
    assert build_files(Texts({"settings.gradle": settings, "a/build.gradle": ""}), ".").computed


def test_scripts_lead_to_scripts_archives_and_repositories() -> None:
    files = {
        "shop/settings.gradle.kts": 'includeBuild("../plugins")\ninclude(":api")\n',
        "shop/build.gradle.kts": 'apply(from = "gradle/shared.gradle")',
        "shop/gradle/shared.gradle": "apply from: \"$rootDir/gradle/more.gradle\"\napply from: 'https://example.com/x.gradle'",
        "shop/gradle/more.gradle": "repositories { maven { url = uri('file:repository') } }",
        "shop/api/build.gradle.kts": 'dependencies { implementation(files("lib/a.jar", "made.jar")); implementation(fileTree("jars")) }',
        "shop/api/lib/a.jar": "",
        "shop/api/jars/b.jar": "",
        "shop/repository/x.pom": "",
        "plugins/settings.gradle.kts": 'include("java")',
        "plugins/java/build.gradle.kts": "",
        "shop/gradle.lockfile": "",
        "shop/buildSrc/build.gradle": "",
    }
    found = build_files(Texts(files), "shop")
    assert found.modules == ("shop/api",)
    assert found.directories == ("plugins", "shop/api/jars", "shop/buildSrc", "shop/gradle", "shop/repository")
    assert {path for path in files if path.endswith((".gradle", ".kts", ".lockfile", "a.jar"))} - set(found.files) == {
        "shop/buildSrc/build.gradle"
    }
    assert not found.computed
    assert "made.jar" not in str(found.local)


def test_a_project_knows_the_build_above_it() -> None:
    files = {"shop/settings.gradle": "include 'api'", "shop/api/build.gradle": "", "shop/other/build.gradle": ""}
    assert owner(Texts(files), "shop/api") == "shop"
    assert owner(Texts(files), "shop/other") is None
    assert owner(Texts(files), "shop") is None
