"""Build secrets that an installer reads, and those that it would ignore."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import (
    BuildSecret,
    Command,
    DotnetBuild,
    GoBuild,
    ImageSpec,
    JavaBuild,
    NodeDependencies,
    PythonDependencies,
    RubyDependencies,
    RustBuild,
    SourceCode,
    plan,
    render,
)
from optimizer.bases.lock import Lock, LockedImage
from optimizer.builders.docker.python_commands import with_index_of_uv, with_variables
from optimizer.errors import SpecError
from optimizer.model.plan import BuildPlan
from optimizer.planning.plan import required_images
from tests.patience import PATIENCE_S

DIGEST = "sha256:" + "5" * 64
FILES = {
    "requirements.txt": "six==1.17.0\n",
    "mention.txt": "# ${COMMENTED}\n--extra-index-url https://${HOUSE_TOKEN}@packages.example.com/simple\nhouse-lib==1.0\n",
    "own-index.txt": "-i https://pypi.org/simple\nsix==1.17.0\n",
    "package.json": "{}",
    "npm/package.json": "{}",
    "npm/package-lock.json": '{"lockfileVersion": 3, "packages": {}}',
    "npm/.npmrc": "//registry.example.com/:_authToken=${NPM_TOKEN}\n; ${COMMENTED}\n",
    "pnpm/package.json": "{}",
    "pnpm/pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "pnpm/.npmrc": "//registry.example.com/:_authToken=${NPM_TOKEN}\n",
    "classic/package.json": "{}",
    "classic/yarn.lock": "# yarn lockfile v1\n",
    "berry/package.json": "{}",
    "berry/yarn.lock": "__metadata:\n  version: 8\n",
    "berry/.npmrc": "//registry.example.com/:_authToken=${NPM_TOKEN}\n",
    "berry/.yarnrc.yml": 'npmAuthToken: "${HOUSE_TOKEN:-}"\n',
    "ruby/Gemfile": 'source "https://#{ENV.fetch("GEM_TOKEN")}@gems.example.com"\n',
    "ruby/Gemfile.lock": "GEM\n  remote: https://gems.example.com/\n  specs:\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n",
    "maven/pom.xml": "<project><properties><token>${env.MAVEN_TOKEN}</token></properties></project>",
    "gradle/build.gradle": 'repositories { maven { credentials { password = System.getenv("GRADLE_TOKEN") } } }\n',
    "go/go.mod": "module x\ngo 1.25\nrequire example.com/y v1.0.0\n",
    "go/go.sum": "",
    "rust/Cargo.toml": '[package]\nname = "bootstrap"\nversion = "0.1.0"\n[dependencies]\nhouse = { git = "https://git.example.com/house" }\n',
    "rust/Cargo.lock": "",
    "rust/build.rs": 'fn main() { println!("{}", std::env::var("SCHEMA_URL").unwrap()); }\n',
    "dotnet/nuget.config": '<add key="ClearTextPassword" value="%FEED_TOKEN%" />',
}
STEPS: dict[str, tuple[str, Any]] = {
    "uv": ("python3.13", PythonDependencies("requirements.txt")),
    "uv-mention": ("python3.13", PythonDependencies("mention.txt")),
    "pip": ("python3.13", PythonDependencies("requirements.txt", installer="pip")),
    "npm": ("nodejs22.x", NodeDependencies("npm/package-lock.json")),
    "pnpm": ("nodejs22.x", NodeDependencies("pnpm/pnpm-lock.yaml")),
    "yarn-1": ("nodejs22.x", NodeDependencies("classic/yarn.lock")),
    "yarn": ("nodejs22.x", NodeDependencies("berry/yarn.lock")),
    "bundler": ("ruby3.3", RubyDependencies("ruby/Gemfile.lock")),
    "maven": ("java21", JavaBuild("maven")),
    "gradle": ("java21", JavaBuild("gradle", tool="gradle")),
    "go": ("provided.al2023", GoBuild("go")),
    "cargo": ("provided.al2023", RustBuild("rust")),
    "nuget": ("dotnet8", DotnetBuild("dotnet")),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def planned(project: Path, step: Any, runtime: str = "python3.13") -> BuildPlan:
    spec = ImageSpec(runtime=runtime, steps=[step])
    return plan(spec, pins_of(spec), root=project)


def pins_of(spec: ImageSpec) -> Lock:
    day = datetime.date(2026, 11, 1)
    return Lock().with_images([LockedImage(reference=image, digest=DIGEST, resolved=day) for image in required_images(spec)])


def made(project: Path, step: str, *secrets: BuildSecret, **fields: Any) -> BuildPlan:
    runtime, value = STEPS[step]
    return planned(project, replace(value, secrets=secrets, **fields), runtime)


def variable(name: str) -> BuildSecret:
    return BuildSecret(name.lower(), from_env="ANY", to_env=name)


def file(path: str | None) -> BuildSecret:
    return BuildSecret("file", from_file="some/file", to_file=path)


READ = [
    *(
        "uv UV_DEFAULT_INDEX",
        "uv UV_INDEX_URL",
        "uv UV_INDEX",
        "uv UV_EXTRA_INDEX_URL",
        "uv UV_FIND_LINKS",
        "uv SSL_CERT_FILE",
        "uv HTTPS_PROXY",
    ),
    *("uv-mention HOUSE_TOKEN", "uv PIP_CERT", "pip PIP_INDEX_URL", "pip PIP_EXTRA_INDEX_URL"),
    *("npm NPM_TOKEN", "npm npm_config_registry", "npm NPM_CONFIG_REGISTRY", "npm NODE_EXTRA_CA_CERTS", "pnpm NPM_TOKEN"),
    *("pnpm npm_config__authToken", "yarn-1 npm_config_registry", "yarn-1 YARN_REGISTRY", "yarn YARN_NPM_AUTH_TOKEN", "yarn HOUSE_TOKEN"),
    *("bundler BUNDLE_GEMS__EXAMPLE__COM", "bundler GEM_TOKEN", "maven MAVEN_TOKEN", "maven MAVEN_ARGS", "gradle ORG_GRADLE_PROJECT_token"),
    *("gradle GRADLE_TOKEN", "go GOPROXY", "go GOAUTH", "go GIT_CONFIG_COUNT", "cargo CARGO_REGISTRIES_HOUSE_TOKEN", "cargo SCHEMA_URL"),
    *("nuget NuGetPackageSourceCredentials_house", "nuget FEED_TOKEN"),
]
IGNORED = {
    "uv PIP_INDEX_URL": 'uv does not read the variable "PIP_INDEX_URL" of the build secret "pip_index_url"\n  hint: write to_env="UV_DEFAULT_INDEX"',
    "uv PIP_EXTRA_INDEX_URL": 'hint: write to_env="UV_INDEX"',
    "uv UV_DEFAULT_INDX": 'hint: did you mean "UV_DEFAULT_INDEX"?',
    "uv HOUSE_TOKEN": "hint: write ${HOUSE_TOKEN} in the lock file; or use a variable that uv reads, such as UV_DEFAULT_INDEX",
    "uv UV_INDEX_HOUSE_PASSWORD": 'hint: give the index that name in a build secret with to_env="UV_INDEX", whose value is house=URL',
    "uv-mention COMMENTED": 'uv does not read the variable "COMMENTED"',
    "pip UV_DEFAULT_INDEX": 'pip does not read the variable "UV_DEFAULT_INDEX" of the build secret "uv_default_index"\n  hint: write to_env="PIP_INDEX_URL"',
    "npm NODE_AUTH_TOKEN": "hint: write ${NODE_AUTH_TOKEN} in .npmrc; or use a variable that npm reads, such as npm_config_registry",
    "npm npm_config__authToken": 'npm does not read the variable "npm_config__authToken"',
    "npm COMMENTED": 'npm does not read the variable "COMMENTED"',
    "yarn NPM_TOKEN": "hint: write ${NPM_TOKEN} in .yarnrc.yml",
    "yarn npm_config_registry": 'hint: write to_env="YARN_NPM_REGISTRY_SERVER"',
    "bundler NPM_TOKEN": 'hint: write ENV.fetch("NPM_TOKEN") in the Gemfile',
    "maven GITHUB_TOKEN": "hint: write ${env.GITHUB_TOKEN} in pom.xml, or in a settings.xml",
    "gradle GITHUB_TOKEN": 'hint: write providers.environmentVariable("GITHUB_TOKEN") in the build file',
    "go GITHUB_TOKEN": "hint: use a variable that Go reads, such as GOPROXY",
    "cargo CARGO_REGISTRIES_HOUSE_TOKN": 'Cargo does not read the variable "CARGO_REGISTRIES_HOUSE_TOKN"',
    "nuget GITHUB_TOKEN": "hint: write %GITHUB_TOKEN% in nuget.config",
}


@pytest.mark.parametrize("case", READ)
def test_a_variable_that_the_installer_reads(case: str, project: Path) -> None:
    step, _, name = case.partition(" ")
    assert f"export {name}" in render(made(project, step, variable(name)))


@pytest.mark.parametrize("case", IGNORED)
def test_a_variable_that_the_installer_ignores(case: str, project: Path) -> None:
    """uv took the packages of a private index from the public one: it does not read pip's variable."""
    step, _, name = case.partition(" ")
    with pytest.raises(SpecError) as raised:
        made(project, step, variable(name), *([variable("HOUSE_TOKEN")] if step == "uv-mention" else []))
    assert IGNORED[case] in str(raised.value)
    assert [fault.place for fault in raised.value.faults] == ["steps[0].secrets[0].to_env"]


