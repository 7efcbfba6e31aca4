"""What is read of assemblies that CDK's own constructs make in less common ways."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_

from optimizer.adapters.assembly import load_functions, load_images


def test_functions_know_the_image_that_a_stack_of_another_stage_publishes(tmp_path: Path, outdir: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    app = cdk.App(outdir=outdir)
    images, shop = (cdk.Stack(cdk.Stage(app, name), "Stack") for name in ("Images", "Shop"))
    shared = ecr_assets.DockerImageAsset(images, "Shared", directory=str(tmp_path), exclude=["cdk.out"])
    role = "arn:aws:iam::111122223333:role/shop"
    lambda_.CfnFunction(shop, "Api", role=role, package_type="Image", code={"imageUri": shared.image_uri})
    app.synth()
    (function,) = load_functions(outdir)
    (image,) = load_images(outdir)
    assert (function.asset, function.directory) == (image.asset, image.directory)
    # A pipeline publishes the images of all stages before the first deployment.
    assert function.publisher == ""
    assert (image.name, image.asset) == ("Shop/Stack/Api", shared.asset_hash)


def test_a_stack_that_does_not_wait_for_the_publisher_of_its_image_is_told(tmp_path: Path, outdir: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    app = cdk.App(outdir=outdir)
    images, middle = cdk.Stack(app, "Images"), cdk.Stack(app, "Middle")
    shared = ecr_assets.DockerImageAsset(images, "Shared", directory=str(tmp_path), exclude=["cdk.out"])
    middle.add_dependency(images)

    def function(name: str) -> cdk.Stack:
        stack = cdk.Stack(app, name)
        role = "arn:aws:iam::111122223333:role/shop"
        lambda_.CfnFunction(stack, "Api", role=role, package_type="Image", code={"imageUri": shared.image_uri})
        return stack

    function("Alone")
    function("Waiting").add_dependency(middle)
    # Its own manifest lists the image, too.
    ecr_assets.DockerImageAsset(function("Publishing"), "Own", directory=str(tmp_path), exclude=["cdk.out"])
    app.synth()
    assert [(item.stack, item.publisher) for item in load_functions(outdir)] == [("Alone", "Images"), ("Publishing", ""), ("Waiting", "")]
    assert len({item.asset for item in load_functions(outdir)}) == 1


def test_assets_of_the_legacy_synthesizer_have_all_their_options(tmp_path: Path, outdir: str) -> None:
    (tmp_path / "Dockerfile.api").write_text("FROM scratch AS final\n")
    app = cdk.App(outdir=outdir)
    stack = cdk.Stack(app, "Stack", synthesizer=cdk.LegacyStackSynthesizer())
    cache = ecr_assets.DockerCacheOption(type="registry", params={"ref": "cache:api"})
    code = lambda_.DockerImageCode.from_image_asset(
        str(tmp_path),
        exclude=["cdk.out"],
        file="Dockerfile.api",
        target="final",
        build_args={"A": "1"},
        build_contexts={"lib": "docker-image://alpine"},
        build_secrets={"token": "env=TOKEN"},
        build_ssh="default",
        network_mode=ecr_assets.NetworkMode.HOST,
        cache_from=[cache],
        cache_to=cache,
    )
    lambda_.DockerImageFunction(stack, "Api", code=code, architecture=lambda_.Architecture.ARM_64)
    app.synth()
    (image,) = load_images(outdir)
    (function,) = load_functions(outdir)
    options = image.options
    assert (image.name, function.asset, function.repository) == ("Stack/Api", image.asset, "aws-cdk/assets")
    assert (options.dockerfile, options.target, options.network, options.ssh) == ("Dockerfile.api", "final", "host", "default")
    assert (options.platform, dict(options.arguments), dict(options.secrets)) == ("linux/arm64", {"A": "1"}, {"token": "env=TOKEN"})
    assert dict(options.contexts) == {"lib": "docker-image://alpine"}
    assert options.cache_from == (options.cache_to,)
    assert [(item.repository, item.tag) for item in image.destinations] == [("aws-cdk/assets", image.asset)]
