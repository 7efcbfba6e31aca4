"""The pages of rules, made from the rules themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer.linting.rule import Family, Rule

_TITLES = {
    Family.LINT: "Files and suppressions",
    Family.BASE: "Base images",
    Family.STAGES: "Stages",
    Family.ORDER: "Order",
    Family.REPRODUCIBILITY: "Reproducibility",
    Family.CONTEXT: "Build context",
    Family.LAMBDA: "What Lambda demands",
    Family.REPOSITORY: "Repositories",
    Family.SECRETS: "Secrets",
    Family.SHARING: "Sharing",
}


def rule_page(rule: Rule) -> str:
    """Markdown: one rule."""
    applies = ", ".join(rule.applies_to) or "the reading of Dockerfiles"
    blocks = [
        f"# {rule.id}: {rule.name}",
        f"{rule.summary}",
        f"Severity: {rule.severity.value}. Family: {rule.family.name.lower()}. Applies to: {applies}. Since {rule.since}.",
        "## Why is this bad?",
        rule.why,
        "## Example",
        f"```{rule.example}\n{rule.bad}\n```",
        "## Use instead",
        _sentence(rule.fix),
        f"```{rule.example}\n{rule.good}\n```",
    ]
    if rule.fix_in_spec:
        blocks += ["## In a specification", _sentence(rule.fix_in_spec)]
    return "\n\n".join(blocks) + "\n"


def rule_to_dict(rule: Rule) -> dict[str, Any]:
    """The same as data for JSON."""
    return {
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.value,
        "family": rule.family.name.lower(),
        "applies_to": list(rule.applies_to),
        "since": rule.since,
        "summary": rule.summary,
        "why": rule.why,
        "fix": rule.fix,
        "fix_in_spec": rule.fix_in_spec or None,
        "language": rule.example,
        "bad": rule.bad,
        "good": rule.good,
    }


def _sentence(advice: str) -> str:
    return f"{advice[0].upper()}{advice[1:]}."


def index_page(rules: Sequence[Rule]) -> str:
    """Markdown: every rule by family."""
    blocks = ["# Rules", "What `optimizer lint` checks; the first digit of an id is its family. See [how to use it](../lint.md)."]
    for family in Family:
        rows = [
            f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.severity.value} | {rule.summary} |"
            for rule in rules
            if rule.family is family
        ]
        if rows:
            blocks += [f"## {_TITLES[family]}", "\n".join(["| Id | Name | Severity | What it finds |", "|---|---|---|---|", *rows])]
    return "\n\n".join(blocks) + "\n"
