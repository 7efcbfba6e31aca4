"""Variables and stages as a build resolves them."""

from __future__ import annotations

import pytest

from optimizer.dockerfile.parse import parse
from optimizer.dockerfile.scope import BuildInputs, ResolvedDockerfile, resolve


def resolved(text: str, **inputs: object) -> ResolvedDockerfile:
    return resolve(parse(text), BuildInputs(**inputs))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ARG A=3.12\nARG B=python:${A}\nFROM reg/${B}", "reg/python:3.12", id="29"),
        pytest.param("FROM x/y-$TARGETARCH", "x/y-arm64", id="30"),
        pytest.param("ARG TAG\nFROM a:${TAG}", None, id="31: an argument may still be given"),
        pytest.param("FROM a:$NOPE", "a:", id="undeclared is empty"),
        pytest.param("FROM --platform=$BUILDPLATFORM a:$BUILDARCH", None, id="the builder's platform"),
        pytest.param("FROM b\nENV A=1\nFROM a:$A", "a:", id="variables of stages do not reach FROM"),
        pytest.param('ARG Q="a b"\nFROM x:$Q', "x:a b", id="quoted"),
        pytest.param("ARG A=1\nARG A=2\nFROM x:$A", "x:2", id="again"),
    ],
)
def test_origins(text: str, expected: str | None) -> None:
    assert resolved(text, platform="linux/arm64").stages[-1].origin == expected


def test_build_arguments_win_and_undeclared_ones_do_nothing() -> None:
    text = "ARG TAG=1\nARG MORE\nFROM a:${TAG}${OTHER}${MORE}"
    assert resolved(text, arguments={"TAG": "2", "OTHER": "x"}, complete=True).stages[0].origin == "a:2"


def test_stages_inherit_variables() -> None:
    """32, and the scope of arguments before the first FROM."""
    made = resolved("ARG G=g\nFROM scratch AS one\nARG G\nENV A=1\nFROM one AS two\nLABEL l1=$G l2=$A l3=$H\nFROM scratch\nLABEL l4=$G")
    assert made.stages[1].expanded == (("g", "1", ""),)
    assert made.stages[2].expanded == (("",),)


def test_environment_wins_over_arguments_and_old_values_hold_within_an_instruction() -> None:
    made = resolved("FROM scratch\nENV A=env\nARG A=arg\nENV A=new B=$A\nWORKDIR /$A/$B")
    assert made.stages[0].expanded == (("env",), ("arg",), ("new", "env"), ("/new/env",))


def test_the_environment_of_an_unknown_image_is_unknown() -> None:
    text = "FROM known\nENV A=1\nCOPY a ${ROOT}/$A\nCOPY b $ELSE\nFROM other\nCOPY c $ROOT"
    made = resolved(text, environments={"known": {"ROOT": "/r"}}.get)
    assert made.stages[0].expanded[1:] == (("a", "/r/1"), ("b", None))
    assert made.stages[1].expanded == (("c", None),)


def test_names_of_stages_are_no_images() -> None:
    """33: names in any case of letters, and only of earlier stages."""
    made = resolved("FROM later AS Base\nFROM base AS later\nFROM LATER")
    assert [(item.parent, item.image) for item in made.stages] == [(None, "later"), (0, "later"), (1, "later")]
    assert made.lineage(2) == (2, 1, 0)


def test_a_build_needs_what_it_copies_from() -> None:
    made = resolved(
        "FROM a AS one\nFROM a AS two\nFROM a AS three\nCOPY --from=TWO / /\nFROM a AS four\nFROM b\nRUN --mount=from=three,target=/x x\nCOPY --from=0 / /"
    )
    assert made.needed(4) == {0, 1, 2, 4}
    assert (made.target(), made.target("FOUR"), made.target("1"), made.target("none")) == (4, 3, 1, None)


def test_a_chain_of_growing_values_is_unknown_in_the_end() -> None:
    assert resolved("ARG A=aaaaaaaa\n" + "ARG A=$A$A\n" * 40 + "FROM $A").stages[0].origin is None


def test_a_builder_without_automatic_arguments() -> None:
    text = "FROM --platform=$BUILDPLATFORM a\nARG TARGETARCH\nARG TARGETOS=linux\n"

    def values(**inputs: object) -> tuple[object, ...]:
        (stage,) = resolved(text, automatic=False, **inputs).stages
        return stage.platform, *stage.expanded

    assert values(complete=True, platform="linux/arm64") == ("", ("",), ("linux",))
    assert values(complete=False) == (None, (None,), ("linux",))
    assert values(complete=True, arguments={"BUILDPLATFORM": "linux/amd64", "TARGETARCH": "arm64"})[1] == ("arm64",)
