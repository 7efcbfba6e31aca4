"""The example app holds together: functions, invocations, locks, model and catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import aws_cdk as cdk
import pytest

from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from stacks.operations import OperationsStack
from stacks.repository import REPOSITORY_NAME, RepositoryStack
from stacks.storefront import StorefrontStack

from .answers import INVOCATIONS, differences

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> cdk.App:
    app = cdk.App(
        outdir=str(tmp_path_factory.mktemp("assembly")),
        default_stack_synthesizer=SharedRepositorySynthesizer(repository_name=REPOSITORY_NAME),
        context={"optimizer:root": str(ROOT), "optimizer:lock": str(ROOT / "optimizer.lock")},
    )
    RepositoryStack(app, "Repository")
    StorefrontStack(app, "Storefront", architecture="x86_64")
    OperationsStack(app, "Operations", architecture="x86_64")
    return app


@pytest.fixture(scope="module")
def functions(app: cdk.App) -> dict[str, OptimizedFunction]:
    return {construct.node.path: construct for construct in app.node.find_all() if isinstance(construct, OptimizedFunction)}


def test_every_function_has_an_invocation(functions: dict[str, OptimizedFunction]) -> None:
    assert set(json.loads(INVOCATIONS.read_text(encoding="utf-8"))) == set(functions)


def test_invocations_name_the_functions_handlers(app: cdk.App) -> None:
    handlers = {}
    assembly = app.synth()
    for stack in assembly.stacks:
        for resource in stack.template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Function":
                assert resource["Properties"]["Architectures"] == ["x86_64"]
                handlers[resource["Properties"]["Description"]] = resource["Properties"]["ImageConfig"]["Command"]
    invocations = json.loads(INVOCATIONS.read_text(encoding="utf-8")).values()
    assert sorted(handlers.values()) == sorted([invocation["handler"]] for invocation in invocations)


def test_the_apis_share_packages_and_first_party_code(functions: dict[str, OptimizedFunction]) -> None:
    catalog, orders = ({stage.name: stage for stage in functions[path].plan.stages} for path in ("Storefront/Catalog", "Storefront/Orders"))
    assert catalog["packages"] == orders["packages"]
    assert catalog["common"] == orders["common"]
    assert catalog["code"] != orders["code"]


def test_every_requirement_is_pinned_with_hashes() -> None:
    lines = (ROOT / "functions/requirements/api.txt").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    requirements = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert {line.partition("==")[0] for line in requirements} >= {"pydantic", "pydantic-core", "python-dateutil"}
    for line in requirements:
        assert re.match(r"[a-z0-9-]+==\S+ +--hash=sha256:[0-9a-f]{64}", line), line


def test_every_node_package_has_an_integrity() -> None:
    packages = json.loads((ROOT / "functions/receipts/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all(
        "integrity" in package and package["resolved"].startswith("https://registry.npmjs.org/")
        for path, package in packages.items()
        if path
    )


def test_the_model_knows_exactly_the_products(load: Callable[..., ModuleType]) -> None:
    model = json.loads((ROOT / "models/ranker.json").read_text(encoding="utf-8"))
    assert set(model["vectors"]) == set(load("shop.products", "common").products())


def test_differences_are_named_with_their_place() -> None:
    answer = {"statusCode": 200, "body": '{"a": [1, {"b": 2}], "more": true}'}
    assert list(differences(answer, {"body": {"a": [1, {"b": 2}]}})) == []
    assert list(differences(answer, {"body": {"a": [1, {"b": 3}], "c": 1}})) == [
        "answer.body.a[1].b is 2, expected 3",
        "answer.body.c is missing",
    ]
    assert list(differences({"body": "no"}, {"body": {}})) == ["answer.body is no JSON: 'no'"]
    assert list(differences([1], [1, 2])) == ["answer is [1], expected [1, 2]"]
