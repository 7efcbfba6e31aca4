"""The page of what each base image takes of Lambda's features, made from the catalogue itself."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.bases.catalogue import BaseImage, base_image, runtimes
from optimizer.bases.features import FEATURES, Answer, Source, Support, support
from optimizer.report.table import markdown_table

_FIRST = """\
# What each base image takes

SnapStart, Managed Instances, durable functions, GPUs and customer-managed runtimes ask something of the base of an image. This page is made from the
catalogue of base images and from [`optimizer/bases/features.py`](../optimizer/bases/features.py): `python -m tests.write_pages`. The pages of AWS that it
follows were read on 2026-11-28. Nothing of it was tried in an account."""

_WORDS: dict[Answer, str] = {"works": "works", "needs": "needs", "unlisted": "not listed", "unknown": "not known"}

_LEGEND = """\
| Word | Means |
|---|---|
| works | the image needs nothing for it |
| needs | it works with what the number says, [below](#what-is-needed) |
| not listed | AWS lists what takes the feature, and this base is not in the list. That Lambda refuses it is nowhere said of images, so [LIO613](rules/LIO613.md) warns of it |
| not known | nothing was found that says either |
| refused | no page says of a base that a feature refuses it, so no cell does |
| inferred | the page does not name this base; the letter says why the answer is given, [below](#notes) |
| S1 and so on | the page of AWS that the answer is from, [below](#sources) |"""

_RULES = """\
## Who looks at it

| Feature | In an app or a template |
|---|---|
| SnapStart | [snapstart.md](snapstart.md), and the rules that it names |
| Managed Instances | [LIO613](rules/LIO613.md) for the base, [LIO646](rules/LIO646.md) for network and provisioned concurrency, [LIO614](rules/LIO614.md) for the architecture |
| Durable functions | [LIO649](rules/LIO649.md) for the SDK in the locks of the image, [LIO643](rules/LIO643.md) for its times |
| GPU | [LIO645](rules/LIO645.md), and what holds for Managed Instances |
| all | [refusals.md](refusals.md): what Lambda refuses at deployment, and what to do after it has |"""


class _Numbered:
    """Texts that cells refer to, each once, by number or letter."""

    def __init__(self, marks: str = "") -> None:
        self._marks = marks
        self.items: list[str] = []

    def mark(self, item: str) -> str:
        if item not in self.items:
            self.items.append(item)
        index = self.items.index(item)
        return self._marks[index] if self._marks else str(index + 1)


def features_page() -> str:
    """Markdown: every base of the catalogue with every feature, each answer with its source."""
    needs, notes = _Numbered(), _Numbered("abcdefghijklmnopqrstuvwxyz")
    sources: list[Source] = []

    def cell(found: Support) -> str:
        if found.source not in sources:
            sources.append(found.source)
        parts = [_WORDS[found.answer]]
        if found.needs:
            parts.append(needs.mark(found.needs))
        if found.inferred:
            parts[-1] += ","
            parts.append("inferred")
        if found.note:
            parts.append(f"({notes.mark(found.note)})")
        return " ".join((*parts, f"[S{sources.index(found.source) + 1}]"))

    bases: Iterable[tuple[str, BaseImage | None]] = (*((f"`{name}`", base_image(name)) for name in runtimes()), ("any other base", None))
    rows = [[name, *(cell(support(base, feature)) for feature in FEATURES)] for name, base in bases]
    blocks = [
        _FIRST,
        markdown_table(("Base", *FEATURES.values()), rows),
        _LEGEND,
        "## What is needed",
        "\n".join(f"{number}. {text}" for number, text in enumerate(needs.items, 1)),
        "## Notes",
        "\n".join(f"- **{notes.mark(text)}**: {text}" for text in notes.items),
        "## Sources",
        "\n".join(f"- **S{number}**: [{item.title}]({item.url})" for number, item in enumerate(sources, 1)),
        _RULES,
        "\n".join(f"[S{number}]: {item.url}" for number, item in enumerate(sources, 1)),
    ]
    return "\n\n".join(blocks) + "\n"