@pytest.mark.parametrize(
    "case",
    [
        *(
            "uv /root/.netrc",
            "uv /root/.config/uv/uv.toml",
            "pip /etc/pip.conf",
            "pip /root/.netrc",
            "npm /root/.npmrc",
            "yarn /root/.yarnrc.yml",
        ),
        *(
            "pnpm /root/.config/pnpm/rc",
            "bundler /root/.bundle/config",
            "maven /root/.m2/settings.xml",
            "go /root/.netrc",
            "cargo /root/.netrc",
        ),
        *("gradle /root/.gradle/gradle.properties", "cargo /usr/local/cargo/credentials.toml", "nuget /root/.nuget/NuGet/NuGet.Config"),
    ],
)
def test_a_file_that_the_installer_reads(case: str, project: Path) -> None:
    step, _, path = case.partition(" ")
    assert f"target={path},required=true" in render(made(project, step, file(path)))


@pytest.mark.parametrize("case", ["uv /etc/pip.conf", "npm /root/.netrc", "yarn /root/.npmrc", "maven /root/.netrc", "pip /root/.netcr"])
def test_a_file_that_the_installer_ignores(case: str, project: Path) -> None:
    step, _, path = case.partition(" ")
    with pytest.raises(SpecError, match=f'does not read the file "{path}" of the build secret "file"\n  hint: set to_file to a file that'):
        made(project, step, file(path))


