"""Hand-written Dockerfiles with their trees, and the specs and accounts that are proposed for them.

The cases have the shapes of what ``sam init`` writes, of AWS's guides, and of
what teams write.  ``expected.image.toml`` is the proposal, ``report`` what a
person is told; ``corpus`` names the Dockerfile of the lint's corpus that
stands for one of the tree's own.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import tomlkit

from optimizer import ImageSpec, Lock, plan, render
from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adoption.proposal import Outcome, Proposal, ProposedFile, ProposedImage
from optimizer.adoption.propose import propose
from optimizer.adoption.toml import render_toml
from optimizer.bases.lock import LockedImage
from optimizer.linting.subjects import DockerfileSubject
from optimizer.planning.plan import required_images
from optimizer.project.files import Project
from optimizer.report.adoption import adoption_as_text
from tests.linting.test_corpus import CORPUS

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir())
DIGEST = "sha256:" + "5" * 64
COMPLETE = {
    "aws-go", "aws-java", "aws-nodejs", "aws-python", "aws-ruby", "aws-typescript", "dotnet-publish", "go-generated", "java-fat-jar",
    "nodejs-bundled", "nodejs-dist-and-modules", "python-files-over-files", "python-poetry", "python-poetry-installed", "python-uv", "python-venv-and-secret", "right-java",
    "right-nodejs", "right-python", "right-ruby", "rust", "sam-dotnet", "sam-go", "sam-java-gradle", "sam-java-maven",
    "sam-nodejs-with-lock", "sam-python-3.11", "sam-python-3.13", "sam-python-ml", "sam-ruby", "unused-stage",
}  # fmt: skip


def subject_of(name: str) -> DockerfileSubject:
    tree, corpus = CASES / name / "tree", CASES / name / "corpus"
    directory = CORPUS / corpus.read_text(encoding="utf-8").strip() if corpus.exists() else tree
    return load_dockerfile(str(directory / "Dockerfile"), context=str(tree), shown="Dockerfile")


def proposal_of(name: str) -> Proposal:
    return propose(subject_of(name), directory=".", project=Project(CASES / name / "tree"))


def lock_for(spec: ImageSpec) -> Lock:
    day = datetime.date(2026, 11, 1)
    return Lock().with_images([LockedImage(reference=image, digest=DIGEST, resolved=day) for image in required_images(spec)])


def test_there_are_cases() -> None:
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_proposes_what_is_expected(name: str, request: pytest.FixtureRequest) -> None:
    proposal = proposal_of(name)
    text = render_toml(proposal)
    file = ProposedFile(path=f"{name}.image.toml", text=text, images=(ProposedImage(function="", id="Fn", stem="fn", proposal=proposal),))
    report = adoption_as_text([file], [], ["optimizer pin"])
    expected, told = CASES / name / "expected.image.toml", CASES / name / "report"
    if request.config.getoption("--update-golden"):
        expected.write_text(text, encoding="utf-8")
        told.write_text(report, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert report == told.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_proposal_loads_and_plans(name: str) -> None:
    """Requirement: the result must load by the spec loader and plan."""
    proposal = proposal_of(name)
    spec = ImageSpec.from_dict(tomlkit.parse(render_toml(proposal)).unwrap())
    assert spec == proposal.spec
    assert render(plan(spec, lock_for(spec), root=CASES / name / "tree"))


@pytest.mark.parametrize("name", NAMES)
def test_accounts_for_every_instruction_once(name: str) -> None:
    """Requirement: "says what it could not carry over": never silently drop anything."""
    proposal = proposal_of(name)
    instructions = subject_of(name).dockerfile.instructions
    assert [account.line for account in proposal.accounts] == [item.line for item in instructions]
    titles = {step.title for step in proposal.spec.steps} | {"runtime", "base", "environment", "labels", "snapstart", "handler"}
    for account in proposal.accounts:
        assert set(account.into) <= titles
        assert (account.outcome is Outcome.NOT_CARRIED) == bool(account.not_carried)
        assert account.into or account.remarks or account.not_carried
        assert all(loss.message and loss.by_hand for loss in account.not_carried)


def test_nothing_is_lost_where_nothing_need_be() -> None:
    assert {name for name in NAMES if proposal_of(name).complete} == COMPLETE
