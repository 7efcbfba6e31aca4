"""``optimizer lsp``: the rules in an editor."""

from __future__ import annotations

import click

from optimizer.errors import ConfigurationError


@click.command(name="lsp", short_help="Serve findings and fixes to an editor, while files are typed.")
@click.option("--stdio", is_flag=True, help="Speak over the standard streams, as always; editors may say so.")
def command(stdio: bool) -> None:
    """Speak the Language Server Protocol over the standard streams.

    An editor starts it, and shows what optimizer lint finds in Dockerfiles,
    and in templates of SAM and CloudFormation, and what optimizer plan says of
    *.image.toml files, while they are typed: with fixes, and with the page of
    the rule. The conventions are those of the nearest optimizer.toml, as for
    optimizer lint. docs/editors.md has the settings of editors.
    """
    try:
        from optimizer.editor.server import start
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "attrs", "cattrs"):
            raise
        raise ConfigurationError(
            "the language server needs pygls, which is not installed", hint='run: pip install "lambda-image-optimizer[lsp]"'
        ) from None
    start()
