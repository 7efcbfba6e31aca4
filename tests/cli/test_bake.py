"""``optimizer bake`` on synthesized apps."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import ImageSpec, PythonDependencies, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer
from optimizer.cli import bake
from optimizer.errors import ConfigurationError, ContextError, RegistryError
from tests.adapters.registry_server import RegistryServer, serving

HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
GERMANY = cdk.Environment(account="123456789012", region="eu-central-1")
CHINA = cdk.Environment(account="123456789012", region="cn-north-1")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pinned = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1))
    for path, text in {
        "functions/api/app.py": "def handler(event, context):\n    return 1\n",
        "functions/other/app.py": "def handler(event, context):\n    return 2\n",
        "requirements.txt": "idna==3.10\n",
        "optimizer.lock": Lock().with_images([pinned]).render(),
        "own/Dockerfile.lambda": "FROM scratch\nCOPY <<EOF /etc/x\n${A}\nEOF\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def app(repository: str | None = "images", **context: Any) -> cdk.App:
    synthesizer = SharedRepositorySynthesizer(repository_name=repository) if repository else None
    return cdk.App(
        outdir=os.path.abspath("cdk.out"), default_stack_synthesizer=synthesizer, context={"aws:cdk:enable-path-metadata": True, **context}
    )


def add_function(stack: cdk.Stack, name: str, source: str) -> OptimizedFunction:
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode(source), PythonDependencies("requirements.txt")])
    return OptimizedFunction(stack, name, spec=spec, handler="app.handler")


def fleet(env: cdk.Environment | None = None, **context: Any) -> cdk.App:
    made = app(**context)
    stack = cdk.Stack(made, "Shop", env=env)
    add_function(stack, "Api", "functions/api")
    add_function(stack, "Other", "functions/other")
    made.synth()
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(bake.command, ["cdk.out", *arguments], catch_exceptions=False)


def baked(*arguments: str) -> dict[str, Any]:
    result = run(*arguments)
    assert result.exit_code == 0
    return dict(json.loads(result.stdout)["target"])


def test_functions_with_equal_dependencies_share_one_target() -> None:
    fleet(GERMANY)
    made = baked()
    images = [name for name, target in made.items() if "tags" in target]
    (shared,) = set(made) - set(images)
    assert images == ["Shop-Api", "Shop-Other"]
    assert shared.startswith("python-dependencies-")
    assert all(f"target:{shared}" in made[name]["contexts"].values() for name in images)
    assert Path(made[shared]["context"], "requirements.txt").is_file()


@pytest.mark.parametrize(("program", "warned"), [("podman", True), ("/usr/bin/buildah", True), ("docker", False), ("finch", False)])
def test_says_who_builds_no_bake_files(program: str, warned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "what differs is in the docs and, where it would be wrong, refused with a hint"."""
    fleet(GERMANY)
    monkeypatch.setenv("BUILDAH_LAYERS", "true")
    expected = run().stdout
    monkeypatch.setenv("CDK_DOCKER", program)
    result = run()
    assert (result.exit_code, result.stdout) == (0, expected)
    assert (f'warning: CDK_DOCKER names "{program}", which builds no bake files: docker buildx bake does' in result.stderr) is warned


def test_two_runs_give_the_same_bytes() -> None:
    fleet(GERMANY)
    assert run().stdout == run().stdout


def test_tags_are_what_cdk_pushes_where_account_and_region_are_known(project: Path) -> None:
    made = app("images-${AWS::Region}")
    for name, env in (("One", GERMANY), ("Two", CHINA)):
        add_function(cdk.Stack(made, name, env=env), "Api", "functions/api")
    made.synth()
    ((asset, _),) = json.loads((project / "cdk.out" / "One.assets.json").read_text())["dockerImages"].items()
    (target,) = baked().values()
    assert target["tags"] == [
        f"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/images-cn-north-1:{asset}",
        f"{HOST}/images-eu-central-1:{asset}",
    ]


def test_tags_are_those_of_the_bootstrapped_repository_too() -> None:
    made = app(None)
    add_function(cdk.Stack(made, "Shop", env=GERMANY), "Api", "functions/api")
    made.synth()
    (target,) = baked().values()
    assert target["tags"][0].startswith(f"{HOST}/cdk-hnb659fds-container-assets-123456789012-eu-central-1:")


def test_images_of_a_stage_are_found() -> None:
    made = app()
    add_function(cdk.Stack(cdk.Stage(made, "Prod", env=GERMANY), "Shop"), "Api", "functions/api")
    made.synth()
    (name,) = baked()
    assert name == "Prod-Shop-Api"


def test_an_option_names_the_repository_where_only_the_deployment_knows_it() -> None:
    fleet()
    with pytest.raises(ConfigurationError, match='account and region of "Shop/Api", "Shop/Other" are known only at deployment'):
        run()
    tags = {tag.rpartition(":")[0] for target in baked("--repository", f"{HOST}/images").values() for tag in target.get("tags", ())}
    assert tags == {f"{HOST}/images"}


