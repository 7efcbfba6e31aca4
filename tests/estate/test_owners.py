"""Owners of files by CODEOWNERS, as GitHub and GitLab read it."""

from __future__ import annotations

import pytest

from optimizer.estate.owners import CodeOwners


@pytest.mark.parametrize(
    ("pattern", "owned", "others"),
    [
        # The examples of GitHub's page on the syntax.
        ("*", ["app.py", "src/app.py"], []),
        ("*.js", ["a.js", "src/a.js"], ["a.ts"]),
        ("/build/logs/", ["build/logs/x", "build/logs/a/b"], ["src/build/logs/x", "build/x"]),
        ("docs/*", ["docs/getting-started.md"], ["docs/build-app/troubleshooting.md", "src/docs/x.md"]),
        ("apps/", ["apps/x", "src/apps/x", "apps/a/b"], ["applications/x"]),
        ("/docs/", ["docs/x", "docs/a/b"], ["src/docs/x"]),
        ("/scripts/", ["scripts/x"], ["src/scripts/x"]),
        ("**/logs", ["logs/x", "build/logs/x", "deeply/nested/logs"], ["logs2/x"]),
        ("/apps/github", ["apps/github", "apps/github/x"], ["apps/githubby"]),
        # Both take directories for all below, and stars for no slash.
        ("functions/api", ["functions/api", "functions/api/app.py"], ["functions/api2/app.py", "old/functions/api/app.py"]),
        ("functions/*/app.py", ["functions/api/app.py"], ["functions/app.py", "functions/a/b/app.py"]),
        ("functions/**/app.py", ["functions/app.py", "functions/a/b/app.py"], ["app.py"]),
        ("functions/**", ["functions/a", "functions/a/b"], ["app.py"]),
        ("a?.py", ["ab.py"], ["a.py", "a/.py"]),
        ("with\\ space/", ["with space/x"], ["with/x"]),
        ("a.py", ["a.py"], ["abpy"]),
    ],
)
def test_a_pattern_owns_what_its_page_says(pattern: str, owned: list[str], others: list[str]) -> None:
    found = CodeOwners.parse(f"{pattern} @team\n")
    assert not found.unread
    assert [path for path in owned if found.of(path) != ("@team",)] == []
    assert [path for path in others if found.of(path)] == []


def test_the_last_line_that_matches_counts() -> None:
    found = CodeOwners.parse("# All\n* @all\nfunctions/ @functions @second # why\n/functions/free/\n")
    assert found.of("app.py") == ("@all",)
    assert found.of("functions/api/app.py") == ("@functions", "@second")
    assert found.of("functions/free/app.py") == (), "a line without owners leaves the file without"


def test_sections_of_gitlab_count_each_for_themselves() -> None:
    found = CodeOwners.parse("* @all\n[Docs] @writers\n*.md\n^[Code][2] @coders\n*.py\napp.py @special\n[docs]\nREADME.md @readme\n")
    assert found.of("x.md") == ("@all", "@writers")
    assert found.of("app.py") == ("@all", "@special")
    assert found.of("README.md") == ("@all", "@readme"), "sections of one name are one"
    assert found.of("b.py") == ("@all", "@coders")


def test_what_nobody_obeys_is_told() -> None:
    found = CodeOwners.parse("!keep.py @a\n*.[ch] @b\n" + "*a" * 20 + " @c\nx @d\n")
    assert found.unread == (1, 2, 3)
    assert found.of("x") == ("@d",)


def test_owners_of_several_files_are_told_once() -> None:
    found = CodeOwners.parse("a @one @two\nb @two @three\n")
    assert found.of_all(["a", "b", "c"]) == ("@one", "@two", "@three")
    assert CodeOwners().of("a") == ()
