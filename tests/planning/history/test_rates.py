"""Probabilities out of deployments, and their memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.model.stability import Stability
from optimizer.planning.history.rates import HALF_LIFE_DAYS, probability, remembered, stability_of, weight
from tests.adapters.git.repositories import DAY, days_ago


def test_an_old_deployment_counts_less() -> None:
    """Requirement: "decay by half-life"."""
    assert weight(DAY, DAY) == 1.0
    assert weight(days_ago(HALF_LIFE_DAYS), DAY) == 0.5
    assert weight(days_ago(2 * HALF_LIFE_DAYS), DAY) == 0.25


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_probability_is_never_certain(changed: int, more: int) -> None:
    """Requirement: "smoothing (k+1/2)/(n+1)"."""
    found = probability(changed, changed + more)
    assert 0 < found < 1
    assert found == pytest.approx((changed + 0.5) / (changed + more + 1), rel=5e-3)


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_an_estimate_that_is_about_the_same_stays(new: float, old: float) -> None:
    """Requirement: "decisions have memory"."""
    kept = remembered(new, old)
    assert kept in (new, old)
    assert (kept == old) == (old / 1.25 <= new <= old * 1.25)
    assert remembered(kept, old) == kept
    assert remembered(new, None) == new


@given(st.floats(0.0005, 0.9995), st.sampled_from(Stability))
def test_a_stability_stays_near_its_bounds_and_never_turns_back(found: float, old: Stability) -> None:
    new = stability_of(found, old)
    assert stability_of(found, new) is new
    assert new in (Stability.YEARLY, Stability.QUARTERLY, Stability.MONTHLY, Stability.WEEKLY, Stability.DAILY) or new is old


@pytest.mark.parametrize(
    ("found", "old", "new"),
    [
        (0.8, Stability.DAILY, Stability.DAILY),
        (0.3, Stability.DAILY, Stability.DAILY),
        (0.26, Stability.DAILY, Stability.WEEKLY),
        (0.5, Stability.WEEKLY, Stability.WEEKLY),
        (0.61, Stability.WEEKLY, Stability.DAILY),
        (0.03, Stability.DAILY, Stability.MONTHLY),
        (0.002, Stability.MONTHLY, Stability.YEARLY),
        (0.01, Stability.NEVER, Stability.QUARTERLY),
        (0.9, Stability.ALWAYS, Stability.DAILY),
    ],
)
def test_the_stability_of_a_probability(found: float, old: Stability, new: Stability) -> None:
    assert stability_of(found, old) is new