def test_the_repository_of_the_option_fills_placeholders() -> None:
    made = app(None)
    add_function(cdk.Stack(made, "Shop"), "Api", "functions/api")
    made.synth()
    result = run("--repository", f"{HOST}/cdk-hnb659fds-container-assets-123456789012-eu-central-1")
    assert result.stderr == ""


def test_warns_of_a_repository_in_which_cdk_will_not_look() -> None:
    fleet()
    result = run("--repository", f"{HOST}/imags")
    assert result.stderr == 'warning: cdk deploy looks for the images in "images", not in "imags"\n'


def test_fails_where_one_repository_is_to_stand_for_several() -> None:
    made = app()
    add_function(cdk.Stack(made, "One"), "Api", "functions/api")
    old = cdk.Stack(made, "Two", synthesizer=SharedRepositorySynthesizer(repository_name="old"))
    add_function(old, "Other", "functions/other")
    made.synth()
    with pytest.raises(ConfigurationError, match='go to several repositories: "images", "old"'):
        run("--repository", f"{HOST}/images")


@pytest.mark.parametrize("text", ["images", f"{HOST}/images:latest", f"https://{HOST}/images"])
def test_fails_for_what_is_no_repository(text: str) -> None:
    fleet()
    with pytest.raises(ConfigurationError, match="is not a repository; allowed: HOST"):
        run("--repository", text)


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RegistryServer]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    monkeypatch.setattr("optimizer.adapters.registry.transport._FIRST_DELAY_S", 0)
    with serving() as server:
        yield server


def test_leaves_out_what_the_registry_has(repository: RegistryServer) -> None:
    """Tags of an asset repository cannot be written twice."""
    fleet()
    arguments = ("--repository", f"{repository.host}/images", "--only-new")
    first = baked(*arguments)["Shop-Api"]
    repository.single(first["tags"][0].partition("/")[2])
    result = run(*arguments)
    assert result.stderr == "1 of 2 images are in the repository already\n"
    made = json.loads(result.stdout)["target"]
    assert list(made) == ["Shop-Other"]
    assert "AS python-dependencies" in made["Shop-Other"]["dockerfile-inline"], "the stage is no longer shared"
    repository.single(made["Shop-Other"]["tags"][0].partition("/")[2])
    assert run(*arguments).stdout == ""


def test_fails_where_the_registry_does_not_say_what_it_has(repository: RegistryServer) -> None:
    fleet()
    repository.deny = 403
    with pytest.raises(RegistryError, match="denies"):
        run("--repository", f"{repository.host}/images", "--only-new", "--output", "bake.json")
    assert not Path("bake.json").exists()
    repository.deny, repository.cuts = 0, 5
    with pytest.raises(RegistryError, match="the connection was closed"):
        run("--repository", f"{repository.host}/images", "--only-new", "--output", "bake.json")
    assert not Path("bake.json").exists()


def test_a_hand_written_dockerfile_is_one_target_as_cdk_builds_it() -> None:
    made = app()
    stack = cdk.Stack(made, "Shop", env=GERMANY)
    lambda_.DockerImageFunction(
        stack,
        "Own",
        architecture=lambda_.Architecture.ARM_64,
        code=lambda_.DockerImageCode.from_image_asset(
            os.path.abspath("own"),
            file="Dockerfile.lambda",
            target="runtime",
            build_args={"A": "${1}"},
            build_secrets={"npm": "src=.npmrc", "pip": "env=PIP"},
            build_ssh="default",
            cache_from=[ecr_assets.DockerCacheOption(type="gha", params={"scope": "own"})],
            cache_to=ecr_assets.DockerCacheOption(type="gha", params={"scope": "own", "mode": "max"}),
            outputs=["type=docker"],
            network_mode=ecr_assets.NetworkMode.HOST,
        ),
    )
    made.synth()
    (target,) = baked().values()
    directory = target["context"]
    assert Path(directory, target["dockerfile"]).is_file()
    assert len(target.pop("tags")) == len(target.pop("attest")) - 1 == 1
    assert target == {
        "context": directory,
        "platforms": ["linux/arm64"],
        "network": "host",
        "secret": [f"id=npm,src={directory}/.npmrc", "id=pip,env=PIP"],
        "dockerfile": "Dockerfile.lambda",
        "args": {"A": "$${1}"},
        "target": "runtime",
        "ssh": ["default"],
        "cache-from": ["type=gha,scope=own"],
        "cache-to": ["type=gha,scope=own,mode=max"],
    }


def test_an_image_asset_that_is_no_function_is_built_too() -> None:
    made = app()
    ecr_assets.DockerImageAsset(cdk.Stack(made, "Shop", env=GERMANY), "Batch", directory=os.path.abspath("own"), file="Dockerfile.lambda")
    made.synth()
    assert list(baked()) == ["Shop-Batch"]


