"""``optimizer schema``: the published form of specifications."""

from __future__ import annotations

import json

import click

from optimizer.model.spec import json_schema


@click.command(name="schema", short_help="Print the JSON Schema of image specifications.")
def command() -> None:
    """Print the JSON Schema of *.image.toml files, for editors and other checkers."""
    click.echo(json.dumps(json_schema(), indent=2))
