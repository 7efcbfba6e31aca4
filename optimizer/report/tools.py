"""The reference page of tools and builder images, made from the data file itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optimizer.bases.tools import KnownImage, KnownTool, known_tools
from optimizer.report.table import markdown_table

EXAMPLE = """\
[tools]
pnpm = "10.34.8"

[tools.uv]
version = "0.13.8"
hashes = [
  "sha256:e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
  "sha256:0b3e8b1a4f5e405e31e2ff33de8af4744831e9f7338539671efbd8c3c94e791d",
  "sha256:5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203",
]

[tools.images]
golang = "registry.example.com/builders/golang:1.25"
maven = { "21" = "registry.example.com/builders/maven:3.9-amazoncorretto-21" }
"""
"""What a company writes to choose others."""

_FIRST = """\
# Tools and builder images

Stages bring the tools that AWS's base images do not have, each in one version, and programs are compiled in builder images, each pinned by
`optimizer.lock`. They stand in one data file, [`optimizer/bases/tools.json`](../optimizer/bases/tools.json); this page is made from it."""

_CHOOSE = """\
## Choosing others

A company sets others in `[tools]` of its `optimizer.toml`, best in the file that all teams extend ([configuration](configuration.md)):"""

_RULES = """\
- A project that sets one tool keeps all others of the file that it extends. The CDK context `optimizer:tools` holds the same table, and wins over files.
- A version is a whole one, never a range. Where the table above says so, it stays within the major version, because stages use options that another may
  not have.
- uv is installed by its hashes: those of its wheels for Linux with the GNU C library (`manylinux`), for both architectures. The other tools have none.
- A builder image has the compiler and the build tool that it replaces; one for Rust links with musl, as those on Alpine do. `builder` of a step wins over it.
  To take the same images from another registry, set `mirror` instead.
- `optimizer pin` pins the images that are chosen. Another version of a tool gives stages other keys, so they are built again.
- A package of `uv-build` is built by uv itself, with the version of uv."""

_REFRESH = """\
## Refreshing the data file

`make tools` asks PyPI and npm for the newest versions and hashes, and rewrites the file and this page. A Python tool stays on a version that runs on
every Python of Lambda on which the one before runs. Tags of builder images are kept, and named at the end: which suits is a decision.
`python -m maintenance.tools --check` writes nothing, and exits with 1 when a version is outdated. After a refresh, review the changes of the golden
Dockerfiles (`python -m pytest tests/test_golden.py --update-golden`), and run the engine tests."""


def tools_page() -> str:
    """Markdown: every tool and builder image, and how a company chooses others."""
    known = known_tools()
    blocks = [
        _FIRST,
        "## Tools",
        markdown_table(
            ("Name", "Package", "Version", "Stays in its major version", "Installed by hashes"),
            [_tool(tool) for tool in known.tools.values() if not tool.builds_packages],
        ),
        "Build backends, for first-party Python packages whose pyproject.toml pins none:",
        markdown_table(
            ("Name", "Package", "Version", "Stays in its major version", "Installed by hashes"),
            [_tool(tool) for tool in known.tools.values() if tool.builds_packages],
        ),
        "## Builder images",
        markdown_table(("Name", "For", "Image"), [row for image in known.images.values() for row in _image(image)]),
        _CHOOSE,
        f"```toml\n{EXAMPLE}```",
        _RULES,
        _REFRESH,
    ]
    return "\n\n".join(blocks) + "\n"


def _tool(known: KnownTool) -> Sequence[str]:
    tool = known.tool
    return (f"`{known.name}`", f"[{tool.name}]({known.source})", tool.version, _yes(known.same_major), _yes(bool(tool.hashes)))


def _image(known: KnownImage) -> Iterable[Sequence[str]]:
    for version, reference in known.references.items():
        language = f'{known.versions_of} `"{version}"`' if known.versions_of else "every version"
        yield (f"[`{known.name}`]({known.source})", language, f"`{reference}`")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