def test_a_secret_that_lands_nowhere_is_refused(project: Path) -> None:
    with pytest.raises(SpecError, match=r'steps\[0\].secrets\[0\]: uv does not read the file "/run/secrets/file"'):
        made(project, "uv", file(None))


def test_a_file_that_a_variable_names_may_have_any_place(project: Path) -> None:
    made(project, "pip", file("/run/ca.pem"), variable("PIP_CERT"))


def test_credentials_of_an_index_that_has_a_name(project: Path) -> None:
    made(project, "uv", variable("UV_INDEX_HOUSE_PASSWORD"), variable("UV_INDEX"))


def test_a_configuration_of_pip_says_nothing_to_uv(project: Path) -> None:
    """It would serve to get uv, and the packages would come from the public index."""
    with pytest.raises(SpecError) as raised:
        made(project, "uv", file("/run/pip.conf"), variable("PIP_CONFIG_FILE"))
    assert [fault.place for fault in raised.value.faults] == ["steps[0].secrets[0].to_file", "steps[0].secrets[1].to_env"]
    made(project, "uv", file("/run/pip.conf"), variable("PIP_CONFIG_FILE"), variable("UV_DEFAULT_INDEX"))


def test_an_input_that_is_no_text_names_nothing(project: Path) -> None:
    (project / "rust" / "build.rs").write_bytes(b'"SCHEMA_URL" \xff')
    made(project, "cargo", variable("CARGO_REGISTRY_TOKEN"))
    with pytest.raises(SpecError, match='Cargo does not read the variable "SCHEMA_URL"'):
        made(project, "cargo", variable("SCHEMA_URL"))


def test_a_configuration_that_comes_as_a_secret_may_name_any_variable(project: Path) -> None:
    """A settings.xml with ${env.TOKEN}, of which planning cannot read a word."""
    made(project, "maven", file("/root/.m2/settings.xml"), variable("GITHUB_TOKEN"))
    with pytest.raises(SpecError, match='Maven does not read the variable "UV_DEFAULT_INDEX"'):
        made(project, "maven", file("/root/.m2/settings.xml"), variable("UV_DEFAULT_INDEX"))


def test_the_configuration_of_a_builder_of_their_own_is_unknown(project: Path) -> None:
    builder = "registry.example.com/house/maven:3@" + DIGEST
    made(project, "maven", variable("GITHUB_TOKEN"), builder=builder)
    with pytest.raises(SpecError, match='Maven does not read the variable "npm_config_registry"'):
        made(project, "maven", variable("npm_config_registry"), builder=builder)


