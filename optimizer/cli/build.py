"""``optimizer build``: one image, to a directory, a file, the container engine or a registry."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyImage, load_functions, load_images
from optimizer.adapters.engine import Engine
from optimizer.adapters.kinds import expect
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.checking.admission import admission
from optimizer.cli.built_image import built_image
from optimizer.cli.completions import complete_functions
from optimizer.cli.destinations import asset_tags, parse_repository
from optimizer.cli.options import of_project, quiet_option, text_width
from optimizer.cli.progress import shown_progress
from optimizer.cli.runtime_index import runtime_index, write_layout
from optimizer.cli.spec_image import spec_image
from optimizer.errors import ConfigurationError, ContextError, ImageError, SpecError, did_you_mean
from optimizer.model.reference import ImageReference
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.indexes import PublishIndex, index_of_directory, publish_index
from optimizer.publishing.outputs import ArchivePublisher, EnginePublisher, LayoutPublisher, Publisher
from optimizer.publishing.planned import NotPlanned, planned
from optimizer.publishing.publish import publish
from optimizer.report.build import build_as_text, build_to_dict, index_as_text, index_to_dict
from optimizer.report.publish import publication_as_text, publication_to_dict

_KINDS = ("registry", "oci", "archive", "engine")
_SUFFIX = ".image.toml"
_NOT_WRITTEN = "nothing was written"


@click.command(name="build", short_help="Build one image to an OCI layout, a file, the container engine or a registry.")
@click.argument("target", metavar="SPEC|APP", type=click.Path(path_type=Path))
@click.option(
    "--output",
    required=True,
    metavar="registry|oci:DIR|archive:FILE|engine",
    help="Where the image goes: a registry, an OCI layout, a file for docker load, or the container engine.",
)
@click.option(
    "--function",
    metavar="PATH",
    shell_complete=complete_functions,
    help="Of an app with several images, that of this function, such as Storefront/Api.",
)
@click.option("--runtime", is_flag=True, help="Of SPEC, the image of a customer-managed runtime: for both architectures, under one index.")
@click.option(
    "--tag",
    metavar="NAME",
    help="Name of the image, such as ranker:test; with a registry HOST/NAME:TAG.  [default: the name of SPEC; of an app what CDK names it]",
)
@click.option("--repository", metavar="HOST/NAME", help="With --output registry, the repository of the image.")
@click.option("--reuse", metavar="HOST/NAME", multiple=True, help="A repository to take layers from; repeatable.")
@click.option("--no-host", is_flag=True, help="Let no tool of this machine make a layer, but a container engine alone.")
@click.option("--no-engine", is_flag=True, help="Let no container engine make a layer, and fail where a stage needs one.")
@of_project
@quiet_option()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the report.")
def command(
    target: Path,
    output: str,
    function: str | None,
    runtime: bool,
    tag: str | None,
    repository: str | None,
    reuse: tuple[str, ...],
    no_host: bool,
    no_engine: bool,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Build the image that optimizer publish would push, for a scanner, for docker run, for a test.

    SPEC is a *.image.toml file; APP the output directory of cdk synth, such as
    cdk.out.

    Layers that a repository of --reuse has are found by the keys of their
    stages. Files and code are packed here, and what else is missing is built
    stage by stage by the container engine. Layers of the base are read from
    its registry, verified, and written as they come.

    The image of a customer-managed runtime is an index, for oci:DIR and
    registry alone: with --runtime of a SPEC, and of an APP by itself.

    The output holds the whole image, or is as it was before.

    \b
    Examples:
      optimizer build hello.image.toml --output archive:hello.tar
      optimizer build cdk.out --function Shop/Hello --output engine --tag hello:test
    """
    where = _parse_output(output)
    if where.kind != "registry" and repository is not None:
        raise click.UsageError("--repository belongs to --output registry; --reuse names where layers are taken from")
    others = [parse_repository(text, "--reuse") for text in reuse]
    named = parse_repository(repository) if repository is not None else None
    with _image(target, function, root, lock, mirror, runtime=runtime) as found, HttpRegistry(DefaultCredentials()) as registry:
        started = time.monotonic()
        host, engine, image = not no_host, not no_engine, found.image
        if where.kind == "registry":
            names = _destinations(found, tag, named)
            with shown_progress() as report:
                if isinstance(image, PublishIndex):
                    index = replace(image, destinations=names)
                    admit = admission(str(target), index.made, report)
                    results = publish_index(index, registry, reuse=others, host=host, engine=engine, report=report, admit=admit)
                else:
                    to_push = replace(image, destinations=names)
                    admit = admission(str(target), [to_push], report)
                    # A name of the user's own may be that of another image now.
                    results = publish(
                        [to_push], registry, reuse=others, host=host, engine=engine, ask=tag is None, report=report, admit=admit
                    )
            seconds = time.monotonic() - started
            text = publication_as_text(results, (), seconds, width=text_width())
            click.echo(json.dumps(publication_to_dict(results, (), seconds), indent=2) if form == "json" else text)
            return
        name = _local_name(tag, found)
        if isinstance(image, PublishIndex):
            if where.kind != "oci":
                raise ConfigurationError(
                    f'the image of a runtime is an index of several platforms, which the output "{where.kind}" does not take',
                    "--output",
                    "write it with --output oci:DIR, or push it with --output registry",
                )
            with shown_progress() as report:
                layout = Path(where.path)
                admit = admission(str(target), image.made, report, consequence=_NOT_WRITTEN)
                done = write_layout(image, layout, name, registry, reuse=others, host=host, engine=engine, report=report, admit=admit)
            click.echo(json.dumps(index_to_dict(done), indent=2) if form == "json" else index_as_text(done))
            return
        publisher = _publisher(where)
        with shown_progress() as report:
            admit = admission(str(target), [image], report, consequence=_NOT_WRITTEN)
            with assembled(image, name, registry, reuse=others, host=host, engine=engine, report=report) as made:
                admit([made.result(image.name)])
                publisher.publish(made.image)
        built = built_image(image, made, name, output, started)
        click.echo(json.dumps(build_to_dict(built), indent=2) if form == "json" else build_as_text(built))


