"""What the site of the documentation has beside the pages of ``docs/``; mkdocs calls these functions.

The pages stand in a checkout, where they link to the README, to rules and to
source files.  The site has all of them: the README is its first page, and a
source file that a page links to becomes a page.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
"""Pages of the top directory, and their names on the site."""

_SOURCES = "source/"
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write out the sections that are all pages of a directory."""
    config.nav = [_section(item) for item in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the top directory, and those of the source files that pages link to."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    linked = {path for file in files.documentation_pages() for path in _outside(file)}
    for path in sorted(linked):
        files.append(File.generated(config, _source_page(path), content=_shown(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to where the site has what they mean, and be called by the titles of pages, where a checkout has their paths."""
    here = page.file.src_uri

    def link(match: re.Match[str]) -> str:
        text, path, anchor = match["text"], match["path"], match["anchor"] or ""
        there = _on_site(here, path)
        if not there:
            return match[0]
        file = files.get_file_from_path(there)
        if file is not None and text.endswith(posixpath.basename(path)):
            text = _title(file) or text
        return f"[{text}]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{anchor})"

    return markdown if here.startswith(_SOURCES) else _LINK.sub(link, markdown)


def _title(file: File) -> str:
    """The first heading of a page; empty for what is no page, or has none."""
    heading = re.match(r"# (.+)", file.content_string) if file.is_documentation_page() else None
    return heading[1] if heading else ""


def _section(item: dict[str, object]) -> dict[str, object]:
    ((title, value),) = item.items()
    if not isinstance(value, str) or not value.endswith("/"):
        return item
    return {title: [f"{value}{path.name}" for path in sorted((ROOT / "docs" / value).glob("*.md"))]}


def _outside(file: File) -> set[str]:
    """The source files and directories that a page links to, by their paths in the project."""
    found = (_in_project(file.src_uri, match["path"]) for match in _LINK.finditer(_FENCE.sub("", file.content_string)))
    return {path for path in found if path and path not in PAGES and _is_source(path)}


def _is_source(path: str) -> bool:
    """Whether a path of the project is no page and no file of the site by itself."""
    return (ROOT / path).is_dir() if path.startswith("docs/") else (ROOT / path).exists()


def _in_project(page: str, link: str) -> str:
    """The path in the project of what a page of the site links to; empty for another place's address."""
    if ":" in link:
        return ""
    source = next((name for name, made in PAGES.items() if made == page), f"docs/{page}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def _on_site(page: str, link: str) -> str:
    """The path on the site of what a page links to; empty where the link stays as it is."""
    path = _in_project(page, link)
    if not path:
        return ""
    if path in PAGES:
        return PAGES[path]
    if _is_source(path):
        return _source_page(path)
    return path.removeprefix("docs/") if path.startswith("docs/") else ""


def _source_page(path: str) -> str:
    return f"{_SOURCES}{path}.md"


def _shown(path: str) -> str:
    """A page of a source file, or of the names in a directory."""
    place = ROOT / path
    if place.is_dir():
        names = [item.name for item in sorted(place.iterdir()) if not item.name.startswith(("__", "."))]
        # A page of the site, seen from the page that this is.
        up = posixpath.relpath(".", posixpath.dirname(_source_page(path)))
        lines = [f"- [{name}]({up}/{path.removeprefix('docs/')}/{name})" if name.endswith(".md") else f"- `{name}`" for name in names]
        return f"# `{path}`\n\n" + "\n".join(lines) + "\n"
    text = place.read_text(encoding="utf-8")
    # A fence that is longer than any of the file's own.
    fence = "`" * max(4, *(len(run) + 1 for run in re.findall(r"`+", text)), 4)
    return f"# `{path}`\n\n{fence}{place.suffix.removeprefix('.')}\n{text}\n{fence}\n"
