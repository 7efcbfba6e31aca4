"""Locks of workspaces, and projects that an installer installs as packages."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from optimizer.adoption.proposal import Outcome, Proposal
from optimizer.model.steps import NodeDependencies, PythonDependencies, SourceCode
from tests.adoption.test_propose import of, outcome
from tests.linting.cases import PYTHON

BACKEND = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
IDNA = '[[package]]\nname = "idna"\nversion = "3.10"\nsource = { registry = "https://pypi.org/simple" }\nwheels = [{ url = "https://x.example.com/idna-3.10-py3-none-any.whl", hash = "sha256:94" }]\n'


def uv_lock(*packages: tuple[str, str, list[str]]) -> str:
    members = ", ".join(f'"{name}"' for name, _, _ in packages)
    text = f'version = 1\nrequires-python = ">=3.12"\n[manifest]\nmembers = [{members}]\n{IDNA}'
    for name, source, needs in packages:
        dependencies = ", ".join(f'{{ name = "{need}" }}' for need in needs)
        text += f'[[package]]\nname = "{name}"\nversion = "0.1.0"\nsource = {{ {source} }}\ndependencies = [{dependencies}]\n'
    return text


class TestGuideOfUv:
    """The workspace of https://docs.astral.sh/uv/guides/integration/aws-lambda/: `from library import …` failed."""

    FILES: ClassVar = {
        "pyproject.toml": '[project]\nname = "app"\nversion = "0.1.0"\ndependencies = ["idna", "library"]\n[tool.uv.workspace]\nmembers = ["library"]\n',
        "uv.lock": uv_lock(("app", 'virtual = "."', ["idna", "library"]), ("library", 'editable = "library"', [])),
        "app/main.py": "from library import hello\n",
        "library/pyproject.toml": f'[project]\nname = "library"\nversion = "0.1.0"\n{BACKEND}',
        "library/src/library/__init__.py": "",
    }
    RUN = (
        "RUN --mount=from=uv,source=/uv,target=/bin/uv --mount=type=cache,target=/root/.cache/uv "
        "--mount=type=bind,source=uv.lock,target=uv.lock --mount=type=bind,source=pyproject.toml,target=pyproject.toml {}"
        'uv export --frozen {} --no-dev --no-editable -o requirements.txt && uv pip install -r requirements.txt --target "${{LAMBDA_TASK_ROOT}}"\n'
    )

    def test_the_library_is_brought_as_a_package_and_not_as_a_directory(self) -> None:
        text = f"FROM ghcr.io/astral-sh/uv:0.10.8 AS uv\nFROM {PYTHON} AS builder\n"
        text += self.RUN.format("", "--no-emit-workspace")
        text += self.RUN.format("--mount=type=bind,source=library,target=library ", "")
        text += f'FROM {PYTHON}\nCOPY --from=builder ${{LAMBDA_TASK_ROOT}} ${{LAMBDA_TASK_ROOT}}\nCOPY ./app ${{LAMBDA_TASK_ROOT}}/app\nCMD ["app.main.handler"]\n'
        proposal = of(text, self.FILES)
        assert proposal.spec.steps == (PythonDependencies("uv.lock"), SourceCode("app", to="/var/task/app/"))
        assert proposal.complete

    def test_the_member_of_an_export_is_that_of_the_step(self) -> None:
        files = {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["api", "core"]\n',
            "uv.lock": uv_lock(("api", 'editable = "api"', ["core"]), ("core", 'editable = "core"', ["idna"])),
            "api/pyproject.toml": f'[project]\nname = "api"\nversion = "0.1.0"\ndependencies = ["core"]\n{BACKEND}',
            "api/src/api/handler.py": "",
            "core/pyproject.toml": f'[project]\nname = "core"\nversion = "0.1.0"\n{BACKEND}',
            "core/src/core/__init__.py": "",
        }
        text = (
            f"FROM {PYTHON} AS b\nWORKDIR /b\nCOPY pyproject.toml uv.lock ./\nCOPY api api\nCOPY core core\n"
            "RUN uv export --frozen --no-dev --no-editable --package api -o r.txt && uv pip install -r r.txt --target /all\n"
            f'FROM {PYTHON}\nCOPY --from=b /all ${{LAMBDA_TASK_ROOT}}\nCMD ["api.handler.handler"]\n'
        )
        proposal = of(text, files)
        assert proposal.spec.steps == (PythonDependencies("uv.lock", package="api"), SourceCode("api/src"))
        assert outcome(proposal, 6) == (
            Outcome.CARRIED,
            'the package in "api" is copied, and not installed: its commands and its metadata are missing',
        )