def test_commands_may_use_any(project: Path) -> None:
    step = Command([["true"]], secrets=[variable("ANYTHING"), file(None)])
    planned(project, step)


def test_two_answers_to_where_packages_come_from_are_refused(project: Path) -> None:
    """uv lets UV_DEFAULT_INDEX win over --index-url, and UV_INDEX_URL lose; pip and npm let the field win."""
    url = "https://packages.example.com/simple"
    for step, name, field in (
        ("uv", "UV_DEFAULT_INDEX", "index_url"),
        ("pip", "PIP_INDEX_URL", "index_url"),
        ("npm", "npm_config_registry", "registry"),
    ):
        with pytest.raises(SpecError, match=f"{field} and the build secret in {name} both set the index"):
            made(project, step, variable(name), **{field: url})
        made(project, step, file("/root/.npmrc" if step == "npm" else "/root/.netrc"), **{field: url})


def test_pip_follows_an_index_of_the_requirements_alone(project: Path) -> None:
    for fields in ({"secrets": [variable("PIP_INDEX_URL")]}, {"index_url": "https://packages.example.com/simple"}):
        step = PythonDependencies("own-index.txt", installer="pip", **fields)
        with pytest.raises(SpecError, match='own-index.txt:1 names the index "https://pypi.org/simple", which pip uses instead of'):
            planned(project, step)
        planned(project, replace(step, installer="uv", secrets=()))