def test_a_rendered_dockerfile_built_with_more_options_stays_whole(project: Path) -> None:
    fleet(GERMANY)
    rendered = next(path for path in Path("cdk.out").glob("asset.*") if path.is_dir())
    made = app()
    stack = cdk.Stack(made, "Shop", env=GERMANY)
    code = lambda_.DockerImageCode.from_image_asset(str(project / rendered), build_args={"A": "1"})
    lambda_.DockerImageFunction(stack, "Own", code=code)
    made.synth()
    (target,) = baked().values()
    assert target["dockerfile"] == "Dockerfile"


def test_an_image_with_scripts_of_another_version_shares_no_stage(project: Path) -> None:
    """Scripts are beside the Dockerfile: equal texts no longer say that equal stages make equal trees."""
    fleet(GERMANY)
    for path in Path("cdk.out").glob("asset.*/scripts/normalise_python.py"):
        path.write_text("pass\n", encoding="utf-8")
    result = run()
    assert "is built as it is, without sharing stages: another version of this tool made its Dockerfile or its scripts" in result.stderr
    assert sorted(json.loads(result.stdout)["target"]) == ["Shop-Api", "Shop-Other"]


def test_a_cache_preset_reaches_the_file() -> None:
    fleet(GERMANY, **{"optimizer:cache": "github-actions"})
    made = baked()
    assert all(target["cache-from"][0].startswith("type=gha,scope=Shop-") for target in made.values())
    assert sorted("cache-to" in target for target in made.values()) == [False, True, True]


def test_fails_for_a_cache_in_the_repository_of_the_images() -> None:
    made = app()
    option = ecr_assets.DockerCacheOption(type="registry", params={"ref": f"{HOST}/images:cache"})
    code = lambda_.DockerImageCode.from_image_asset(os.path.abspath("own"), file="Dockerfile.lambda", cache_to=option)
    lambda_.DockerImageFunction(cdk.Stack(made, "Shop", env=GERMANY), "Own", code=code)
    made.synth()
    with pytest.raises(ConfigurationError, match=r"Shop/Own: the cache goes to .* into the repository of the images"):
        run()


@pytest.mark.parametrize(
    ("filters", "tag", "fails"), [(["cache-*"], "cache-own", False), (["cache-*"], "own", True), ([], "cache-own", True)]
)
def test_a_cache_may_stand_among_the_images_where_its_tag_may_move(filters: list[str], tag: str, fails: bool) -> None:
    made = app()
    SharedAssetRepository(cdk.Stack(made, "Images", env=GERMANY), "Repository", mutable_tags=filters)
    option = ecr_assets.DockerCacheOption(type="registry", params={"ref": f"{HOST}/images:{tag}"})
    code = lambda_.DockerImageCode.from_image_asset(os.path.abspath("own"), file="Dockerfile.lambda", cache_to=option)
    lambda_.DockerImageFunction(cdk.Stack(made, "Shop", env=GERMANY), "Own", code=code)
    made.synth()
    if fails:
        with pytest.raises(ConfigurationError, match="into the repository of the images, where this tag cannot move"):
            run()
    else:
        (target,) = baked().values()
        assert target["cache-to"] == [f"type=registry,ref={HOST}/images:{tag}"]


def test_an_index_in_the_place_of_an_image_is_an_error(repository: RegistryServer) -> None:
    fleet()
    arguments = ("--repository", f"{repository.host}/images", "--only-new")
    name = baked(*arguments)["Shop-Api"]["tags"][0]
    repository.index(name.partition("/")[2])
    with pytest.raises(RegistryError, match=f'"{name}" is an image index, and cdk deploy would give it to Lambda'):
        run(*arguments)


def test_leaves_out_an_image_that_a_program_makes() -> None:
    made = app()
    stack = cdk.Stack(made, "Shop", env=GERMANY)
    add_function(stack, "Api", "functions/api")
    stack.synthesizer.add_docker_image_asset(source_hash="0" * 64, executable=["make", "image"], display_name="Nix")
    made.synth()
    result = run()
    assert result.stderr == "warning: Shop/Nix: this image is made by a program, which cdk deploy runs\n"
    assert list(json.loads(result.stdout)["target"]) == ["Shop-Api"]


def test_fails_without_an_image() -> None:
    made = app()
    cdk.Stack(made, "Shop")
    made.synth()
    with pytest.raises(ContextError, match="has no image to build"):
        run()


def test_fails_where_there_is_no_assembly() -> None:
    with pytest.raises(ContextError, match="is a CDK app that is not synthesized"):
        run()


def test_writes_a_file_and_says_what_is_in_it() -> None:
    fleet(GERMANY)
    result = run("--output", "bake.json")
    assert (result.stdout, result.stderr) == ("", "wrote bake.json: 2 images, 1 shared stages\n")
    assert Path("bake.json").read_text() == run().stdout


def test_fails_for_a_file_that_cannot_be_written() -> None:
    fleet(GERMANY)
    with pytest.raises(ContextError, match=r'the bake file "no/bake\.json" cannot be written: No such file or directory'):
        run("--output", "no/bake.json")