class TestOwnPackage:
    @staticmethod
    def sync(files: dict[str, str], body: str, command: str = "uv sync --frozen") -> Proposal:
        lock = uv_lock(("shop", 'editable = "."', ["idna"]))
        project = {"pyproject.toml": f'[project]\nname = "shop"\nversion = "0.1.0"\ndependencies = ["idna"]\n{BACKEND}', "uv.lock": lock}
        return of(f"COPY pyproject.toml uv.lock ./\n{body}\nRUN {command}", {**project, **files})

    def test_code_below_src_is_brought_to_where_python_finds_it(self) -> None:
        proposal = self.sync({"src/shop/app.py": ""}, "COPY src src")
        code = [(step.source, step.to) for step in proposal.spec.steps if isinstance(step, SourceCode)]
        assert code == [("src", "/var/task/src/"), ("src", "/var/task/")]

    def test_code_of_a_flat_layout_is_there(self) -> None:
        assert [step.title for step in self.sync({"shop/app.py": ""}, "COPY shop shop").spec.steps] == [
            "python-dependencies",
            "source-code-shop",
        ]

    def test_a_package_that_is_not_copied_by_itself_is_brought(self) -> None:
        assert SourceCode("shop", to="/var/task/shop/") in self.sync({"shop/app.py": ""}, "RUN true").spec.steps

    def test_where_pythonpath_leads(self) -> None:
        proposal = self.sync({"src/shop/app.py": ""}, "COPY src src\nENV PYTHONPATH=/var/task/src")
        assert [step.title for step in proposal.spec.steps] == ["python-dependencies", "source-code-src"]

    def test_a_layout_that_nothing_tells_is_not_carried(self) -> None:
        assert outcome(self.sync({"code/x.py": ""}, "COPY code code"), 4) == (
            Outcome.NOT_CARRIED,
            'it installs the project in "." as a package too, and the step only what that depends on',
        )

    @pytest.mark.parametrize("command", ["uv sync --frozen --no-install-project", "uv sync --no-install-workspace"])
    def test_a_project_that_is_not_installed(self, command: str) -> None:
        assert outcome(self.sync({"code/x.py": ""}, "COPY code code", command), 4)[0] is Outcome.CARRIED


class TestChoice:
    LOCK = uv_lock(("shop", 'virtual = "."', ["idna"])) + 'optional-dependencies = { web = [{ name = "idna" }] }\n'
    FILES: ClassVar = {"pyproject.toml": '[project]\nname = "shop"\nversion = "0.1.0"\n', "uv.lock": LOCK}

    @pytest.mark.parametrize("command", ["uv sync --extra web", "uv export --extra=web -o r.txt && pip install -r r.txt"])
    def test_extras_are_groups_of_the_step(self, command: str) -> None:
        assert of(f"COPY pyproject.toml uv.lock ./\nRUN {command}", self.FILES).spec.steps == (
            PythonDependencies("uv.lock", groups=["web"]),
        )

    @pytest.mark.parametrize(
        ("option", "said"),
        [
            ("--all-extras", "--all-extras takes the extras of the day"),
            ("--only-group web", "--only-group leaves out the project's own dependencies"),
            ("--all-packages", '"uv.lock" is the lock of a workspace: the step installs what one member needs, and not what all do'),
        ],
    )
    def test_what_the_step_cannot_choose(self, option: str, said: str) -> None:
        assert outcome(of(f"COPY pyproject.toml uv.lock ./\nRUN uv sync {option}", self.FILES), 3) == (Outcome.NOT_CARRIED, said)


@pytest.mark.parametrize(
    "beside",
    [{"package.json": '{"workspaces": ["web"]}'}, {"pyproject.toml": "[tool.uv.workspace]\n"}, {"pnpm-workspace.yaml": "packages:\n- a\n"}],
)
def test_a_requirements_file_is_of_no_workspace(beside: dict[str, str]) -> None:
    """Issue 14: a requirements file beside any workspace manifest was reported as lost."""
    files = {"requirements.txt": "idna==3.10\n", **beside}
    proposal = of("COPY requirements.txt .\nRUN pip install -r requirements.txt", files)
    assert outcome(proposal, 3) == (Outcome.CARRIED, "")


def node_files(**more: str) -> dict[str, str]:
    packages: dict[str, Any] = {
        "": {"name": "root", "workspaces": ["packages/*"], "dependencies": {"ms": "2.1.3"}},
        "node_modules/@acme/api": {"resolved": "packages/api", "link": True},
        "node_modules/ms": {"version": "2.1.3", "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz", "integrity": "sha512-x"},
        "packages/api": {"name": "@acme/api", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}},
    }
    return {
        "package.json": '{"name": "root", "workspaces": ["packages/*"], "dependencies": {"ms": "2.1.3"}}',
        "package-lock.json": json.dumps({"name": "root", "lockfileVersion": 3, "packages": packages}),
        "packages/api/package.json": '{"name": "@acme/api", "version": "1.0.0", "main": "index.js", "dependencies": {"ms": "2.1.3"}}',
        "packages/api/index.js": "",
        **more,
    }


