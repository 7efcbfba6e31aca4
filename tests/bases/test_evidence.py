"""The table ``evidence`` of a lock."""

from __future__ import annotations

import datetime
import pickle

import pytest

from optimizer.bases.lock import Lock
from optimizer.errors import LockError
from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence, Together
from optimizer.model.stability import Stability

HEADER = "# Written by `optimizer pin`; `optimizer pin --update` refreshes it. Commit this file.\nversion = 1\n\n"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT = f"""\
[evidence]
date = 2026-11-23
commit = "{COMMIT}"
deployments = 118
weight = 41.3
orders = [
  ["system-packages fonts", "system-packages tools"],
]
together = [
  {{ share = 0.031, steps = ["system-packages fonts", "system-packages tools"] }},
]

[evidence.steps]
"packed-files functions/api" = {{ changes = 0.42, stability = "daily", size = 18231, seconds = 0.2 }}
"system-packages fonts" = {{ seconds = 31.0 }}

[evidence.python]
"boto3" = {{ changes = 0.21, size = 140000 }}
"""
EVIDENCE = Evidence(
    date=datetime.date(2026, 11, 23),
    commit=COMMIT,
    deployments=118,
    weight=41.3,
    steps={
        "system-packages fonts": StepEvidence(seconds=31.0),
        "packed-files functions/api": StepEvidence(changes=0.42, stability=Stability.DAILY, size_bytes=18231, seconds=0.2),
    },
    packages={"python": {"boto3": PackageEvidence(changes=0.21, size_bytes=140000)}},
    together=(Together(("system-packages tools", "system-packages fonts"), 0.031),),
    orders=(("system-packages fonts", "system-packages tools"),),
)


def test_the_text_of_the_evidence() -> None:
    """Requirement: "compact, sorted, reviewed in diffs"."""
    assert Lock(evidence=EVIDENCE).render() == HEADER + TEXT
    assert Lock.parse(HEADER + TEXT).evidence == EVIDENCE
    assert pickle.loads(pickle.dumps(EVIDENCE)) == EVIDENCE


def test_what_is_not_known_is_nothing() -> None:
    assert EVIDENCE.step("commands other") == StepEvidence()
    assert EVIDENCE.order_of(frozenset(["system-packages tools", "system-packages fonts"])) == EVIDENCE.orders[0]
    assert EVIDENCE.order_of(frozenset(["system-packages tools"])) is None
    assert Lock.parse(HEADER).evidence == Evidence()


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("date = 2026-11-23", 'date = "2026-11-23"'), 5, 'date "2026-11-23" is not a date; allowed: a TOML date such as 2026-11-23'),
        (("date = 2026-11-23\n", ""), 4, "date (missing) is not a date; allowed: a TOML date such as 2026-11-23"),
        ((COMMIT, "main"), 6, 'commit "main" is not a commit; allowed: 40 or 64 lower-case hex digits'),
        (("118", "-1"), 7, 'deployments "-1" is not a number of deployments'),
        (("41.3", "nan"), 8, 'weight "nan" is not a number from 0'),
        (("41.3", "true"), 8, 'weight "True" is not a number from 0'),
        (("share = 0.031", "share = 1.5"), 12, 'together: share "1.5" is not a probability; allowed: 0.0 to 1.0'),
        (("share =", "chance ="), 12, "together is not a list of { steps, share }"),
        (('["system-packages fonts", "system-packages tools"],', "[],"), 9, "orders is not a list of lists of steps, each step once"),
        (("0.42", "42"), 17, 'steps: "packed-files functions/api": changes "42" is not a probability; allowed: 0.0 to 1.0'),
        (('"daily"', '"hourly"'), 17, 'steps: "packed-files functions/api": stability "hourly" is unknown; allowed: never, yearly, '),
        (("18231", '"18 kB"'), 17, 'steps: "packed-files functions/api": size "18 kB" is not a number of bytes'),
        (("{ seconds = 31.0 }", "31"), 18, 'steps: "system-packages fonts" is not a table; allowed: { changes, stability, size, seconds }'),
        (("{ seconds = 31.0", "{ second = 31.0"), 4, 'steps: "system-packages fonts" has the unknown key "second"; allowed: changes, '),
        (("0.21", '"often"'), 21, 'python: "boto3": changes "often" is not a number from 0'),
        (("140000", "-1"), 21, 'python: "boto3": size "-1" is not a number of bytes'),
        (("weight", "wait"), 8, 'unknown key "wait"; allowed: date, commit, deployments, weight, orders, together, steps, python, nodejs'),
    ],
)
def test_fails_with_the_line_of_the_fault(change: tuple[str, str], line: int, message: str) -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(HEADER + TEXT.replace(*change))
    (fault,) = raised.value.faults
    assert fault.message.startswith(f"evidence: {message}")
    assert (fault.place, bool(fault.hint)) == (f"optimizer.lock:{line}", True)


def test_fails_with_all_faults_at_once() -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(
            HEADER + TEXT.replace("118", "many").replace("118", "true").replace("0.42", "-1").replace("140000", "{}").replace("many", '"x"')
        )
    assert len(raised.value.faults) == 3


def test_two_orders_of_the_same_steps_are_refused() -> None:
    again = '  ["system-packages tools", "system-packages fonts"],\n]\ntogether'
    with pytest.raises(LockError, match="orders has the same steps in two orders"):
        Lock.parse(HEADER + TEXT.replace("]\ntogether", again))
