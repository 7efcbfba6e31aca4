"""The runtime that the files of a project tell, with the words of those files."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.adoption.guesses import Choice, Guess
from optimizer.adoption.runtimes import guessed_runtime
from optimizer.project.files import Project

PYPROJECT = '[project]\nname = "x"\nrequires-python = "{}"\n'
POETRY = '[tool.poetry.dependencies]\npython = "{}"\n'
POM = "<project><properties><maven.compiler.release>{}</maven.compiler.release></properties></project>"
CSPROJ = "<Project><PropertyGroup><TargetFramework{0}>{1}</TargetFramework{0}></PropertyGroup></Project>"


def guess(root: Path, language: str, files: dict[str, str], place: str = "fn") -> Guess | Choice:
    (root / "fn").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text)
    return guessed_runtime(language, place, Project(root))


@pytest.mark.parametrize(
    ("language", "files", "runtime", "reason"),
    [
        ("Python", {}, "python3.14", "nothing in the project names a version of Python: this is the newest that Lambda supports"),
        ("Python", {"fn/.python-version": "# ours\n3.12.4\n"}, "python3.12", "fn/.python-version says 3.12.4"),
        ("Python", {".python-version": "cpython-3.13\n"}, "python3.13", ".python-version says cpython-3.13"),
        ("Python", {".python-version": "3.11\n", "fn/.python-version": "3.12\n"}, "python3.12", "fn/.python-version says 3.12"),
        ("Python", {".tool-versions": "nodejs 22.1.0\npython 3.12.1 3.11\n"}, "python3.12", ".tool-versions says 3.12.1"),
        (
            "Python",
            {"fn/pyproject.toml": PYPROJECT.format(">=3.11,<3.14")},
            "python3.13",
            "requires-python of fn/pyproject.toml says >=3.11,<3.14; it is the newest that this allows",
        ),
        ("Python", {"pyproject.toml": PYPROJECT.format("==3.12.*")}, "python3.12", "requires-python of pyproject.toml says ==3.12.*"),
        ("Python", {"pyproject.toml": PYPROJECT.format(">=3.12.5")}, "python3.14", "requires-python of pyproject.toml says >=3.12.5"),
        ("Python", {"pyproject.toml": POETRY.format("^3.11")}, "python3.14", "python of pyproject.toml says ^3.11"),
        ("Python", {"pyproject.toml": POETRY.format("~3.12")}, "python3.12", "python of pyproject.toml says ~3.12"),
        ("Python", {"pyproject.toml": POETRY.format("~3.12.4")}, "python3.12", "python of pyproject.toml says ~3.12.4"),
        ("Python", {"pyproject.toml": POETRY.format("3.11.* || 3.12.*")}, "python3.12", "python of pyproject.toml says"),
        ("Python", {"Pipfile": '[requires]\npython_version = "3.13"\n'}, "python3.13", "requires of Pipfile says 3.13"),
        (
            "Python",
            {".python-version": "3.12\n", "pyproject.toml": PYPROJECT.format(">=3.11")},
            "python3.12",
            ".python-version says 3.12; requires-python of pyproject.toml says >=3.11",
        ),
        ("Python", {".python-version": "3.15\n"}, "python3.15", ".python-version says 3.15; a preview, which the spec allows by name"),
        ("Python", {".python-version": "3.10\n"}, "python3.10", ".python-version says 3.10; deprecated since 2026-10-31"),
        ("Python", {"pyproject.toml": "damaged ["}, "python3.14", "nothing in the project names a version of Python"),
        ("Node.js", {".nvmrc": "v22.11.0\n"}, "nodejs22.x", ".nvmrc says v22.11.0"),
        ("Node.js", {".nvmrc": "lts/jod\n"}, "nodejs22.x", ".nvmrc says lts/jod"),
        ("Node.js", {".nvmrc": "lts/*\n"}, "nodejs24.x", ".nvmrc says lts/*; it is the newest that this allows"),
        ("Node.js", {"fn/package.json": '{"engines": {"node": "^22"}}'}, "nodejs22.x", "engines of fn/package.json says ^22"),
        ("Node.js", {"fn/package.json": '{"engines": {"node": ">=20 <24"}}'}, "nodejs22.x", "engines of fn/package.json says >=20 <24"),
        ("Node.js", {"fn/package.json": '{"volta": {"node": "22.11.0"}}'}, "nodejs22.x", "volta of fn/package.json says 22.11.0"),
        ("Node.js", {"fn/package.json": "[]"}, "nodejs24.x", "nothing in the project names a version of Node.js"),
        ("Ruby", {".ruby-version": "ruby-3.3.6\n"}, "ruby3.3", ".ruby-version says ruby-3.3.6"),
        ("Ruby", {"fn/Gemfile": 'source "https://rubygems.org"\nruby "~> 3.3"\n'}, "ruby3.4", "fn/Gemfile says ruby ~> 3.3"),
        ("Java", {"fn/pom.xml": POM.format("17")}, "java17.al2023", "maven.compiler.release of fn/pom.xml says 17; it is the nearest"),
        ("Java", {"fn/pom.xml": POM.format("18")}, "java21", "maven.compiler.release of fn/pom.xml says 18"),
        ("Java", {"fn/pom.xml": POM.format("1.8")}, "java8.al2023", "maven.compiler.release of fn/pom.xml says 8"),
        ("Java", {"fn/pom.xml": "<project/>", "pom.xml": POM.format("21")}, "java21", "maven.compiler.release of pom.xml says 21"),
        (
            "Java",
            {"fn/build.gradle": "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }"},
            "java21",
            "fn/build.gradle says 21",
        ),
        ("Java", {"fn/build.gradle": "sourceCompatibility = '11'"}, "java11.al2023", "fn/build.gradle says 11"),
        ("Java", {"fn/build.gradle.kts": "kotlin { jvmToolchain(25) }"}, "java25", "fn/build.gradle.kts says 25"),
        ("Java", {".sdkmanrc": "java=21.0.5-tem\n"}, "java21", ".sdkmanrc says 21"),
        ("Java", {".tool-versions": "java temurin-17.0.1+12\n"}, "java17.al2023", ".tool-versions says 17"),
        ("Java", {}, "java25", "nothing in the project names a version of Java"),
        ("Go", {}, "provided.al2023", "programs in Go bring their own runtime, and this base is the newest for them"),
        ("Rust", {}, "provided.al2023", "programs in Rust bring their own runtime"),
    ],
)
def test_files_tell_the_runtime(tmp_path: Path, language: str, files: dict[str, str], runtime: str, reason: str) -> None:
    found = guess(tmp_path, language, files)
    assert isinstance(found, Guess), found
    assert (found.value, found.reason.startswith(reason)) == (runtime, True), found


@pytest.mark.parametrize(
    ("text", "runtime"),
    [(CSPROJ.format("", "net10.0"), "dotnet10"), (CSPROJ.format("", "net8.0"), "dotnet8"), (CSPROJ.format("s", "net10.0"), "dotnet10")],
)
def test_the_target_of_a_project_of_dotnet(tmp_path: Path, text: str, runtime: str) -> None:
    found = guess(tmp_path, ".NET", {"fn/Pay.csproj": text}, "fn/Pay.csproj")
    assert isinstance(found, Guess) and found.value == runtime


def test_the_target_above_a_project_of_dotnet(tmp_path: Path) -> None:
    files = {"fn/Pay.csproj": "<Project/>", "Directory.Build.props": CSPROJ.format("", "net10.0")}
    assert guess(tmp_path, ".NET", files, "fn/Pay.csproj") == Guess("dotnet10", "Directory.Build.props says net10.0")


class TestChoice:
    """Requirement: "ambiguous runtimes (two possible: ask or say)"."""

    def test_two_targets(self, tmp_path: Path) -> None:
        found = guess(tmp_path, ".NET", {"fn/Pay.csproj": CSPROJ.format("s", "net8.0;net10.0")}, "fn/Pay.csproj")
        assert isinstance(found, Choice)
        assert found.options == (Guess("dotnet8", "fn/Pay.csproj says net8.0"), Guess("dotnet10", "fn/Pay.csproj says net10.0"))

    def test_a_contradiction(self, tmp_path: Path) -> None:
        found = guess(tmp_path, "Node.js", {".nvmrc": "20\n", "package.json": '{"engines": {"node": ">=22"}}'})
        assert isinstance(found, Choice)
        assert [option.value for option in found.options] == ["nodejs20.x", "nodejs24.x"]

    @pytest.mark.parametrize(
        ("language", "files", "question"),
        [
            ("Python", {".python-version": "2.7.18\n"}, ".python-version says 2.7.18, and python2.7 is retired since 2021-07-15"),
            ("Ruby", {".ruby-version": "2.7.8\n"}, ".ruby-version says 2.7.8, and ruby2.7 is retired since 2023-12-07"),
            ("Python", {".python-version": "pypy3.10\n"}, ".python-version says pypy3.10, and Lambda has no such runtime"),
            ("Python", {"pyproject.toml": PYPROJECT.format("<3.8")}, "requires-python of pyproject.toml says <3.8, and Lambda has no such"),
        ],
    )
    def test_what_lambda_does_not_have(self, tmp_path: Path, language: str, files: dict[str, str], question: str) -> None:
        found = guess(tmp_path, language, files)
        assert isinstance(found, Choice)
        assert found.question.startswith(question), found
        assert len(found.options) == 1

    def test_a_retired_target_of_dotnet(self, tmp_path: Path) -> None:
        found = guess(tmp_path, ".NET", {"fn/Pay.csproj": CSPROJ.format("", "netcoreapp3.1")}, "fn/Pay.csproj")
        assert isinstance(found, Choice)
        assert found.question == "fn/Pay.csproj says netcoreapp3.1, and dotnetcore3.1 is retired since 2023-04-03"


class TestHints:
    def test_the_only_one_of_its_language_counts_where_nothing_else_does(self, tmp_path: Path) -> None:
        hints = [Guess("python3.12", "a"), Guess("nodejs22.x", "b"), Guess("python3.99", "c")]
        assert guessed_runtime("Python", ".", Project(tmp_path), hints) == hints[0]
        (tmp_path / ".python-version").write_text("3.13\n")
        assert guessed_runtime("Python", ".", Project(tmp_path), hints) == Guess("python3.13", ".python-version says 3.13")

    def test_two_of_its_language_say_nothing(self, tmp_path: Path) -> None:
        found = guessed_runtime("Python", ".", Project(tmp_path), [Guess("python3.12", "a"), Guess("python3.13", "b")])
        assert isinstance(found, Guess) and found.value == "python3.14"
