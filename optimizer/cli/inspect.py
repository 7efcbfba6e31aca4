"""``optimizer inspect``: what a built image is made of, and which of Lambda's rules it breaks."""

from __future__ import annotations

import json

import click

from optimizer.adapters.images import SOURCES, describe_image, open_image
from optimizer.adapters.images.layers import LayerPass
from optimizer.adapters.images.tar import Budget
from optimizer.images.analysis import ImageAnalysis, analyse, find_base, with_sharing
from optimizer.images.lambda_rules import ERROR, check_image
from optimizer.images.overlay import LayerContent, Overlay
from optimizer.model.image import Image, ImageSource
from optimizer.report.inspect import inspection_as_text, inspection_to_dict


@click.command(name="inspect", short_help="Show the layers of built images, their waste, and the rules of Lambda that they break.")
@click.argument("subjects", nargs=-1, required=True, metavar="IMAGE|TAR...")
@click.option("--from", "source", type=click.Choice(SOURCES), help="What the subjects are.  [default: told by the name]")
@click.option(
    "--platform",
    metavar="OS/ARCHITECTURE",
    help="Which image of an index to take.  [default: linux/amd64, else linux/arm64, else the only one]",
)
@click.option("--base", metavar="IMAGE|TAR", help="The base image, to tell its layers exactly.  [default: told by the history]")
@click.option(
    "--estimate",
    is_flag=True,
    help="Estimate the compressed size of layers whose source has none, by gzip. Takes a while for large images.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context, subjects: tuple[str, ...], source: str | None, platform: str | None, base: str | None, estimate: bool, form: str
) -> None:
    """Show what built images are made of.

    A subject that is a file or a directory is an archive of docker save or an
    OCI layout; else, if the engine has an image of that name, it is that one;
    else it is a reference in a registry. --from decides where that is not
    what you mean.

    With several subjects, shows which layers they share. Exits with 1 when an
    image breaks one of Lambda's rules that have the severity error.
    """
    given = describe_image(base, platform=platform) if base else None
    analyses = []
    for subject in subjects:
        with open_image(subject, source=source, platform=platform) as opened:
            click.echo(f"reading {subject}", err=True)
            analyses.append(_analyse(opened, given, estimate))
    found = [(analysis, check_image(analysis)) for analysis in with_sharing(analyses)]
    if form == "json":
        click.echo(json.dumps({"images": [inspection_to_dict(*item) for item in found]}, indent=2))
    else:
        click.echo("\n\n".join(inspection_as_text(*item) for item in found))
    if any(violation.severity == ERROR for _, violations in found for violation in violations):
        context.exit(1)


def _analyse(opened: ImageSource, given: Image | None, estimate: bool) -> ImageAnalysis:
    image = opened.image
    overlay, budget = Overlay(), Budget()
    contents = []
    for number, layer in enumerate(image.layers):
        with LayerPass(opened, number, budget, estimate=estimate and layer.compressed_bytes is None) as reading:
            entries, links, orphans = overlay.add(reading.entries())
            contents.append(
                LayerContent(
                    compression=reading.compression,
                    entries=entries,
                    uncompressed_bytes=reading.uncompressed_bytes,
                    estimated_bytes=reading.estimated_bytes,
                    hard_links=links,
                    orphans=orphans,
                )
            )
    return analyse(image, contents, overlay, find_base(image, given))
