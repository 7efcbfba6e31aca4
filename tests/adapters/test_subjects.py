"""Templates and apps as subjects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.adapters.path_names import is_app
from optimizer.adapters.subjects import load_app
from optimizer.adapters.templates import load_template
from optimizer.adapters.tree import find
from optimizer.errors import ContextError
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject
from tests.linting.cases import PYTHON

FUNCTION = """\
  {id}:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      Architectures: [arm64]
    Metadata:
      DockerContext: {context}
      Dockerfile: {file}
"""


def template(*functions: tuple[str, str, str]) -> str:
    return "Resources:\n" + "".join(FUNCTION.format(id=id, context=context, file=file) for id, context, file in functions)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").write_text(f"FROM {PYTHON}\nARG TARGETARCH\nCOPY $TARGETARCH ./\n")
    (tmp_path / "api" / ".dockerignore").write_text("*.pyc\n")
    (tmp_path / "template.yaml").write_text(template(("Get", "api", "Dockerfile"), ("Put", "./api", "Dockerfile")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestTemplate:
    def test_functions_with_what_sam_builds_them_from(self, tree: Path) -> None:
        Path("samconfig.toml").write_text("[default.build.parameters]\nuse_buildkit = true\n")
        source = load_template("template.yaml")
        functions = [item for item in source.subjects if isinstance(item, FunctionSubject)]
        assert [
            (item.construct, item.declared.architecture, str(item.location.span.start if item.location.span else "")) for item in functions
        ] == [
            ("Get", "arm64", "2:3"),
            ("Put", "arm64", "10:3"),
        ]
        assert functions[0].image == functions[1].image
        file = functions[1].dockerfile
        assert file is not None
        assert (file.path, file.construct, file.platform) == ("api/Dockerfile", "Put", "linux/arm64")
        assert file.ignore is not None and (file.ignore.path, file.ignore.lines) == ("api/.dockerignore", ("*.pyc",))
        assert file.context is not None and file.context.names() == (".dockerignore", "Dockerfile")
        assert file.needed_stages[0].expanded[1] == ("arm64", "./")
        assert source.dockerfiles == ("api/Dockerfile",)

    def test_the_classic_builder_sets_no_arguments_of_its_own(self, tree: Path) -> None:
        (file, *_) = [item for item in load_template("template.yaml").subjects if isinstance(item, DockerfileSubject)]
        assert file.needed_stages[0].expanded[1] == ("", "./")

    def test_a_dockerfile_that_is_not_there_is_a_problem_at_its_key(self, tree: Path) -> None:
        Path("template.yaml").write_text(template(("Get", "nowhere", "Dockerfile")))
        app = load_template("template.yaml").subjects[-1]
        assert isinstance(app, AppSubject)
        (problem,) = app.problems
        assert (str(problem.span.start), problem.message[:26]) == ("9:7", 'the Dockerfile of Get: "no')

    def test_a_dockerfile_outside_its_context(self, tree: Path) -> None:
        Path("template.yaml").write_text(template(("Get", "other", "../api/Dockerfile")))
        (file, *_) = [item for item in load_template("template.yaml").subjects if isinstance(item, DockerfileSubject)]
        assert (file.path, file.inside_context) == ("api/Dockerfile", False)

    def test_where_sam_pushes_to(self, tree: Path) -> None:
        Path("samconfig.toml").write_text("[default.deploy.parameters]\nresolve_image_repos = true\n")
        functions = [item for item in load_template("template.yaml").subjects if isinstance(item, FunctionSubject)]
        assert [item.repository for item in functions] == ["companion stack/Get", "companion stack/Put"]
        Path("samconfig.toml").write_text("[[[")
        assert [item.repository for item in load_template("template.yaml").subjects if isinstance(item, FunctionSubject)] == [None, None]

    def test_fails_for_no_file(self, tree: Path) -> None:
        with pytest.raises(ContextError, match='"nowhere.yaml" does not exist'):
            load_template("nowhere.yaml")

    @pytest.mark.parametrize("text", ["- a", "a: [", "\x00"])
    def test_what_is_no_template_is_a_problem(self, tree: Path, text: str) -> None:
        Path("template.yaml").write_text(text)
        (app,) = load_template("template.yaml").subjects
        assert isinstance(app, AppSubject) and len(app.problems) == 1

    def test_finds_templates_that_speak_of_functions(self, tree: Path) -> None:
        for path in ("a/template.yml", "a/shop.template.json", "node_modules/template.yaml", "b/values.yaml"):
            Path(path).parent.mkdir(exist_ok=True)
            Path(path).write_text("Type: AWS::Serverless::Function")
        Path("b/template.yaml").write_text("{{ helm }}")
        assert find(["."]).templates == ("template.yaml", "a/shop.template.json", "a/template.yml")
        assert find(["b/values.yaml", "api/Dockerfile"]).templates == ("b/values.yaml",)

    def test_a_property_has_its_place_or_that_of_the_nearest_above_it(self, tree: Path) -> None:
        text = template(("Get", "api", "Dockerfile")).replace(
            "PackageType: Image", "PackageType: Image\n      SnapStart:\n        ApplyOn: None"
        )
        Path("template.yaml").write_text(text)
        (function,) = (item for item in load_template("template.yaml").subjects if isinstance(item, FunctionSubject))
        assert function.declared.serverless
        assert function.declared.properties["SnapStart"] == {"ApplyOn": "None"}
        places = [function.place(*keys) for keys in (("SnapStart", "ApplyOn"), ("SnapStart", "Other"), ("Timeout",))]
        assert [str(place.start) if place else None for place in places] == ["7:9", "6:7", None]


class TestApp:
    def test_a_directory_with_a_manifest_of_something_else_is_none(self, tree: Path) -> None:
        Path("manifest.json").write_text("{}")
        assert not is_app(".")

    @pytest.mark.parametrize(
        "manifest",
        [
            {"artifacts": {"S": {"type": "aws:cloudformation:stack"}}},
            {"artifacts": {"S": {"type": "cdk:cloud-assembly"}}},
            {"artifacts": {"S": 3}},
            {"artifacts": []},
        ],
    )
    def test_fails_for_a_broken_assembly(self, tree: Path, manifest: object) -> None:
        Path("manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(ContextError, match="is not a complete cloud assembly"):
            load_app(".", RULES)
