"""``optimizer schema``: the published form of specifications and of configuration files."""

from __future__ import annotations

import json

import click


@click.command(name="schema", short_help="Print the JSON Schema of image specifications, or of optimizer.toml.")
@click.option("--of", "subject", type=click.Choice(["specification", "configuration"]), default="specification", show_default=True)
def command(subject: str) -> None:
    """Print the JSON Schema of *.image.toml files, or of optimizer.toml, for editors and other checkers.

    \b
    Examples:
      optimizer schema
      optimizer schema --of configuration
    """
    if subject == "specification":
        from optimizer.model.spec import json_schema

        schema = json_schema()
    else:
        from optimizer.config.schema import configuration_schema
        from optimizer.linting.rules import RULES

        schema = configuration_schema(RULES)
    click.echo(json.dumps(schema, indent=2))
