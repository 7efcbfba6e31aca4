from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from optimizer.adapters.engine import Engine
from optimizer.adapters.verification import BuildInputs
from optimizer.cli import verify
from optimizer.dockerfile.rendered import HEADER
from optimizer.errors import ContextError, EngineError, OptimizerError
from optimizer.images.compare import LayerComparison, compare_layer
from optimizer.model.build import BuildOptions
from tests.images.test_compare import TREE, built, changed

EQUAL = (compare_layer(built("a"), built("a"), 0),)
DIFFERENT = (compare_layer(built("a"), built("b"), 0, (TREE, changed("var/task/app.py", mode=0o600))),)


def write_app(path: Path, functions: dict[str, dict[str, Any]]) -> None:
    """An assembly of one stack: each function an image asset of the given source."""
    path.mkdir()
    resources, images = {}, {}
    for name, source in functions.items():
        tag = source.pop("tag", f"tag-{name}")
        images[tag] = {"source": source, "destinations": {"d": {"repositoryName": "assets", "imageTag": tag}}}
        resources[name] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": {"ImageUri": {"Fn::Sub": f"1.dkr.ecr.x.amazonaws.com/assets:{tag}"}}},
            "Metadata": {"aws:cdk:path": f"Shop/{name}/Resource"},
        }
    artifacts = {
        "Shop": {"type": "aws:cloudformation:stack", "dependencies": ["Shop.assets"], "properties": {"templateFile": "t.json"}},
        "Shop.assets": {"type": "cdk:asset-manifest", "properties": {"file": "a.json"}},
    }
    for file, document in {
        "manifest.json": {"artifacts": artifacts},
        "t.json": {"Resources": resources},
        "a.json": {"dockerImages": images},
    }.items():
        (path / file).write_text(json.dumps(document))