@pytest.mark.parametrize(
    "command",
    ["npm ci --omit=dev -w packages/api", "npm ci --omit=dev --workspace=@acme/api", "npm ci --omit=dev --workspace packages/api"],
)
def test_the_member_of_npm(command: str) -> None:
    text = f"FROM public.ecr.aws/lambda/nodejs:22\nCOPY package*.json ./\nCOPY packages/api packages/api\nRUN {command}"
    proposal = of(text, node_files())
    assert NodeDependencies("package-lock.json", package="@acme/api") in proposal.spec.steps
    assert outcome(proposal, 4) == (Outcome.CARRIED, "")


def test_an_installation_for_all_members_names_them() -> None:
    text = (
        "FROM public.ecr.aws/lambda/nodejs:22\nCOPY package*.json ./\nCOPY packages/api/package.json packages/api/\nRUN npm ci --omit=dev"
    )
    proposal = of(text, node_files())
    assert outcome(proposal, 4) == (
        Outcome.NOT_CARRIED,
        '"package-lock.json" is the lock of a workspace: the step installs what one member needs, and not what all do',
    )
    (loss,) = proposal.accounts[3].not_carried
    assert loss.by_hand == "set package to the member whose code the function runs: @acme/api"


@pytest.mark.parametrize(
    ("command", "lock"),
    [
        ("pnpm install --frozen-lockfile --prod --filter @acme/api", "pnpm-lock.yaml"),
        ("pnpm --filter=@acme/api... install --prod", "pnpm-lock.yaml"),
        ("pnpm -F {packages/api} install --prod", "pnpm-lock.yaml"),
        ("yarn workspaces focus --production @acme/api", "yarn.lock"),
    ],
)
def test_the_member_of_other_tools(command: str, lock: str) -> None:
    files = node_files(
        **{
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  .: {}\n  packages/api: {}\npackages: {}\nsnapshots: {}\n",
            "pnpm-workspace.yaml": "packages:\n- packages/*\n",
            "yarn.lock": '__metadata:\n  version: 8\n\n"@acme/api@workspace:packages/api":\n  version: 0.0.0-use.local\n  resolution: "@acme/api@workspace:packages/api"\n  languageName: unknown\n  linkType: soft\n',
        }
    )
    text = f"FROM public.ecr.aws/lambda/nodejs:22\nCOPY . .\nRUN {command}"
    assert NodeDependencies(lock, package="@acme/api") in of(text, files).spec.steps


class TestPathGems:
    """Issue 14: a Ruby gem at a path counted as carried, beside a step for its directory, also where it could not be built."""

    LOCK = (
        "PATH\n  remote: {}\n  specs:\n    greet (0.1.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n\n"
        "PLATFORMS\n  x86_64-linux\n\nDEPENDENCIES\n  greet!\n\nBUNDLED WITH\n   2.6.2\n"
    )

    def of(self, remote: str, copy: str, **files: str) -> Proposal:
        project = {"fn/Gemfile": f'gem "greet", path: "{remote}"\n', "fn/Gemfile.lock": self.LOCK.format(remote), "fn/app.rb": "", **files}
        text = f"FROM public.ecr.aws/lambda/ruby:3.4\nCOPY fn/Gemfile fn/Gemfile.lock fn/app.rb ./\n{copy}\nRUN bundle install"
        return of(text, project)

    @pytest.mark.parametrize(
        ("remote", "copy", "path"),
        [
            ("gems/greet", "COPY fn/gems/greet gems/greet", "fn/gems/greet/greet.gemspec"),
            ("../gems/greet", "COPY gems/greet /var/gems/greet", "gems/greet/greet.gemspec"),
        ],
    )
    def test_the_step_of_the_lock_brings_it(self, remote: str, copy: str, path: str) -> None:
        proposal = self.of(remote, copy, **{path: ""})
        assert [step.title for step in proposal.spec.steps] == ["ruby-dependencies", "source-code-app-rb"]
        assert (outcome(proposal, 3), proposal.accounts[2].into) == ((Outcome.CARRIED, ""), ("ruby-dependencies",))

    def test_one_that_is_elsewhere_in_the_project_is_told(self) -> None:
        proposal = self.of("gems/greet", "COPY shared/greet gems/greet", **{"shared/greet/greet.gemspec": ""})
        told = 'fn/Gemfile.lock names "greet" at "fn/gems/greet", which does not exist in the project'
        assert outcome(proposal, 4) == (Outcome.NOT_CARRIED, told)
        assert not any(step.kind == "ruby-dependencies" for step in proposal.spec.steps)

    def test_one_in_the_directory_of_the_gemfile_is_told(self) -> None:
        proposal = self.of(".", "COPY fn/greet.gemspec ./", **{"fn/greet.gemspec": ""})
        assert outcome(proposal, 4)[0] is Outcome.NOT_CARRIED
        assert "own directory (gemspec)" in outcome(proposal, 4)[1]