@pytest.mark.parametrize(
    "value", ["https://me:a=b@packages.example.com/simple?x=y", "house=https://me:a=b@packages.example.com/simple?x=y"]
)
def test_pip_gets_the_index_of_uv(value: str) -> None:
    command = with_index_of_uv(("sh", "-c", 'printf %s "$PIP_INDEX_URL"'), [variable("UV_DEFAULT_INDEX")])
    result = subprocess.run(command, env={"UV_DEFAULT_INDEX": value}, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert result.stdout == "https://me:a=b@packages.example.com/simple?x=y"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # As in a URL, a name in the credentials may stand for both parts of them.
        ("https://$WHO@packages.example.com/simple", "https://me:p%40ss%2F%24WHO@packages.example.com/simple"),
        ("https://token%20:${KEY}@packages.example.com/simple", "https://token%20:50%25@packages.example.com/simple"),
        ("https://${HOST}/$KEY/@simple", "https://packages.example.com/50%/@simple"),
        ("$WHOLE", "https://packages.example.com/simple"),
        ("$(touch x) `id` \"'", "$(touch x) `id` \"'"),
    ],
)
def test_variables_of_pipenv_get_their_values(word: str, expected: str) -> None:
    values = {"WHO": "me:p@ss/$WHO", "KEY": "50%", "HOST": "packages.example.com", "WHOLE": "https://packages.example.com/simple"}
    command = with_variables(("printf", "%s|", "$KEY", word))
    result = subprocess.run(command, env={**os.environ, **values}, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert result.stdout == f"50%|{expected}|"
    assert with_variables(("printf", "%s", "a")) == ("printf", "%s", "a")


def test_a_secret_for_the_whole_index_needs_no_variable_of_the_lock(project: Path) -> None:
    """Its URL stands in place of the one with variables."""
    sources = [{"name": "house", "url": "https://${HOUSE_TOKEN}@packages.example.com/simple"}]
    lock = {"_meta": {"sources": sources}, "default": {"six": {"version": "==1.17.0"}}}
    for name, text in {"Pipfile": "", "Pipfile.lock": json.dumps(lock)}.items():
        (project / name).write_text(text, encoding="utf-8")
    step = PythonDependencies("Pipfile.lock")
    assert "HOUSE_TOKEN" not in render(planned(project, replace(step, secrets=[variable("UV_DEFAULT_INDEX")])))
    assert "'https://${HOUSE_TOKEN}@packages" in render(planned(project, replace(step, secrets=[variable("HOUSE_TOKEN")])))
    with pytest.raises(SpecError, match='Pipfile.lock takes "HOUSE_TOKEN" from the environment'):
        planned(project, step)


def test_what_exports_a_lock_comes_from_the_index_of_pip(project: Path) -> None:
    for name, text in {"Pipfile": "", "Pipfile.lock": "{}"}.items():
        (project / name).write_text(text, encoding="utf-8")
    step = PythonDependencies("Pipfile.lock", installer="pip", secrets=[variable("PIP_INDEX_URL")])
    text = render(planned(project, step))
    get_uv, install = text.split("\nRUN ")[1:3]
    assert "export UV_DEFAULT_INDEX" not in get_uv
    assert 'UV_DEFAULT_INDEX="$(cat /run/secrets/pip_index_url)"' in install and "export PIP_INDEX_URL" in install
    assert "pipenv requirements --hash \\\n      --exclude-index" in install, "an index of the export would win over that of pip"


def test_pnpm_reads_the_npmrc_of_the_project_as_that_of_its_user(project: Path) -> None:
    """pnpm replaces no variable in the credentials of a project's file, and npm reads none when it gets pnpm."""
    text = render(made(project, "pnpm", variable("NPM_TOKEN")))
    assert text.count("--mount=type=bind,source=pnpm/.npmrc,target=/root/.npmrc") == 2
    assert "source=pnpm/.npmrc" not in render(made(project, "pnpm", file("/root/.npmrc")))


def test_yarn_gets_the_registry_of_the_step(project: Path) -> None:
    """It does not read the variable of npm."""
    assert "export YARN_NPM_REGISTRY_SERVER=https://npm.example.com" in render(made(project, "yarn", registry="https://npm.example.com"))


@pytest.mark.parametrize(("content", "code"), [("", 1), ("\n", 1), ("token\n", 0)])
@pytest.mark.parametrize("to_env", ["TOKEN", None])
def test_an_empty_secret_fails_before_anything_runs(to_env: str | None, content: str, code: int, project: Path) -> None:
    path = project / "secret"
    path.write_text(content, encoding="utf-8")
    secret = BuildSecret("house", from_env="HOUSE_TOKEN", to_env=to_env, to_file=None if to_env else str(path))
    text = render(planned(project, Command([["true"]], secrets=[secret])))
    (script,) = (block for block in text.split("\nRUN ") if "--mount=type=secret" in block)
    script = script.partition("required=true \\\n")[2].partition("mkdir -p")[0].replace("/run/secrets/house", str(path)) + "echo started"
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (result.returncode, result.stdout) == (code, "" if code else "started\n")
    assert ("the build secret house is empty: set HOUSE_TOKEN where the image is built" in result.stderr) == bool(code)


def test_a_home_directory_is_refused_with_a_way_that_works() -> None:
    with pytest.raises(SpecError, match=r'starts with "~", which Docker does not expand\n  hint: .*NETRC="\$\(cat ~/.netrc\)" cdk deploy'):
        ImageSpec(runtime="python3.13", steps=[Command([["true"]], secrets=[BuildSecret("netrc", from_file="~/.netrc")])])


@pytest.mark.parametrize(
    ("source", "exclude", "refused"), [(".", (), True), (".", ("some/",), False), ("ruby", (), False), ("some", (), True)]
)
def test_the_file_of_a_secret_is_no_file_of_the_image(source: str, exclude: tuple[str, ...], refused: bool, project: Path) -> None:
    (project / "some").mkdir()
    spec = ImageSpec(
        runtime="python3.13",
        steps=[SourceCode(source, exclude=exclude, name="code"), PythonDependencies("requirements.txt", secrets=[file("/root/.netrc")])],
    )
    if not refused:
        plan(spec, pins_of(spec), root=project)
        return
    with pytest.raises(SpecError, match='"code": "some/file", the file of the build secret "file", is among the files'):
        plan(spec, pins_of(spec), root=project)


PAGE = (Path(__file__).parents[2] / "docs" / "private-index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_each_program_of_the_page_plans(program: str, tmp_path: Path) -> None:
    files = dict(re.findall(r"`([^` ]+)`:\n\n```[a-z]+\n(.*?)```", PAGE, re.DOTALL))
    assert {".npmrc", ".yarnrc.yml", "Pipfile"} <= set(files)
    source = re.search(r'url = "(.*)"', files["Pipfile"])
    assert source
    files["Pipfile.lock"] = json.dumps(
        {"_meta": {"sources": [{"name": "house", "url": source[1]}]}, "default": {"lib": {"version": "==1"}}}
    )
    others = ("requirements.txt", "package.json", "functions/api/app.py", "functions/orders/pom.xml")
    files.update({name: "{}" if name.endswith("json") else "<project/>" if name.endswith("xml") else "" for name in others})
    files.update({"package-lock.json": '{"lockfileVersion": 3, "packages": {}}', "yarn.lock": "__metadata:\n  version: 8\n"})
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(program, names)
    spec = names["spec"]
    for step in spec.steps:
        planned(tmp_path, step, spec.runtime)
