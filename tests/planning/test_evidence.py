"""What is expected of stages: "what the user writes wins, then evidence, then the kind's default"."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from optimizer import Command, Files, ImageSpec, SourceCode, Stability, SystemPackages
from optimizer.model.evidence import Evidence, StepEvidence
from optimizer.model.figures import Figures, Source
from optimizer.model.plan import Stage
from optimizer.model.steps import Step
from optimizer.planning.evidence import identity
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from tests.test_properties import LOCK, EverythingIsThere

DAY = datetime.date(2026, 11, 28)
KNOWN = StepEvidence(changes=0.031, stability=Stability.QUARTERLY, size_bytes=1234, seconds=5.0)


def planned(step: Step, evidence: Evidence = Evidence()) -> Stage:
    (stage,) = plan(ImageSpec(runtime="python3.13", steps=[step]), replace(LOCK, evidence=evidence), EverythingIsThere()).stages
    return stage


def of(identity: str, known: StepEvidence = KNOWN) -> Evidence:
    return Evidence(date=DAY, steps={identity: known})


def test_without_evidence_the_kind_decides() -> None:
    stage = planned(SourceCode("src"))
    assert (stage.stability, stage.figures) == (Stability.DAILY, Figures(probability=0.8, probability_from=Source.DEFAULT))


def test_evidence_takes_the_place_of_the_default() -> None:
    stage = planned(SourceCode("src"), of("packed-files src"))
    assert stage.stability is Stability.QUARTERLY
    assert stage.figures == Figures(
        probability=0.031,
        probability_from=Source.EVIDENCE,
        size_bytes=1234,
        size_from=Source.EVIDENCE,
        seconds=5.0,
        seconds_from=Source.EVIDENCE,
        evidence_date="2026-11-28",
    )


def test_what_the_user_writes_wins() -> None:
    stage = planned(SourceCode("src", stability="weekly", size=99, seconds=1.5), of("packed-files src"))
    assert stage.stability is Stability.WEEKLY
    assert stage.figures == Figures(
        probability=0.2,
        probability_from=Source.DECLARED,
        size_bytes=99,
        size_from=Source.DECLARED,
        seconds=1.5,
        seconds_from=Source.DECLARED,
    )


def test_too_little_history_leaves_the_default_but_not_what_was_measured() -> None:
    stage = planned(SourceCode("src"), of("packed-files src", StepEvidence(seconds=5.0)))
    assert stage.stability is Stability.DAILY
    assert stage.figures == Figures(
        probability=0.8,
        probability_from=Source.DEFAULT,
        seconds=5.0,
        seconds_from=Source.EVIDENCE,
        evidence_date="2026-11-28",
    )


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (SourceCode("src/api", name="code"), "packed-files src/api"),
        (Files("models/a.onnx", to="/opt/ml/"), "packed-files models/a.onnx"),
        (SystemPackages(["jq"], name="tools"), "system-packages tools"),
        (SystemPackages(["jq"]), "system-packages"),
        (Command([["make"]], name="assets", inputs=["web", "Makefile"]), "commands assets Makefile web"),
    ],
)
def test_a_stage_is_known_by_what_it_reads(step: Step, expected: str) -> None:
    """Requirement: "per step (identified by what it reads, not by position)"."""
    assert identity(planned(step)) == expected


def test_evidence_changes_no_key() -> None:
    """A layer is found by its key, whatever is expected of it."""

    class Contents(EverythingIsThere):
        def content(self, path: str, exclude: tuple[str, ...]) -> str:
            return path

    def keys(evidence: Evidence) -> dict[str, str]:
        steps = [SourceCode("src"), Command([["make"]], inputs=["web"])]
        return stage_keys(plan(ImageSpec(runtime="python3.13", steps=steps), replace(LOCK, evidence=evidence), Contents()), Contents())

    assert keys(of("packed-files src")) == keys(Evidence())


def test_evidence_moves_layers_and_orders_chains() -> None:
    steps = [SourceCode("src"), SourceCode("web", to="/opt/web/"), SystemPackages(["jq"], name="a"), SystemPackages(["jq"], name="b")]
    spec = ImageSpec(runtime="python3.13", steps=steps)
    known = {"packed-files web": KNOWN, "system-packages b": replace(KNOWN, changes=0.001, stability=Stability.YEARLY, size_bytes=None)}
    made = plan(spec, replace(LOCK, evidence=Evidence(date=DAY, steps=known)), EverythingIsThere())
    assert [stage.name for stage in made.stages if stage.in_place] == ["b", "a"]
    assert made.layers == ("source-code-web", "source-code-src")
    before = plan(spec, LOCK, EverythingIsThere())
    assert [stage.name for stage in before.stages if stage.in_place] == ["a", "b"]
    assert before.layers == ("source-code-src", "source-code-web")
