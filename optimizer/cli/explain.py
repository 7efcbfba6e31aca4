"""``optimizer explain``: the pages of rules."""

from __future__ import annotations

import datetime
import json

import click

from optimizer.cli.completions import complete_rules, known_rules
from optimizer.cli.screen import show, style_of
from optimizer.config.lookup import ConventionsLookup
from optimizer.errors import ConfigurationError, Fault, did_you_mean
from optimizer.linting.rule import OWN_PREFIX, Rule
from optimizer.linting.rules import RULES
from optimizer.report.rules import rule_page, rule_to_dict
from optimizer.report.style import BOLD, Style
from optimizer.version import page_address


@click.command(name="explain", short_help="Print the page of a rule: what it finds, why that is bad, and what to do.")
@click.argument("rules", metavar="RULE...", nargs=-1, required=True, shell_complete=complete_rules)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the pages.")
def command(rules: tuple[str, ...], form: str) -> None:
    """Print what rules find, why that is bad, and what to do, each with an example.

    RULE is an id or a name, as optimizer lint shows them. Rules that the
    configuration of this directory brings are known too.

    \b
    Examples:
      optimizer explain LIO401
      optimizer explain user-set --format json
    """
    known, pages = known_rules(), _pages()
    by_word = {word: rule for rule in known for word in (rule.name, rule.id)}
    faults = [
        Fault(f'no rule "{word}"', "RULE", did_you_mean(_normal(word), by_word) or "optimizer lint names the id of each finding")
        for word in rules
        if _normal(word) not in by_word
    ]
    if faults:
        raise ConfigurationError(faults)
    found = [by_word[_normal(word)] for word in rules]
    if form == "json":
        click.echo(json.dumps([{**rule_to_dict(rule), "page": _page(rule, pages) or None} for rule in found], indent=2))
        return
    style = style_of()
    show("\n".join(_text(rule, _page(rule, pages), style) for rule in found), style)


def _text(rule: Rule, address: str, style: Style) -> str:
    title, _, rest = rule_page(rule).partition("\n")
    # Where the heading is the link, the address below it would say the same again.
    below = f"\n{address}\n" if address and not style.links else ""
    return f"{style.painted(style.linked(title, address), BOLD)}\n{rest}{below}"


def _normal(word: str) -> str:
    """The word as ids and names are written."""
    return word.lower() if "-" in word or not any(map(str.isdigit, word)) else word.upper()


def _pages() -> str:
    """The address of the pages of rules, as configured in this directory; empty where none is."""
    lookup = ConventionsLookup(today=datetime.date.today(), rules=RULES)
    return lookup.for_path("Dockerfile").conventions.rule_pages.rstrip("/")


def _page(rule: Rule, pages: str) -> str:
    """The address of the page of a rule; a company's rules have one only below an address that the company names."""
    own = rule.id.startswith(OWN_PREFIX) or pages != page_address("docs/rules")
    return f"{pages}/{rule.id}.md" if pages and own else ""
