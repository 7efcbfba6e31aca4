"""Golden pairs: a specification with its project, and the Dockerfiles that it must become."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import ImageSpec, Lock, Profile, plan, render
from optimizer.builders.docker.checks import checks
from optimizer.dockerfile.parse import parse
from optimizer.errors import PlanError
from optimizer.model.plan import BuildPlan

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/spec.toml"))


def plan_of(case: str) -> BuildPlan:
    packing = GOLDEN / case / "packing.toml"
    tables = [file.read_text(encoding="utf-8") for file in (GOLDEN / "optimizer.lock", packing) if file.exists()]
    lock = Lock.parse("\n".join(tables))
    return plan(ImageSpec.load(GOLDEN / case / "spec.toml"), lock, root=GOLDEN / case / "project")


def test_there_are_cases() -> None:
    assert len(CASES) >= 15


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)
@pytest.mark.parametrize("case", CASES)
def test_renders_the_expected_text(case: str, profile: Profile, request: pytest.FixtureRequest) -> None:
    made = plan_of(case)
    if profile is Profile.CLASSIC and made.secrets():
        with pytest.raises(PlanError, match="the classic profile has no build secrets"):
            render(made, profile)
        return
    text = render(made, profile)
    path = GOLDEN / case / ("Dockerfile" if profile is Profile.BUILDKIT else "Dockerfile.classic")
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("case", CASES)
def test_the_classic_profile_uses_nothing_that_it_lacks(case: str) -> None:
    """Requirement: "no `--link`, `--mount`, `--chmod`, heredocs: what plain `sam build` uses"."""
    made = plan_of(case)
    if made.secrets():
        return
    instructions = parse(render(made, Profile.CLASSIC)).instructions
    flags = {word for item in instructions for word in item.value.split() if word.startswith("--") and item.keyword in ("RUN", "COPY")}
    assert not {flag for flag in flags if flag.split("=")[0] in ("--link", "--mount", "--chmod", "--parents")}


@pytest.mark.parametrize("case", CASES)
def test_is_parsed_to_what_was_rendered(case: str) -> None:
    """Requirement: "is parsed by dockerfile-parse to exactly the instructions that were rendered"."""
    made = plan_of(case)
    stages = parse(render(made)).stages
    run = [stage for stage in made.stages if not stage.archive_alone]
    portable = any(stage.origin == made.base and not stage.on_target for stage in run)
    bases = ["base", "build-base"] if portable else ["base"]
    checked = {origin: check.name for origin, check in checks(made).items()}
    assert [stage.name for stage in stages] == [*bases, *(stage.name for stage in run), *checked.values(), ""]
    assert {stage.origin for stage in stages[: len(bases)]} == {str(made.base)}
    layers = [(item.keyword, item.value) for item in stages[-1].instructions if item.keyword in ("ADD", "COPY")]
    assert layers == [
        ("ADD", f"layers/{name}.tar /") if made.stage(name).archive_alone else ("COPY", f"--from={checked.get(name, name)} /layer/tree/ /")
        for name in made.layers
    ]
