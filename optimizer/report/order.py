"""What the order of steps in one stage costs, to a person and to a machine."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from optimizer.model.chain import ChainOrder, Link, Method
from optimizer.planning.chain.order import as_declared, expected
from optimizer.report.plan.figures import rounded
from optimizer.report.sizes import size_text
from optimizer.report.table import fitted_table

_METHODS = {
    Method.INDEX: "index rule, exact",
    Method.SERIES_PARALLEL: "series-parallel strings, exact",
    Method.IDEALS: "dynamic programme over ideals, exact",
    Method.BOUNDED: "bounded search",
    Method.KEPT: "kept by optimizer.lock",
}


def order_as_text(order: ChainOrder, declared: Sequence[str], width: int) -> str:
    """The method, each step, and what the order costs and gains against that of ``declared``, the names as the steps were declared; in so many columns."""
    method = _METHODS[order.method]
    if not order.method.exact:
        method += f", no order saves more than {order.gap:.1%}"
    header = ("step", "changes", "takes", "adds")
    rows = [
        (
            each.name,
            f"{each.probability:g}",
            _value(each, "seconds", f"{each.seconds:g} s"),
            _value(each, "size", size_text(each.size_bytes)),
        )
        for each in order.links
    ]
    chosen, before = expected(order.links, order.joint, order.dependents), as_declared(order.links, declared)
    cost = expected(before, order.joint, order.dependents).cost
    notes = ["~ is assumed; seconds and size of a step say what it is"] if any(each.assumed for each in order.links) else []
    if order.dependents:
        notes.append(f"counted with what is made again because of them: {_names(order.dependents)}")
    notes += [
        f"expected per deployment: {chosen.seconds:.2f} s, {size_text(round(chosen.size_bytes))} pushed; with the push {order.cost:.2f} s",
        f"lower bound of any order {order.lower_bound:.2f} s, price of ordering {rounded(order.cost - order.apart, 2):.2f} s",
        f"chosen, {order.cost:.2f} s: {_names(order.links)}",
        f"declared, {cost:.2f} s: {_names(before)}",
        f"gain: {rounded(cost - order.cost, 2):.2f} s per deployment",
    ]
    return "\n".join(
        [
            f"order in one stage: {method}",
            fitted_table(header, rows, width, (0,), "  "),
            *(line for note in notes for line in _wrapped(note, width)),
        ]
    )


def _value(link: Link, field: str, text: str) -> str:
    return f"~{text}" if field in link.assumed else text


def _names(links: Sequence[Link]) -> str:
    return ", ".join(each.name for each in links)


def _wrapped(note: str, width: int) -> list[str]:
    return textwrap.wrap(note, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def order_to_dict(order: ChainOrder, declared: Sequence[str]) -> dict[str, Any]:
    """The costs of the chosen and the declared order as data for JSON; seconds and bytes are expected values per deployment."""
    before = as_declared(order.links, declared)
    return {
        "method": order.method.value,
        "exact": order.method.exact,
        "gap": rounded(order.gap),
        "lowerBound": rounded(order.lower_bound),
        "priceOfOrdering": rounded(order.cost - order.apart),
        "dependents": [each.name for each in order.dependents],
        "chosen": _cost_to_dict(order.links, order),
        "declared": _cost_to_dict(before, order),
        "gain": rounded(expected(before, order.joint, order.dependents).cost - order.cost),
    }


def _cost_to_dict(links: Sequence[Link], order: ChainOrder) -> dict[str, Any]:
    costs = expected(links, order.joint, order.dependents)
    return {
        "steps": [each.name for each in links],
        "seconds": rounded(costs.seconds),
        "bytes": round(costs.size_bytes),
        "cost": rounded(costs.cost),
    }
