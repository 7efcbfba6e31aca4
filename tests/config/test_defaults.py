"""Defaults of a company reach specifications, in Python and in TOML, wherever these are planned."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import jsonschema
import pytest
import tomlkit
from aws_cdk.assertions import Template
from click.testing import CliRunner

from optimizer import BuildSecret, ImageSpec, NodeBuild, NodeDependencies, PythonDependencies, SourceCode, plan
from optimizer.cdk import OptimizedFunction
from optimizer.cli.main import optimizer
from optimizer.config.schema import configuration_schema
from optimizer.config.settings import load_settings
from optimizer.errors import ConfigurationError
from optimizer.linting.rules import RULES
from optimizer.planning.defaults import with_defaults
from tests.builders.test_context import LOCK

HOUSE = """
[defaults]
architecture = "arm64"
labels = { "acme.owner" = "platform", "acme.unit" = "retail" }

[defaults.python-dependencies]
index_url = "https://pypi.example.com/simple"
slim = ["tests"]

[defaults.node-dependencies]
registry = "https://npm.example.com"
slim = ["docs"]

[defaults.node-build]
registry = "https://npm.example.com/for-builds"
"""
SPEC = 'runtime = "python3.13"\n\n[[steps]]\nkind = "python-dependencies"\nlock = "requirements.txt"\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("optimizer.toml").write_text(HOUSE)
    Path("optimizer.lock").write_text(LOCK.render())
    Path("requirements.txt").write_text("six==1.17.0\n")
    Path("api.image.toml").write_text(SPEC)
    return tmp_path


def complete(spec: ImageSpec) -> ImageSpec:
    return with_defaults(spec, load_settings(".").defaults)


def run(*words: str) -> str:
    result = CliRunner().invoke(optimizer, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


class TestWhatASpecificationHas:
    def test_what_is_not_set_is_that_of_the_company(self) -> None:
        """Issue 14: "House defaults reach functions, not specs (index, registry, labels, architecture, slim)"."""
        spec = complete(
            ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt"), NodeDependencies("package-lock.json")])
        )
        assert spec.architecture == "arm64"
        assert spec.labels == (("acme.owner", "platform"), ("acme.unit", "retail"))
        python, node = spec.steps
        assert isinstance(python, PythonDependencies) and isinstance(node, NodeDependencies)
        assert (python.index_url, python.slim) == ("https://pypi.example.com/simple", ("tests",))
        assert (node.registry, node.slim) == ("https://npm.example.com", ("docs",))

    def test_packages_for_builds_have_a_registry_of_their_own(self) -> None:
        (step,) = complete(ImageSpec(runtime="nodejs22.x", steps=[NodeBuild("api", script="build")])).steps
        assert step == NodeBuild("api", script="build", registry="https://npm.example.com/for-builds")

    def test_what_is_set_wins_also_where_it_is_the_default_of_the_field(self) -> None:
        step = PythonDependencies("requirements.txt", slim=[], index_url="https://other.example.com/simple")
        spec = complete(ImageSpec(runtime="python3.13", architecture="x86_64", labels={"acme.owner": "shop"}, steps=[step]))
        assert spec.architecture == "x86_64"
        assert dict(spec.labels) == {"acme.owner": "shop", "acme.unit": "retail"}
        assert spec.steps == (step,)

    def test_plain_data_keeps_what_was_set(self) -> None:
        spec = ImageSpec(runtime="python3.13", architecture="x86_64", steps=[PythonDependencies("requirements.txt", slim=[])])
        assert complete(ImageSpec.from_dict(spec.to_dict())).architecture == "x86_64"
        (step,) = complete(ImageSpec.from_dict(spec.to_dict())).steps
        assert isinstance(step, PythonDependencies) and step.slim == ()
        unset = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt")])
        assert complete(ImageSpec.from_dict(unset.to_dict())).architecture == "arm64"

    def test_they_can_be_applied_twice(self) -> None:
        once = complete(ImageSpec.load("api.image.toml"))
        assert complete(once) == once

    def test_a_secret_that_sets_the_index_wins(self) -> None:
        """Both would be a fault that the team did not make."""
        secret = BuildSecret("index", from_env="INDEX", to_env="UV_DEFAULT_INDEX")
        (step,) = complete(ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt", secrets=[secret])])).steps
        assert isinstance(step, PythonDependencies)
        assert (step.index_url, step.slim) == (None, ("tests",))

    def test_they_are_as_if_they_were_written(self) -> None:
        written = ImageSpec(
            runtime="python3.13",
            architecture="arm64",
            labels={"acme.owner": "platform", "acme.unit": "retail"},
            steps=[PythonDependencies("requirements.txt", slim=["tests"], index_url="https://pypi.example.com/simple")],
        )
        assert plan(ImageSpec.load("api.image.toml"), LOCK, defaults=load_settings(".").defaults) == plan(written, LOCK)


class TestWhereTheyHold:
    def test_commands_that_plan_know_them(self) -> None:
        text = run("render", "api.image.toml")
        assert 'LABEL acme.owner="platform" \\\n    acme.unit="retail"' in text
        assert "--index-url https://pypi.example.com/simple" in text and "/slim tests" in text
        assert "python3.13, arm64" in run("plan", "api.image.toml")
        assert json.loads(run("plan", "api.image.toml", "--format", "json"))["architecture"] == "arm64"

    def test_pin_asks_for_the_platform_of_the_company(self) -> None:
        before, name, after = LOCK.render().partition('reference = "public.ecr.aws/lambda/python:3.13"')
        Path("optimizer.lock").write_text(before + name + after.replace('kind = "index"', 'kind = "manifest"', 1))
        result = CliRunner().invoke(optimizer, ["pin", "--check", "api.image.toml"])
        assert "public.ecr.aws/lambda/python:3.13  is not pinned for arm64" in result.output

    def test_a_function_of_cdk_has_them(self) -> None:
        app = cdk.App()
        stack = cdk.Stack(app, "Shop")
        Path("fn").mkdir()
        Path("fn/app.py").write_text("def handler(event, context): ...\n")
        function = OptimizedFunction(stack, "Api", spec=ImageSpec(runtime="python3.13", steps=[SourceCode("fn")]), handler="app.handler")
        assert dict(function.plan.labels)["acme.owner"] == "platform"
        Template.from_stack(stack).has_resource_properties("AWS::Lambda::Function", {"Architectures": ["arm64"]})

    def test_those_of_an_extended_file_hold_value_by_value(self) -> None:
        Path("house.toml").write_text(HOUSE)
        Path("optimizer.toml").write_text(
            'extends = "house.toml"\n[defaults]\narchitecture = "x86_64"\nlabels = { "acme.unit" = "shop" }\n'
        )
        Path("cdk.json").write_text(json.dumps({"context": {"optimizer:defaults": {"python-dependencies": {"slim": []}}}}))
        spec = complete(ImageSpec.load("api.image.toml"))
        (step,) = spec.steps
        assert isinstance(step, PythonDependencies)
        assert (spec.architecture, dict(spec.labels)) == ("x86_64", {"acme.owner": "platform", "acme.unit": "shop"})
        assert (step.slim, step.index_url) == ((), "https://pypi.example.com/simple")


class TestWhatIsWrong:
    def test_every_fault_has_its_line(self) -> None:
        Path("optimizer.toml").write_text(
            '[defaults]\narchitecture = "arm"\nlabel = { a = "b" }\nlabels = { "a" = 1 }\npython_dependencies = {}\n'
            'node-dependencies = 3\n[defaults.python-dependencies]\nindex = "x"\nslim = ["test"]\nindex_url = "pypi"\n'
        )
        with pytest.raises(ConfigurationError) as caught:
            load_settings(".")
        assert [(fault.place, fault.message.partition(";")[0]) for fault in caught.value.faults] == [
            ("optimizer.toml:2: defaults.architecture", 'unknown architecture "arm"'),
            ("optimizer.toml:3: defaults.label", 'unknown key "label"'),
            ('optimizer.toml:4: defaults.labels["a"]', "1 is not a string"),
            ("optimizer.toml:5: defaults.python_dependencies", 'unknown key "python_dependencies"'),
            ("optimizer.toml:6: defaults.node-dependencies", "3 is not a table"),
            ("optimizer.toml:8: defaults.python-dependencies.index", 'unknown key "index"'),
            ("optimizer.toml:9: defaults.python-dependencies.slim[0]", '"test" is not allowed'),
            ("optimizer.toml:10: defaults.python-dependencies.index_url", '"pypi" is not a URL'),
        ]

    def test_the_schema_knows_the_same(self) -> None:
        schema = configuration_schema(RULES)
        jsonschema.validate(tomlkit.parse(HOUSE).unwrap(), schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"defaults": {"python-dependencies": {"groups": ["x"]}}}, schema)