@dataclass(frozen=True, slots=True)
class _Output:
    """What ``--output`` names; ``path`` is empty for a registry and the engine."""

    kind: str
    path: str = ""


def _parse_output(text: str) -> _Output:
    kind, _, path = text.partition(":")
    if kind in _KINDS and bool(path) == (kind in ("oci", "archive")):
        return _Output(kind, path)
    raise ConfigurationError(
        f'"{text}" is no output; allowed: registry, oci:DIR, archive:FILE, engine',
        "--output",
        did_you_mean(kind, _KINDS) if kind not in _KINDS else "for example archive:image.tar",
    )


def _publisher(output: _Output) -> Publisher:
    if output.kind == "oci":
        return LayoutPublisher(Path(output.path))
    if output.kind == "archive":
        return ArchivePublisher(Path(output.path))
    engine = Engine()
    engine.check()
    return EnginePublisher(engine)


@dataclass(frozen=True, slots=True)
class _Target:
    """The image to build; ``asset`` is None for that of a specification, whose file's name is ``name``, and whose own tag ``tag``."""

    image: PublishImage | PublishIndex
    name: str
    tag: str = ""
    asset: AssemblyImage | None = None


@contextmanager
def _image(
    target: Path, function: str | None, root: Path | None, lock: Path | None, mirror: str | None, *, runtime: bool
) -> Iterator[_Target]:
    if function is not None and not target.is_dir():
        raise click.UsageError("--function chooses among the functions of an app, and SPEC is one image")
    if runtime and target.is_dir():
        raise click.UsageError("--runtime says what SPEC is for, and an app says so itself")
    expect("build", [str(target)])
    if target.is_dir():
        yield _of_app(target, function)
        return
    if runtime:
        index = runtime_index(target, root=root, lock=lock, mirror=mirror)
        with index.staged() as staged:
            yield _Target(staged, target.name, index.tag)
        return
    found = spec_image(target, root=root, lock=lock, mirror=mirror)
    with found.staged() as image:
        yield _Target(image, target.name, found.tag)


def _of_app(app: Path, function: str | None) -> _Target:
    images = load_images(app)
    if not images:
        raise ContextError(
            f'the app in "{app}" has no image',
            str(app),
            "declare an OptimizedFunction or a CustomerManagedRuntime, and run cdk synth again",
        )
    tags = {each.path: each.tag for each in load_functions(app)}
    known = sorted({*tags, *(image.name for image in images)})
    if function is None and len(images) > 1:
        raise ConfigurationError(
            f'the app in "{app}" has {len(images)} images', "--function", f"name one of its functions: {', '.join(sorted(tags) or known)}"
        )
    if function is not None and function not in known:
        raise ConfigurationError(f'no function "{function}"; the app has {", ".join(known)}', "--function", did_you_mean(function, known))
    wanted = [
        image
        for image in images
        if function is None or function == image.name or tags.get(function) in {destination.tag for destination in image.destinations}
    ]
    (image,) = wanted
    if image.directory is None:
        raise ImageError("a program makes this image", image.name, "run that program")
    if image.platforms:
        return _Target(index_of_directory(image.name, image.directory, image.platforms, ()), image.name, asset=image)
    try:
        kept = planned(image.directory, image.options)
    except NotPlanned as why:
        raise ImageError(f"this image cannot be assembled: {why}", image.name, why.hint or "build it with docker build") from None
    return _Target(
        PublishImage(name=image.name, kept=kept, directory=image.directory, destinations=(), options=image.options),
        image.name,
        asset=image,
    )


def _destinations(found: _Target, tag: str | None, repository: ImageReference | None) -> tuple[ImageReference, ...]:
    """The names in a registry."""
    if tag is not None:
        if repository is not None:
            raise click.UsageError("--tag names the whole reference, and --repository is part of it: give one of the two")
        try:
            reference = ImageReference.parse(tag)
        except SpecError as error:
            raise ConfigurationError([fault.under("--tag") for fault in error.faults]) from None
        if reference.tag is None or reference.digest is not None:
            raise ConfigurationError(f'"{tag}" has no tag; allowed: HOST[:PORT]/NAME:TAG', "--tag", f'for example "{reference.name}:1"')
        return (reference,)
    if found.asset is None:
        if repository is None:
            raise ConfigurationError(
                "the image of a specification has no name in a registry",
                "--tag",
                "name it with --tag HOST/NAME:TAG, or --repository HOST/NAME",
            )
        return (replace(repository, tag=found.tag),)
    return tuple(map(ImageReference.parse, asset_tags([found.asset], repository)[found.asset.asset]))


def _local_name(tag: str | None, found: _Target) -> str:
    """The image's name in an engine, a layout or an archive, with its tag."""
    name = tag
    if name is None:
        name = f"cdkasset-{found.asset.asset.lower()}" if found.asset is not None else found.name.removesuffix(_SUFFIX)
    # Docker's own short names are allowed here.
    has_host = re.match(r"[^/]*[.:][^/]*/|localhost/", name)
    try:
        parsed = ImageReference.parse(name if has_host else f"docker.io/{name}")
    except SpecError:
        parsed = None
    if parsed is None or parsed.digest is not None:
        raise ConfigurationError(
            f'"{name}" is not the name of an image; allowed: NAME[:TAG] in lower case', "--tag", "for example ranker:test"
        )
    return name if parsed.tag is not None else f"{name}:latest"
