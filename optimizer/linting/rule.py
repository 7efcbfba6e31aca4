"""What a rule is: a record with pure checks."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from optimizer.errors import ConfigurationError, Fault, did_you_mean
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject, ImageSubject, RepositorySubject


class Family(enum.Enum):
    """What a rule is about; the value is the first digit of its number."""

    LINT = 0
    BASE = 1
    STAGES = 2
    ORDER = 3
    REPRODUCIBILITY = 4
    CONTEXT = 5
    LAMBDA = 6
    REPOSITORY = 7
    SECRETS = 8
    SHARING = 9


OWN_PREFIX = "LIO"
"""What the ids of the rules that come with this package begin with."""

KINDS = ("dockerfile", "function", "repository", "app", "image")
"""The kinds of subjects; a rule has one check for each that it applies to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One convention.

    ``id`` never changes its meaning and is never used again; ``name`` is in
    kebab case.  ``summary`` is one sentence, ``why`` the reason, ``fix`` the
    advice, each without a final line break; ``bad`` and ``good`` are examples
    in the language of ``example``.  ``since`` is the release that brought it.
    ``fix_in_spec`` is the advice for an image that was made from a
    specification; empty where ``fix`` serves it too, or where the rule finds
    nothing in such an image.

    A rule has one check for each kind of subject that it applies to; a check
    is pure, and yields nothing where the convention holds.  ``only_lambda``
    says that it asks nothing of images that no function runs; so do all rules
    of the family LAMBDA.
    """

    id: str
    name: str
    severity: Severity
    since: str
    summary: str
    why: str
    fix: str
    bad: str
    good: str
    example: str = "dockerfile"
    fix_in_spec: str = ""
    only_lambda: bool = False
    dockerfile: Callable[[DockerfileSubject, Conventions], Iterable[Verdict]] | None = None
    function: Callable[[FunctionSubject, Conventions], Iterable[Verdict]] | None = None
    repository: Callable[[RepositorySubject, Conventions], Iterable[Verdict]] | None = None
    app: Callable[[AppSubject, Conventions], Iterable[Verdict]] | None = None
    image: Callable[[ImageSubject, Conventions], Iterable[Verdict]] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z]{2,5}\d{3}", self.id):
            raise ValueError(f'"{self.id}" is not the id of a rule: 2 to 5 capitals and 3 digits')
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f'"{self.name}" is not in kebab case')

    @property
    def family(self) -> Family:
        """By the first digit of its number."""
        return Family(int(self.id[-3]))

    @property
    def applies_to(self) -> tuple[str, ...]:
        """The kinds of subjects that it has checks for."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)


def ids_by_word(rules: Iterable[Rule]) -> dict[str, str]:
    """The ids of the rules, by id and by name."""
    return {word: rule.id for rule in rules for word in (rule.id, rule.name)}


def own_rule_faults(rules: Sequence[Rule], own: Sequence[Rule]) -> Iterator[Fault]:
    """What is wrong with rules of a team's own beside others: no rules, or ids and names that are used already."""
    used = {*ids_by_word(rules)}
    for index, rule in enumerate(own):
        if not isinstance(rule, Rule):
            yield Fault(f"{rule!r} is not a Rule", f"rules[{index}]", "write optimizer.linting.rule.Rule(...)")
            continue
        for word in (rule.id, rule.name):
            if word in used:
                yield Fault(
                    f'"{word}" is the id or name of another rule', f"rules[{index}]", "begin the ids of your own rules with other letters"
                )
            used.add(word)


def with_own_rules(rules: Sequence[Rule], own: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules with those of a team's own, sorted by id; raises :class:`ConfigurationError` for one that is not usable."""
    faults = [*own_rule_faults(rules, own)]
    if faults:
        raise ConfigurationError(faults)
    return tuple(sorted((*rules, *own), key=lambda rule: rule.id))


def rules_of(conventions: Conventions, known: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that the conventions ask for, of those that are known.

    Words that stand for none of them count for nothing: where they are written,
    they were checked, and of another company's rules one may know none.
    """
    newer = newer_rules(conventions, known)
    chosen = choose(known, conventions.select, conventions.ignore, strict=False)
    return tuple(rule for rule in chosen if rule not in newer)


def newer_rules(conventions: Conventions, known: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules of releases after ``rules_up_to``, but for those that are selected one by one, by id or name; rules of a company have releases of their own."""
    if not conventions.rules_up_to:
        return ()
    last = _release(conventions.rules_up_to)
    chosen = choose(known, conventions.select, conventions.ignore, strict=False)
    return tuple(
        rule
        for rule in chosen
        if rule.id.startswith(OWN_PREFIX)
        and _release(rule.since) > last
        and rule.id not in conventions.select
        and rule.name not in conventions.select
    )


def _release(version: str) -> tuple[int, ...]:
    """Major and minor number of a version: rules come with these alone."""
    return tuple(int(part) for part in version.split(".")[:2])


def choose(rules: Sequence[Rule], select: Sequence[str] = (), ignore: Sequence[str] = (), *, strict: bool = True) -> tuple[Rule, ...]:
    """The rules that are selected, by default all, and not ignored.

    Both lists hold ids, starts of ids such as ``LIO3``, names, and families
    such as ``order``.  Raises :class:`ConfigurationError` for a word that
    stands for no rule; without ``strict`` it stands for none.
    """

    def meant(words: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for word in words:
            matches = {
                rule.id
                for rule in rules
                if word in (rule.name, rule.family.name.lower()) or (word and word[0].isupper() and rule.id.startswith(word))
            }
            if not matches and strict:
                known = [word for rule in rules for word in (rule.id, rule.name, rule.family.name.lower())]
                raise ConfigurationError(
                    f'no rule is called "{word}"; allowed: ids, starts of ids, names and families', hint=did_you_mean(word, known)
                )
            found |= matches
        return found

    chosen, left_out = meant(select), meant(ignore)
    return tuple(rule for rule in rules if (not select or rule.id in chosen) and rule.id not in left_out)
