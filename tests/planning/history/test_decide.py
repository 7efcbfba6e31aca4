"""The evidence that is kept, with its memory, and the orders that it decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.bases.lock import Lock
from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence, Together
from optimizer.model.history import History
from optimizer.model.stability import Stability
from optimizer.planning.history.decide import Decisions, Measurement, decide
from optimizer.planning.history.observe import Observations
from optimizer.planning.history.rates import MINIMUM
from optimizer.planning.history.subjects import Image
from tests.adapters.git.repositories import DAY, Made, days_ago, repository
from tests.planning.history.pasts import LOCK, images_of, past_of, requirements

HISTORY = History(head="a" * 40, day=DAY)
SPEC = """\
runtime = "python3.13"

[[steps]]
kind = "source-code"
source = "src"

[[steps]]
kind = "system-packages"
name = "a"
packages = ["jq"]

[[steps]]
kind = "system-packages"
name = "b"
packages = ["tar"]
"""
CODE, A, B = "packed-files src", "system-packages a", "system-packages b"


@pytest.fixture
def images(tmp_path: Path) -> list[Image]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("1")
    (tmp_path / "app.image.toml").write_text(SPEC)
    return images_of(tmp_path)


def observed(deployments: int = 20, **changed: set[int]) -> Observations:
    """Deployments of equal weight, of which the named ones changed a step."""
    names = {"code": CODE, "a": A, "b": B}
    flags = {name: tuple(number in changed.get(word, set()) for number in range(deployments)) for word, name in names.items()}
    return Observations(weights=(1.0,) * deployments, steps=flags)


def made(found: Observations, images: list[Image], old: Evidence = Evidence(), **layers: Measurement) -> Decisions:
    kept = images[0].kept
    return decide(found, HISTORY, images, {kept.keys[stage]: each for stage, each in layers.items()}, old)


def test_each_step_has_its_probability_and_its_stability(images: list[Image]) -> None:
    evidence = made(observed(code={0, 1, 2, 3}), images).evidence
    assert (evidence.date, evidence.commit, evidence.deployments, evidence.weight) == (DAY, "a" * 40, 20, 20.0)
    assert evidence.step(CODE) == StepEvidence(changes=0.214, stability=Stability.WEEKLY)
    assert evidence.step(A) == StepEvidence(changes=0.0238, stability=Stability.QUARTERLY)


def test_too_few_deployments_leave_the_default(images: list[Image]) -> None:
    """Requirement: "a minimum of evidence below which the kind's default holds (and a note says so)"."""
    found = made(observed(MINIMUM - 1, code={0}), images)
    assert found.evidence.steps == {}
    assert found.unknown == (CODE, A, B)
    assert made(observed(MINIMUM), images).unknown == ()


def test_a_step_counts_from_where_it_was_there(images: list[Image]) -> None:
    found = observed(30, code={0, 1})
    found = replace(found, steps={**found.steps, CODE: found.steps[CODE][:12] + (None,) * 18})
    assert made(found, images).evidence.step(CODE).changes == pytest.approx(2.5 / 13, abs=5e-4)


def test_what_is_about_the_same_stays(images: list[Image]) -> None:
    """Requirement: "decisions have memory"."""
    old = made(observed(code={0, 1, 2, 3}), images).evidence
    assert made(observed(21, code={0, 1, 2, 3}), images, old).evidence.step(CODE) == old.step(CODE)
    assert made(observed(20, code=set(range(10))), images, old).evidence.step(CODE).changes == 0.5


def test_the_same_past_gives_the_same_text(images: list[Image]) -> None:
    """Requirement: "deterministic"; an update of an update changes nothing."""
    found = observed(code={0, 3}, a={1, 2}, b={2})
    once = made(found, images).evidence
    again = made(found, images, once).evidence
    assert Lock(evidence=once).render() == Lock(evidence=again).render()
    assert Lock.parse(Lock(evidence=once).render()).evidence == once


def test_steps_in_place_have_a_past_in_common(images: list[Image]) -> None:
    evidence = made(observed(a={1, 2}, b={2, 5}, code={1}), images).evidence
    assert evidence.together == (Together((A,), 0.05), Together((A, B), 0.05), Together((B,), 0.05))
    never = made(observed(), images).evidence
    assert never.together == (Together((A,), 0.0), Together((B,), 0.0))


def test_steps_whose_history_is_not_whole_have_none_in_common(images: list[Image]) -> None:
    found = observed(a={1}, b={1})
    found = replace(found, steps={**found.steps, B: found.steps[B][:15] + (None,) * 5})
    assert made(found, images).evidence.together == ()


def test_what_was_measured_is_kept(images: list[Image]) -> None:
    """Requirement: "sizes and seconds: ... what `publish` measured"."""
    measured = {"a": Measurement(size_bytes=10_000_000, seconds=31.4159), "source-code-src": Measurement(size_bytes=999)}
    evidence = made(observed(2), images, **measured).evidence
    assert evidence.step(A) == StepEvidence(size_bytes=10_000_000, seconds=31.4)
    assert evidence.step(CODE) == StepEvidence(size_bytes=999)
    again = made(observed(2), images, evidence, a=Measurement(size_bytes=10_000_001, seconds=35.0)).evidence
    assert again == evidence
    other = made(observed(2), images, evidence, a=Measurement(size_bytes=20_000_000, seconds=90.0)).evidence
    assert other.step(A) == StepEvidence(size_bytes=20_000_000, seconds=90.0)


def test_without_a_history_what_is_known_stays(images: list[Image]) -> None:
    old = replace(made(observed(code={0, 1, 2, 3}, a={1}), images).evidence)
    key = images[0].kept.keys["a"]
    found = decide(Observations(), None, images, {key: Measurement(size_bytes=7, seconds=1.0)}, old)
    assert found.evidence.step(CODE) == old.step(CODE)
    assert found.evidence.step(A) == replace(old.step(A), size_bytes=7, seconds=1.0)
    assert (found.evidence.commit, found.evidence.together, found.evidence.orders) == (old.commit, old.together, old.orders)


def test_the_order_that_is_deployed_stays_where_another_does_not_pay(images: list[Image]) -> None:
    """Requirement: "decisions have memory (hysteresis), also for the order of chains"."""
    (decision,) = (found := made(observed(60, a={1}), images)).orders.values()
    assert decision.before == ("a", "b")
    assert [each.name for each in decision.best.links] == ["b", "a"]
    assert decision.change is not None and not decision.change.pays and decision.change.break_even is not None
    assert not decision.adopted
    assert found.evidence.orders == ((A, B),)


def test_an_order_that_pays_is_adopted_and_planned(images: list[Image], tmp_path: Path) -> None:
    found = made(observed(a=set(range(0, 20, 2))), images)
    (decision,) = found.orders.values()
    assert decision.adopted and decision.change is not None and decision.change.pays
    assert found.evidence.orders == ((B, A),)
    (image,) = images_of(tmp_path, replace(LOCK, evidence=found.evidence))
    order = image.kept.plan.order
    assert order is not None and [each.name for each in order.links] == ["b", "a"]
    # What was decided is what is deployed from now on.
    again = made(observed(a=set(range(0, 20, 2))), [image], found.evidence)
    assert again.evidence == found.evidence and not again.orders[image.name].adopted


def test_packages_that_changed_have_their_rates(tmp_path: Path) -> None:
    """Requirement: "per package"."""
    spec = 'runtime = "python3.13"\n[[steps]]\nkind = "python-dependencies"\nlock = "requirements.txt"\n'
    commits = [Made(days_ago(12), {"app.image.toml": spec, "requirements.txt": requirements(boto3="0", numpy="1", six="1")})]
    for number in range(1, 13):
        commits.append(Made(days_ago(12 - number), {"requirements.txt": requirements(boto3=str(number), numpy="1", six="1")}))
    repository(tmp_path, commits)
    images = images_of(tmp_path)
    history, found = past_of(tmp_path, images)
    old = Evidence(packages={"python": {"six": PackageEvidence(size_bytes=11_000), "gone": PackageEvidence(size_bytes=1)}})
    evidence = decide(found, history, images, {}, old).evidence
    packages = evidence.packages["python"]
    assert {*packages} == {"boto3", "six"}
    assert packages["six"] == PackageEvidence(size_bytes=11_000)
    assert packages["boto3"].changes is not None and packages["boto3"].changes > 0.9
    assert evidence.step("python-packages requirements.txt").stability is Stability.DAILY
