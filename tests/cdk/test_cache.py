"""The setting ``optimizer:cache``: what it puts into asset manifests, and that it changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from optimizer import ImageSpec, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer
from optimizer.errors import ConfigurationError

HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
NAME = "Stack-Api-05fd158d"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    day = __import__("datetime").date(2026, 11, 1)
    pinned = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=day)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "app.py").write_text("def handler(event, context):\n    return None\n")
    (tmp_path / "optimizer.lock").write_text(Lock().with_images([pinned]).render())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def synthesized(cache: Any, repository: str | None = "images", env: cdk.Environment | None = None, stacks: int = 1) -> list[dict[str, Any]]:
    """The image of each stack, as its manifest has it; the asset and its source."""
    synthesizer = SharedRepositorySynthesizer(repository_name=repository) if repository else None
    app = cdk.App(default_stack_synthesizer=synthesizer, context={"optimizer:cache": cache} if cache is not None else {})
    for number in range(stacks):
        stack = cdk.Stack(app, f"Stack{number or ''}", env=env)
        spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions")])
        OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")
    directory = Path(app.synth().directory)
    images = []
    for number in range(stacks):
        ((asset, image),) = json.loads((directory / f"Stack{number or ''}.assets.json").read_text())["dockerImages"].items()
        images.append({"asset": asset, **image})
    return images


def test_without_it_the_manifest_has_no_cache() -> None:
    (image,) = synthesized(None)
    assert not {"cacheFrom", "cacheTo", "dockerOutputs"} & set(image["source"])


@pytest.mark.parametrize(
    ("cache", "source", "target"),
    [
        (
            f"registry,repository={HOST}/build-cache",
            {"type": "registry", "params": {"ref": f"{HOST}/build-cache:{NAME}"}},
            {
                "type": "registry",
                "params": {"ref": f"{HOST}/build-cache:{NAME}", "mode": "max", "image-manifest": "true", "oci-mediatypes": "true"},
            },
        ),
        ("github-actions", {"type": "gha", "params": {"scope": NAME}}, {"type": "gha", "params": {"scope": NAME, "mode": "max"}}),
        (
            {"preset": "local", "directory": "/cache"},
            {"type": "local", "params": {"src": f"/cache/{NAME}"}},
            {"type": "local", "params": {"dest": f"/cache/{NAME}", "mode": "max"}},
        ),
    ],
)
def test_each_preset_becomes_options_of_the_asset(cache: Any, source: dict[str, Any], target: dict[str, Any]) -> None:
    (image,) = synthesized(cache)
    assert image["source"]["cacheFrom"] == [source]
    assert image["source"]["cacheTo"] == target
    # So that CDK finds the image in the engine, whichever builder made it.
    assert image["source"]["dockerOutputs"] == ["type=docker"]


def test_it_never_enters_the_asset_hash() -> None:
    caches = [None, "github-actions", "github-actions,scope=main,write=false", "local,directory=/cache"]
    assert len({synthesized(cache)[0]["asset"] for cache in caches}) == 1


def test_one_image_in_two_stacks_has_one_cache() -> None:
    """The CLI builds an image twice whose cache options differ."""
    one, two = synthesized("github-actions", stacks=2)
    assert one["source"] == two["source"]


def test_optimizer_toml_can_hold_it(project: Path) -> None:
    (project / "optimizer.toml").write_text('[cache]\npreset = "github-actions"\nscope = "main"\n')
    (image,) = synthesized(None)
    assert image["source"]["cacheFrom"] == [{"type": "gha", "params": {"scope": f"main-{NAME}"}}]


def test_fails_with_the_setting_in_the_message() -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)CDK context: optimizer:cache\.scope: \"a/b\" is not a scope"):
        synthesized("github-actions,scope=a/b")


GERMANY = cdk.Environment(account="123456789012", region="eu-central-1")
IRELAND = cdk.Environment(account="123456789012", region="eu-west-1")
BOOTSTRAPPED = "cdk-hnb659fds-container-assets-123456789012-eu-central-1"


@pytest.mark.parametrize(
    ("cache", "repository", "env"),
    [
        (f"{HOST}/images", "images", None),
        (f"{HOST}/images", "images", GERMANY),
        (f"{HOST}/images-eu-central-1", "images-${AWS::Region}", None),
        (f"{HOST}/{BOOTSTRAPPED}", None, None),
        (f"{HOST}/{BOOTSTRAPPED}", None, GERMANY),
    ],
)
def test_fails_where_the_cache_would_go_to_the_asset_repository(cache: str, repository: str | None, env: cdk.Environment | None) -> None:
    with pytest.raises(
        ConfigurationError, match="(?s)is the asset repository of stack .* another ECR repository, with mutable tags"
    ) as raised:
        synthesized(f"registry,repository={cache}", repository, env)
    assert "refuses" in str(raised.value)


@pytest.mark.parametrize(
    ("cache", "env"), [(f"{HOST}/images", IRELAND), (f"{HOST}/images-cache", GERMANY), ("registry.example.com/images", GERMANY)]
)
def test_a_repository_that_is_another_will_do(cache: str, env: cdk.Environment) -> None:
    assert synthesized(f"registry,repository={cache}", "images", env)


@pytest.mark.parametrize(
    ("filters", "options", "fails"),
    [
        (["cache-*"], "scope=cache", False),
        (["cache-*"], "scope=cache-main,fallback=cache", False),
        (["cache-*"], "scope=main", True),
        # Nothing is written.
        ([], "scope=main,write=false", False),
        ([], "scope=cache", True),
        # AWS does not say whether case counts.
        (["CACHE-*"], "scope=cache", True),
    ],
)
def test_the_shared_repository_holds_a_cache_whose_tags_may_move(filters: list[str], options: str, fails: bool) -> None:
    """Requirement: "presets (docs/ci.md, registry caches) may then use the shared repository"."""
    context = {"optimizer:cache": f"registry,repository={HOST}/images,{options}"}
    app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"), context=context)
    SharedAssetRepository(cdk.Stack(app, "Images", env=GERMANY), "Repository", mutable_tags=filters)
    stack = cdk.Stack(app, "Stack", env=GERMANY)
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions")])
    if fails:
        with pytest.raises(ConfigurationError, match="(?s)which the asset repository refuses.*mutable_tags=.*created before the functions"):
            OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")
        return
    OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")
    ((_, image),) = json.loads(Path(app.synth().directory, "Stack.assets.json").read_text())["dockerImages"].items()
    assert image["source"]["cacheFrom"][0]["params"]["ref"].startswith(f"{HOST}/images:")
