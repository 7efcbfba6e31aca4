"""What an update of the evidence changed, and why, to a person and to a machine."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.model.evidence import Evidence, StepEvidence
from optimizer.planning.chain.order import HORIZON as ORDER_HORIZON
from optimizer.planning.history.decide import OrderDecision
from optimizer.planning.history.packing import PackingDecision
from optimizer.planning.pack.choose import HORIZON as PACKING_HORIZON
from optimizer.report.counts import counted
from optimizer.report.plan.figures import rounded
from optimizer.report.sizes import size_text
from optimizer.report.table import fitted_table

TITLES = {"python": "Python", "nodejs": "Node.js"}
"""What ecosystems of packages are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceReport:
    """An update: evidence before and after, the orders of chains by their images, and the packing of each ecosystem of which anything can be packed."""

    before: Evidence
    after: Evidence
    orders: Mapping[str, OrderDecision]
    packings: Sequence[PackingDecision]
    notes: Sequence[str]
    changed: bool


def evidence_as_text(report: EvidenceReport, width: int) -> str:
    """The steps whose numbers moved, the decisions with gain and cost, and the notes, in so many columns."""
    after = report.after
    lines = []
    if after.commit:
        lines.append(f"{counted(after.deployments, 'deployment')} up to {after.date} ({after.commit[:12]}), which weigh {after.weight:g}")
    rows = [(name, _shown(report.before.step(name)), _shown(after.step(name))) for name in _moved(report)]
    if rows:
        lines.append(fitted_table(("step", "before", "now"), rows, width, (0,), "  "))
    else:
        lines.append("no step has moved")
    for name, decision in report.orders.items():
        lines += (_wrapped(line, width) for line in _order_lines(name, decision))
    for decided in report.packings:
        lines += (_wrapped(line, width) for line in _packing_lines(decided))
    lines += [_wrapped(f"note: {note}", width) for note in report.notes]
    return "\n".join(lines)


def _moved(report: EvidenceReport) -> list[str]:
    names = sorted({*report.before.steps, *report.after.steps})
    return [name for name in names if report.before.step(name) != report.after.step(name)]


def _shown(known: StepEvidence) -> str:
    parts = []
    if known.changes is not None and known.stability is not None:
        parts.append(f"{known.changes:g} {known.stability.value}")
    if known.size_bytes is not None:
        parts.append(size_text(known.size_bytes))
    if known.seconds is not None:
        parts.append(f"{known.seconds:g} s")
    return ", ".join(parts) or "-"


def _order_lines(name: str, decision: OrderDecision) -> Iterator[str]:
    before, best = ", ".join(decision.before), ", ".join(each.name for each in decision.best.links)
    if decision.change is None:
        yield f"order of {name}: {best}, as {before} is no longer allowed"
    elif before == best:
        yield f"order of {name}: {before}, the cheapest"
    else:
        verb = "now" if decision.adopted else "stays"
        chosen = best if decision.adopted else before
        yield f"order of {name}: {verb} {chosen}"
        yield f"  {'was' if decision.adopted else 'cheapest'}: {before if decision.adopted else best}"
        yield f"  gain {decision.change.gain:.2f} s per deployment, the change {decision.change.once:.2f} s once; {_even(decision.change.break_even, ORDER_HORIZON)}"


def _even(deployments: float | None, horizon: float) -> str:
    if deployments is None:
        return "it never pays"
    verb = "pays" if deployments < horizon else "would pay"
    return f"it {verb} after {deployments:.1f} deployments, and {horizon:g} count"


def _packing_lines(decision: PackingDecision) -> Iterator[str]:
    choice = decision.choice
    yield f"packing of {TITLES[decision.ecosystem]} packages: {'changed' if choice.adopted else 'stays'}, {choice.reason.value}"
    yield (
        f"  expected per deployment: {size_text(round(choice.chosen.pushed))}; in one layer {size_text(round(choice.one_layer.pushed))},"
        f" bound {size_text(round(choice.lower_bound))}"
    )
    if choice.gain > 0:
        once = f"the change {size_text(choice.moved)} once; {_even(choice.moved / choice.gain, PACKING_HORIZON)}"
        if not choice.moved:
            once = "the change pushes nothing that is not pushed anyway"
        yield f"  gain {size_text(round(choice.gain))} per deployment, {once}"
    yield f"  layers of one image: {choice.chosen.layers} at most; {choice.kept:.0%} of the layers stay"


def _wrapped(text: str, width: int) -> str:
    """The text in lines of so many columns; those after the first stand further in."""
    start = " " * (len(text) - len(text.lstrip()))
    words = textwrap.wrap(
        text.lstrip(), width, initial_indent=start, subsequent_indent=f"{start}  ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(words)


def evidence_to_dict(report: EvidenceReport) -> dict[str, Any]:
    """The update as data for JSON; seconds and bytes of decisions are expected values per deployment, ``once`` those of the change itself."""
    after = report.after
    return {
        "changed": report.changed,
        "date": after.date.isoformat() if after.date else None,
        "commit": after.commit or None,
        "deployments": after.deployments,
        "steps": {
            name: {"before": _step_to_dict(report.before.step(name)), "now": _step_to_dict(after.step(name))} for name in _names(report)
        },
        "orders": {name: _order_to_dict(decision) for name, decision in report.orders.items()},
        "packing": {decided.ecosystem: _packing_to_dict(decided) for decided in report.packings},
        "notes": list(report.notes),
    }


def _names(report: EvidenceReport) -> list[str]:
    return sorted({*report.before.steps, *report.after.steps})


def _step_to_dict(known: StepEvidence) -> dict[str, Any]:
    stability = known.stability.value if known.stability else None
    return {"changes": known.changes, "stability": stability, "size": known.size_bytes, "seconds": known.seconds}


def _order_to_dict(decision: OrderDecision) -> dict[str, Any]:
    change = decision.change
    return {
        "adopted": decision.adopted,
        "before": list(decision.before),
        "now": [each.name for each in decision.after.links],
        "cheapest": [each.name for each in decision.best.links],
        "gain": rounded(change.gain) if change else None,
        "once": rounded(change.once) if change else None,
        "breakEven": rounded(change.break_even) if change and change.break_even is not None else None,
    }


def _packing_to_dict(decision: PackingDecision) -> dict[str, Any]:
    choice = decision.choice
    return {
        "adopted": choice.adopted,
        "reason": choice.reason.name.lower().replace("_", "-"),
        "groups": [list(group) for group in choice.groups],
        "bytes": rounded(choice.chosen.pushed),
        "oneLayer": rounded(choice.one_layer.pushed),
        "lowerBound": rounded(choice.lower_bound),
        "gain": rounded(choice.gain),
        "once": choice.moved,
        "breakEven": rounded(choice.moved / choice.gain) if choice.gain > 0 else None,
        "layers": choice.chosen.layers,
        "kept": rounded(choice.kept),
        "assumedSizes": list(decision.unsized),
    }
