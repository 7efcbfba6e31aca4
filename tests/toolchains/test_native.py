"""Programs of native languages: the root of a project as their source, and what decides about their stages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from optimizer import BuildSecret, DotnetBuild, GoBuild, ImageSpec, JavaBuild, Lock, RubyDependencies, RustBuild, SourceCode, plan
from optimizer.builders.docker.actions import Run
from optimizer.builders.docker.context import build_context, context_entries, stage_context
from optimizer.builders.docker.lower import stage_bodies
from optimizer.errors import SpecError
from optimizer.model.plan import BuildPlan
from optimizer.model.recipes.programs import DotnetProgram, GoProgram, JavaClasses, JavaLibraries, RustProgram
from optimizer.model.steps import Step
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

IN_THE_ROOT = {
    "Dockerfile": "FROM scratch\n",
    ".dockerignore": "*\n",
    "cdk.out/manifest.json": "{}",
    "node_modules/x/index.js": "",
    "optimizer.toml": "",
    "optimizer.lock": "version = 1\n",
    "api.image.toml": "",
}
ROOTS: Mapping[str, tuple[Step, str, Mapping[str, str]]] = {
    "go": (GoBuild("."), "provided.al2023", {"go.mod": "module x\ngo 1.24\nrequire y v1.0.0\n", "go.sum": "", "main.go": "package main\n"}),
    "maven": (JavaBuild("."), "java21", {"pom.xml": "<project/>", "src/main/java/A.java": ""}),
    "gradle": (JavaBuild(".", tool="gradle"), "java17", {"build.gradle": "", "src/main/java/A.java": ""}),
    "rust": (RustBuild("."), "provided.al2023", {"Cargo.toml": "", "Cargo.lock": "", "src/main.rs": ""}),
    "dotnet": (DotnetBuild("."), "dotnet8", {"x.csproj": "<Project/>", "global.json": "{}"}),
}


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def planned(root: Path, runtime: str, *steps: Step, architecture: str = "x86_64") -> BuildPlan:
    lock = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    return plan(ImageSpec(runtime=runtime, architecture=architecture, steps=steps), lock, root=root)


def runs(made: BuildPlan) -> list[Run]:
    """The runs of the plan's only stage."""
    (body,) = stage_bodies(made).values()
    return [action for action in body.actions if isinstance(action, Run)]


def commands(made: BuildPlan) -> list[tuple[str, ...]]:
    """The commands of the plan's only stage, without the scripts over its tree."""
    return [command for run in runs(made) for command in run.commands if isinstance(command, tuple)]


def held(staged: Path) -> set[str]:
    """The files of a build context, without the scripts that stages run."""
    files = {path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()}
    return {path for path in files if not path.startswith("scripts/")}


@pytest.mark.parametrize("language", ROOTS)
def test_the_root_of_a_project_is_a_source(language: str, tmp_path: Path) -> None:
    """Each file of the root stood in the context twice, and ``render --output`` and synthesis ended with "File exists"."""
    step, runtime, files = ROOTS[language]
    root = tmp_path / "project"
    write(root, {**files, **IN_THE_ROOT})
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to("/usr/bin/python3")
    project = Project(root)
    staged = stage_context(build_context(planned(root, runtime, step), project), project, tmp_path / "staged")
    assert held(staged) == {*files, "Dockerfile"}
    assert (staged / "Dockerfile").read_text().startswith("# Generated")


def test_a_broken_pom_that_a_module_leads_to_is_told(tmp_path: Path) -> None:
    parent = "<parent><artifactId>p</artifactId><relativePath>../p.xml</relativePath></parent>"
    root = "<project><packaging>pom</packaging><modules><module>a</module></modules></project>"
    write(tmp_path, {"pom.xml": root, "a/pom.xml": f"<project>{parent}</project>", "p.xml": "<project>"})
    with pytest.raises(SpecError, match='"p.xml" cannot be read as a POM'):
        planned(tmp_path, "java21", JavaBuild(".", module="a"))


