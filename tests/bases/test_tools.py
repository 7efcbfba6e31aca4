"""The data of tools and builder images, and what a company puts in their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import optimizer.bases.tools as tools_module
from optimizer.bases.catalogue import base_image, runtimes
from optimizer.bases.tools import Tools, known_tools, read_tools_data
from optimizer.errors import ConfigurationError
from optimizer.model.recipes.recipe import Tool
from optimizer.model.reference import ImageReference
from optimizer.model.steps import DotnetBuild, JavaBuild
from optimizer.report.tools import tools_page
from optimizer.toolchains.registry import toolchain_of
from optimizer.toolchains.toolchain import Target

DATA = Path(tools_module.__file__).with_name(tools_module.DATA)
COMPANY = ImageReference.parse("example.com/golang:1.25")
OTHER = ImageReference.parse("example.com/golang:1.26")


@pytest.mark.parametrize("runtime", [name for name in runtimes() if base_image(name).family in ("java", "dotnet")])
def test_every_compiled_runtime_has_its_builders(runtime: str) -> None:
    base = base_image(runtime)
    target = Target(base=base, image=base.reference, architecture="x86_64")
    steps = [JavaBuild(".", tool="maven"), JavaBuild(".", tool="gradle")] if base.family == "java" else [DotnetBuild(".")]
    for step in steps:
        (image,) = toolchain_of(step).images(step, target)
        assert image.tag


def test_the_file_is_written_as_a_refresh_writes_it() -> None:
    """A refresh changes versions, and not every line."""
    text = DATA.read_text(encoding="utf-8")
    assert json.dumps(json.loads(text), indent=2) + "\n" == text


def test_the_page_is_that_of_the_data() -> None:
    page = Path(__file__).parents[2] / "docs" / "tools.md"
    assert page.read_text(encoding="utf-8") == tools_page(), "write it anew: python -m tests.write_pages"


def test_uv_builds_packages_of_its_own_version() -> None:
    assert Tools().backends()["uv-build"] == Tools().tool("uv").version
    chosen = Tools(tools=(("setuptools", Tool(name="setuptools", version="1")), ("uv", Tool(name="uv", version="0.1.0"))))
    assert chosen.backends() == {**Tools().backends(), "uv-build": "0.1.0", "setuptools": "1"}


def test_the_nearer_choice_wins_and_the_others_stay() -> None:
    pnpm, older = Tool(name="pnpm", version="10.2.0"), Tool(name="pnpm", version="10.1.0")
    company = Tools(
        tools=(("pnpm", older), ("poetry", Tool(name="poetry", version="2.0.0"))), images=(("golang", "", COMPANY), ("maven", "21", OTHER))
    )
    chosen = Tools(tools=(("pnpm", pnpm),), images=(("golang", "", OTHER),)).over(company)
    assert chosen.tool("pnpm") == pnpm
    assert chosen.tool("poetry").version == "2.0.0"
    assert chosen.tool("yarn") == known_tools().tools["yarn"].tool
    assert (chosen.image("golang"), chosen.image("maven", "21")) == (OTHER, OTHER)
    assert chosen.image("maven", "17") == known_tools().images["maven"].references["17"]
    assert hash(chosen) == hash(chosen.over(company))


def damaged(change: str) -> str:
    data: Any = json.loads(DATA.read_text(encoding="utf-8"))
    exec(change, {"data": data})
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "Expecting value"),
        ("[]", "list indices"),
        ("{}", "an entry has no 'tools'"),
        (damaged("del data['tools']['uv']['version']"), "an entry has no 'version'"),
        (damaged("data['tools']['uv']['version'] = 3"), "3 is not a string"),
        (damaged("data['tools']['uv']['hashes'] = [3]"), "3 is not a string"),
        (damaged("data['tools']['uv'] = 3"), "not subscriptable"),
        (damaged("data['tools']['uv']['registry'] = 'x'"), '"uv" has the registry "x"; allowed: pypi, npm'),
        (damaged("data['images']['golang']['reference'] = 'x'"), '"x" is not an image reference'),
        (damaged("data['images']['maven']['references'] = []"), "no attribute"),
    ],
)
def test_a_damaged_file_is_reported(text: str, what: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_tools_data(text)
    (fault,) = caught.value.faults
    assert fault.message.startswith("the data file of tools is damaged: ")
    assert what in fault.message
    assert (fault.place, fault.hint) == ("tools.json", "install lambda-image-optimizer again")
