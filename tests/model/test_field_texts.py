"""What editors show for the fields of specifications is what docs/specification.md says of them."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from optimizer import BuildSecret, ImageSpec
from optimizer.model import fields as types
from optimizer.model.field_texts import field_texts
from optimizer.model.steps import Step, step_kinds

PAGE = (Path(__file__).parents[2] / "docs" / "specification.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("cls", [ImageSpec, BuildSecret, Step, *step_kinds().values()], ids=lambda cls: cls.__name__)
def test_every_field_has_its_docstring_and_the_page_has_that(cls: type) -> None:
    """Requirement: "hover texts hold what specification.md says"."""
    texts = field_texts(cls)
    for item in fields(cls):
        # An editor reads docstrings, and no argument.
        assert texts[item.name] and not item.metadata["doc"], item.name
        assert f"| {texts[item.name]} |" in PAGE


UNITS = {types.BYTES.name: "in bytes", types.SECONDS.name: "in seconds"}


@pytest.mark.parametrize("cls", [ImageSpec, BuildSecret, Step, *step_kinds().values()], ids=lambda cls: cls.__name__)
def test_every_text_names_the_default_and_the_unit(cls: type) -> None:
    """Requirement: "each option of each step has its meaning, unit, default in the docstring"."""
    texts = field_texts(cls)
    for item in fields(cls):
        text, default = texts[item.name], item.default
        assert ("default: " in text) == (default is not MISSING), item.name
        if default not in (MISSING, None, ()):
            assert f"default: {str(default).lower() if isinstance(default, bool) else f'`{default}`'}." in text, item.name
        assert UNITS.get(item.metadata["type"].name, "") in text, item.name


@types.declared
class Described(Step):
    source: str = types.typed(types.PATH, kw_only=False, doc="By an argument.")
    target: str = types.typed(types.PATH, kw_only=False)
    """By a docstring
    of two lines."""
    size: int | None = types.typed(types.BYTES, default=None)
    """Another text for a field of every step."""


def test_a_step_kind_of_a_team_may_describe_its_fields_in_either_way() -> None:
    texts = field_texts(Described)
    assert (texts["source"], texts["target"]) == ("By an argument.", "By a docstring of two lines.")
    assert texts["size"] == "Another text for a field of every step."
    assert texts["name"] == field_texts(Step)["name"]


def test_without_its_source_a_class_has_what_its_declarations_say() -> None:
    names: dict[str, object] = {"types": types, "Step": Step}
    exec("@types.declared\nclass Made(Step):\n    source: str = types.typed(types.PATH, doc='Told.')\n    '''Lost.'''\n", names)
    made = names["Made"]
    assert isinstance(made, type)
    assert field_texts(made)["source"] == "Told."