def test_a_vendor_directory_needs_no_network_and_no_sums(tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module x\ngo 1.24\nrequire y v1.0.0\n", "main.go": "", "vendor/modules.txt": "", "vendor/y/y.go": ""})
    token = BuildSecret("netrc", from_env="NETRC", to_file="/root/.netrc")
    made = planned(tmp_path, "provided.al2023", GoBuild(".", secrets=[token]))
    recipe = made.stages[0].recipe
    assert isinstance(recipe, GoProgram)
    assert (recipe.vendored, recipe.module_files, recipe.secrets) == (True, (), ())
    (build,) = commands(made)
    assert build[:3] == ("go", "build", "-trimpath")
    assert "-mod=vendor" in build


def test_modules_are_downloaded_before_the_sources_are_there(tmp_path: Path) -> None:
    write(tmp_path, {"api/go.mod": "module x\ngo 1.24\nrequire y v1.0.0\n", "api/go.sum": "", "api/main.go": "package main\n"})
    made = planned(tmp_path, "provided.al2023", GoBuild("api"))
    recipe = made.stages[0].recipe
    assert isinstance(recipe, GoProgram)
    assert [item.source for item in recipe.module_files] == ["api/go.mod", "api/go.sum"]
    assert [item.source for item in recipe.copies] == ["api"]
    assert [item.source for item in recipe.inputs()] == ["api/go.mod", "api/go.sum", "api"]
    assert [command[:3] for command in commands(made)] == [("go", "mod", "download"), ("go", "build", "-trimpath")]


@pytest.mark.parametrize(("architecture", "words"), [("x86_64", ("amd64", "linux-x64")), ("arm64", ("arm64", "linux-arm64"))])
def test_cross_builds_name_the_architecture_in_the_words_of_their_tools(architecture: str, words: tuple[str, str], tmp_path: Path) -> None:
    write(tmp_path, {"go.mod": "module x\ngo 1.24\n", "main.go": "package main\n", "x.csproj": "<Project/>"})
    go = planned(tmp_path, "provided.al2023", GoBuild("."), architecture=architecture)
    dotnet = planned(tmp_path, "dotnet8", DotnetBuild("."), architecture=architecture)
    recipes = [made.stages[0].recipe for made in (go, dotnet)]
    assert [getattr(recipe, "architecture", None) for recipe in recipes] == [architecture] * 2
    (build,) = runs(go)
    assert dict(build.environment)["GOARCH"] == words[0]
    assert all(command[3:5] == ("--runtime", words[1]) for command in commands(dotnet))


@pytest.mark.parametrize("locked", [True, False])
def test_a_lock_file_of_nuget_is_obeyed(locked: bool, tmp_path: Path) -> None:
    write(tmp_path, {"src/x.csproj": "<Project/>", **({"src/packages.lock.json": "{}"} if locked else {})})
    made = planned(tmp_path, "dotnet8", DotnetBuild(".", project="src/x.csproj"))
    recipe = made.stages[0].recipe
    assert isinstance(recipe, DotnetProgram)
    assert (recipe.project, recipe.locked) == ("src/x.csproj", locked)
    assert ("--locked-mode" in commands(made)[0]) == locked


@pytest.mark.parametrize("target", [None, "x86_64-unknown-linux-musl"])
def test_the_binary_is_found_where_cargo_puts_it(target: str | None, tmp_path: Path) -> None:
    configured = {".cargo/config.toml": f'[build]\ntarget = "{target}"\n'} if target else {}
    write(tmp_path, {"Cargo.toml": '[package]\nname = "bootstrap"\n', "Cargo.lock": "", "src/main.rs": "", **configured})
    made = planned(tmp_path, "provided.al2023", RustBuild("."))
    recipe = made.stages[0].recipe
    assert isinstance(recipe, RustProgram)
    assert (recipe.binary, recipe.package, recipe.target) == ("bootstrap", None, target)
    (copied,) = [command for command in commands(made) if command[0] == "cp"]
    assert copied[1] == ("/tmp/target/" + (f"{target}/" if target else "") + "release/bootstrap")


@pytest.mark.parametrize("tool", ["maven", "gradle"])
def test_libraries_and_classes_are_of_one_module_of_one_build(tool: str, tmp_path: Path) -> None:
    modules = "<modules><module>api</module><module>money</module></modules>"
    files = {
        "maven": {
            "pom.xml": f"<project><packaging>pom</packaging>{modules}</project>",
            "api/pom.xml": "<project/>",
            "money/pom.xml": "<project/>",
        },
        "gradle": {"settings.gradle": "include 'api', 'money'", "api/build.gradle": "", "money/build.gradle": ""},
    }
    write(tmp_path, files[tool])
    libraries, classes = (stage.recipe for stage in planned(tmp_path, ROOTS[tool][1], JavaBuild(".", tool=tool, module="api")).stages)
    assert isinstance(libraries, JavaLibraries)
    assert isinstance(classes, JavaClasses)
    for recipe in (libraries, classes):
        assert (recipe.build_tool, recipe.workdir, recipe.module) == (tool, "/build", "api")
        assert recipe.modules == ("/build/api", "/build/money")


def test_computed_names_bring_the_whole_source_to_the_libraries(tmp_path: Path) -> None:
    settings = "file('services').eachDir { include \"services:${it.name}\" }\n"
    write(tmp_path, {"settings.gradle": settings, "services/api/build.gradle": "", "services/api/src/main/java/A.java": ""})
    made = planned(tmp_path, "java17", JavaBuild(".", tool="gradle", module="services/api"))
    assert [[item.source for item in stage.inputs()] for stage in made.stages] == [["."], ["."]]


def test_a_class_in_a_package_called_build_is_no_output(tmp_path: Path) -> None:
    """Outputs are left out by their places: a name alone may be a package's."""
    write(
        tmp_path,
        {
            "settings.gradle": "include 'api'",
            "build.gradle": "",
            "api/build.gradle": "",
            "api/build/libs/api.jar": "",
            "api/src/main/java/build/A.java": "",
        },
    )
    project = Project(tmp_path)
    context = build_context(planned(tmp_path, "java17", JavaBuild(".", tool="gradle", module="api")), project)
    paths = {entry.path for entry in context_entries(context, project) if entry.mode == "file"}
    assert paths == {"settings.gradle", "build.gradle", "api/build.gradle", "api/src/main/java/build/A.java"}


def test_gems_that_bundler_alone_finds_are_told(tmp_path: Path) -> None:
    lock = "PATH\n  remote: money\n  specs:\n    money (1.0.0)\n\nPLATFORMS\n  ruby\n"
    write(tmp_path, {"Gemfile": "", "Gemfile.lock": lock, "money/money.gemspec": "", "app.rb": ""})
    made = planned(tmp_path, "ruby3.4", RubyDependencies("Gemfile.lock"), SourceCode("app.rb"))
    (warning,) = [text for text in made.warnings if "bundler/setup" in text]
    assert "(money)" in warning


def test_a_toolchain_file_is_left_out_and_told(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": "", "Cargo.lock": "", "rust-toolchain.toml": '[toolchain]\nchannel = "1.80"\n'})
    made = planned(tmp_path, "provided.al2023", RustBuild("."))
    assert any('"rust-toolchain.toml" names the toolchain "1.80"' in text for text in made.warnings)
    project = Project(tmp_path)
    assert "rust-toolchain.toml" not in {entry.path for entry in context_entries(build_context(made, project), project)}


def test_a_vendored_workspace_is_refused_where_a_module_that_it_uses_is_not_there(tmp_path: Path) -> None:
    files = {
        "go.work": "go 1.24\nuse (\n\t./api\n\t./gone\n)\n",
        "api/go.mod": "module x\ngo 1.24\n",
        "api/main.go": "",
        "vendor/modules.txt": "## workspace\n",
    }
    write(tmp_path, files)
    with pytest.raises(SpecError, match='go.work names "gone", which does not exist in the project'):
        planned(tmp_path, "provided.al2023", GoBuild("api"))


def test_outputs_of_gradle_builds_stay_out_and_a_repository_is_whole(tmp_path: Path) -> None:
    """What Gradle had left in ``buildSrc`` was copied, and a group ``build.buf`` of a repository was not."""
    kept = {
        "fn/settings.gradle": "includeBuild '../money'\n",
        "fn/build.gradle": "repositories { maven { url '../repository' } }\n",
        "fn/buildSrc/src/main/java/A.java": "",
        "repository/build/buf/x/1/x-1.jar": "",
        "money/build.gradle": "",
        "money/src/main/java/B.java": "",
    }
    root = tmp_path / "project"
    outputs = {f"{name}/{place}/x": "" for name in ("fn", "fn/buildSrc", "money") for place in ("build", ".gradle")}
    write(root, {**kept, **outputs})
    project = Project(root)
    staged = stage_context(build_context(planned(root, "java17", JavaBuild("fn", tool="gradle")), project), project, tmp_path / "staged")
    assert held(staged) == {*kept, "Dockerfile"}
