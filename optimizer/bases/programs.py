"""The programs of AWS's bases whose exact versions decide what is installed or compiled with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.bases.catalogue import Family
from optimizer.bases.recognise import series_of_base
from optimizer.model.reference import ImageReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that all bases of one family have; ``title`` and ``language``, that of the family, are for people."""

    title: str
    family: Family
    language: str

    @property
    def is_language(self) -> bool:
        """Whether its versions begin with what the tag of a base names, such as ``3.13``."""
        return self.title == self.language


PROGRAMS: Mapping[str, Program] = {
    "python": Program(title="Python", family="python", language="Python"),
    "node": Program(title="Node.js", family="nodejs", language="Node.js"),
    "npm": Program(title="npm", family="nodejs", language="Node.js"),
}
"""By the names that ``optimizer.lock`` and recipes have for them, in the order in which people read them."""


def programs_of_base(reference: ImageReference) -> Mapping[str, str]:
    """The programs of an AWS-provided base, each with the series of its versions, empty where the tag names none; none for other images."""
    found: dict[str, str] = {}
    for name, program in PROGRAMS.items():
        if series := series_of_base(reference, program.family):
            found[name] = series if program.is_language else ""
    return found