class Verifications:
    """What was verified, and how it ends."""

    def __init__(self) -> None:
        self.inputs: list[BuildInputs] = []
        self.dockerfiles: list[str] = []
        self.outcomes: dict[str, tuple[LayerComparison, ...] | Exception] = {}

    def __call__(self, inputs: BuildInputs, _: Engine) -> tuple[LayerComparison, ...]:
        self.inputs.append(inputs)
        dockerfile = inputs.directory / inputs.options.dockerfile
        self.dockerfiles.append(dockerfile.read_text(encoding="utf-8") if dockerfile.exists() else "")
        outcome = self.outcomes.get(inputs.directory.name, EQUAL)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verifications:
    """A machine whose engine answers, in an app of three functions of which two have one image."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Engine, "check", lambda _: None)
    fake = Verifications()
    monkeypatch.setattr(verify, "verify_image", fake)
    write_app(
        Path("cdk.out"),
        {
            "Api": {"directory": "asset.1", "tag": "one"},
            "Admin": {"directory": "asset.1", "tag": "one"},
            "Jobs": {
                "directory": "asset.2",
                "dockerFile": "docker/Dockerfile",
                "platform": "linux/arm64",
                "dockerBuildTarget": "final",
                "networkMode": "host",
                "dockerBuildArgs": {"A": "b"},
                "dockerBuildSecrets": {"s": "env=S"},
                "dockerBuildContexts": {"c": "../x"},
                "dockerBuildSsh": "default",
            },
        },
    )
    return fake


def run(*arguments: str) -> Result:
    return CliRunner().invoke(verify.command, arguments, catch_exceptions=False)


def test_every_image_is_verified_once(made: Verifications) -> None:
    result = run("cdk.out")
    assert result.exit_code == 0
    assert result.stdout == (
        "Shop/Admin, Shop/Api  reproducible  1 layer\nShop/Jobs             reproducible  1 layer\n2 images built twice, all layers equal\n"
    )
    assert [inputs.directory for inputs in made.inputs] == [Path("cdk.out/asset.1"), Path("cdk.out/asset.2")]


def test_an_image_is_built_as_cdk_builds_it(made: Verifications) -> None:
    run("cdk.out", "--function", "Shop/Jobs")
    assert made.inputs == [
        BuildInputs(
            directory=Path("cdk.out/asset.2"),
            options=BuildOptions(
                dockerfile="docker/Dockerfile",
                platform="linux/arm64",
                target="final",
                network="host",
                ssh="default",
                arguments={"A": "b"},
                contexts={"c": "../x"},
                secrets={"s": "env=S"},
            ),
        )
    ]


def test_functions_are_selected_by_path_or_pattern(made: Verifications) -> None:
    run("cdk.out", "--function", "Shop/A*")
    run("cdk.out", "--function", "Shop/Api", "--function", "Shop/Jobs")
    assert [inputs.directory.name for inputs in made.inputs] == ["asset.1", "asset.1", "asset.2"]


def test_an_image_that_is_not_what_its_plan_says_is_reported(made: Verifications) -> None:
    Path("cdk.out/asset.1").mkdir()
    Path("cdk.out/asset.1/Dockerfile").write_text(f"{HEADER}\nFROM scratch\n", encoding="utf-8")
    result = run("cdk.out", "--function", "Shop/Api")
    assert result.exit_code == 0
    assert "warning: Shop/Admin is built as it is: no plan is kept beside its generated Dockerfile" in result.stderr


def test_a_differing_layer_is_exit_code_1_and_explained(made: Verifications) -> None:
    made.outcomes["asset.1"] = DIFFERENT
    result = run("cdk.out")
    assert result.exit_code == 1
    assert result.stdout == (
        "Shop/Admin, Shop/Api  NOT reproducible  1 of 1 layers differ\n"
        "Shop/Jobs             reproducible      1 layer\n"
        "\n"
        "Shop/Admin, Shop/Api\n"
        "  layer 1: metadata only  (COPY /layer/ /)\n"
        "    var/task/app.py: mode, 0644 | 0600\n"
        "      hint: the mode comes from the umask of the checkout: set modes in a build\n"
        "        stage, or with COPY --chmod\n"
        "\n"
        "2 images built twice, 1 not reproducible\n"
    )


def test_a_machine_gets_all_of_it(made: Verifications) -> None:
    made.outcomes["asset.1"] = DIFFERENT
    document = json.loads(run("cdk.out", "--format", "json").stdout)
    assert (document["reproducible"], document["skipped"]) == (False, [])
    first, second = document["images"]
    assert (first["name"], first["functions"], first["reproducible"]) == ("Shop/Admin", ["Shop/Admin", "Shop/Api"], False)
    assert first["layers"] == [
        {
            "number": 1,
            "step": "COPY /layer/ /",
            "verdict": "metadata",
            "diffIds": ["a", "b"],
            "differences": [
                {
                    "kind": "metadata",
                    "field": "mode",
                    "path": "var/task/app.py",
                    "first": "0644",
                    "second": "0600",
                    "offset": None,
                    "hint": "the mode comes from the umask of the checkout: set modes in a build stage, or with COPY --chmod",
                }
            ],
            "counts": {"mode": 1},
        }
    ]
    assert second["reproducible"] is True


def test_a_failed_build_does_not_hide_the_others(made: Verifications) -> None:
    made.outcomes["asset.1"] = EngineError("the build failed:\nno such package", hint="fix what it reports, and run the command again")
    runner = CliRunner().invoke(verify.command, ["cdk.out"])
    assert runner.stdout == "Shop/Jobs  reproducible  1 layer\n1 image built twice, all layers equal\n"
    assert isinstance(runner.exception, OptimizerError)
    assert str(runner.exception).startswith("Shop/Admin: the build failed:\nno such package")
    assert runner.exception.exit_code == 2


def test_an_image_that_is_no_build_is_told(made: Verifications) -> None:
    write_app(Path("tar.out"), {"Api": {"executable": ["make-image"]}})
    result = run("tar.out")
    assert result.stdout == ("Shop/Api  not built  the app does not build it from a Dockerfile\n0 images built twice, 1 not built\n")
    assert made.inputs == []


def test_wrong_input_is_one_error(made: Verifications, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ContextError) as raised:
        run("cdk.out", "--function", "Shop/Apu")
    assert str(raised.value) == (
        '--function: no function "Shop/Apu"; the app has Shop/Admin, Shop/Api, Shop/Jobs\n  hint: did you mean "Shop/Api"?'
    )
    Path("empty").mkdir()
    with pytest.raises(ContextError, match='"empty" is a directory; optimizer verify takes'):
        run("empty")
    assert "--function chooses among the functions of an app" in run("x.image.toml", "--function", "a").stderr
    write_app(Path("none.out"), {})
    with pytest.raises(ContextError, match="has no image function"):
        run("none.out")
    monkeypatch.setattr(Engine, "check", lambda _: (_ for _ in ()).throw(EngineError("the container engine does not answer: down")))
    with pytest.raises(EngineError, match="does not answer"):
        run("cdk.out")
    assert made.inputs == []


def test_a_spec_is_planned_and_staged(made: Verifications, tmp_path: Path) -> None:
    Path("app").mkdir()
    Path("app/app.py").write_text("X = 1")
    Path("shop.image.toml").write_text('runtime = "python3.13"\narchitecture = "arm64"\n[[steps]]\nkind = "source-code"\nsource = "app"\n')
    Path("optimizer.lock").write_text(lock())
    result = run("shop.image.toml")
    assert result.stdout == "shop.image.toml  reproducible  1 layer\n1 image built twice, all layers equal\n"
    assert made.dockerfiles[0].startswith("# Generated from an image specification")
    assert made.inputs[0].options.platform == "linux/arm64"
    assert not made.inputs[0].directory.exists()


def lock() -> str:
    import datetime

    from optimizer.bases.lock import Lock, LockedImage
    from optimizer.model.reference import ImageReference

    digest = "sha256:" + "0" * 64
    image = LockedImage(
        reference=ImageReference.parse("public.ecr.aws/lambda/python:3.13"),
        digest=digest,
        resolved=datetime.date(2026, 11, 24),
        kind="index",
        platforms={"amd64": digest, "arm64": digest},
    )
    return Lock(images=(image,)).render()
