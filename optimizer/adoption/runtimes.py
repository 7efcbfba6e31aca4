"""The runtime of a directory's code, by the files in which its version is written.

Every file that names a version, or a range of them, is held against the
catalogue.  Where they agree, the newest supported runtime that all of them
allow is taken; where they contradict one another, or name only what Lambda
no longer has, a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from optimizer.adoption.guesses import Choice, Guess
from optimizer.adoption.versions import Evidence, dotnet_evidence, java_evidence, node_evidence, python_evidence, ruby_evidence
from optimizer.bases.catalogue import BaseImage, Family, base_image, retired_runtimes, runtimes
from optimizer.locks.files import ProjectFiles

LANGUAGES: dict[str, Family] = {
    "Python": "python",
    "Node.js": "nodejs",
    "Ruby": "ruby",
    "Java": "java",
    ".NET": "dotnet",
    "Go": "provided",
    "Rust": "provided",
}
"""The languages that code is recognized in, and the family of their base images."""

_EVIDENCE = {
    "Python": python_evidence,
    "Node.js": node_evidence,
    "Ruby": ruby_evidence,
    "Java": java_evidence,
    ".NET": dotnet_evidence,
}


def guessed_runtime(language: str, place: str, files: ProjectFiles, hints: Sequence[Guess] = ()) -> Guess | Choice:
    """The runtime for code of a language, or the choice that is left to a person.

    ``place`` is its directory, or for .NET the project file.  ``hints`` are
    runtimes that the project names elsewhere, for whichever function: one that
    is the only one of its language counts where nothing else says anything.
    """
    bases = _bases(LANGUAGES[language])
    newest = next(base for base in bases if base.status == "supported")
    if language not in _EVIDENCE:
        return Guess(newest.runtime, f"programs in {language} bring their own runtime, and this base is the newest for them")
    found = [_known(item, bases) for item in _EVIDENCE[language](place, files, tuple(map(_version, bases)))]
    named = [hint for hint in hints if any(hint.value == base.runtime for base in bases)]
    if not found and len(named) == 1:
        return named[0]
    if not found:
        return Guess(newest.runtime, f"nothing in the project names a version of {language}: this is the newest that Lambda supports")
    common = [base for base in bases if all(_version(base) in item.allowed for item in found)]
    if common:
        base = _best(common, found)
        return Guess(base.runtime, "; ".join([*dict.fromkeys(_says(item) for item in found), *_how(found), *_age(base)]))
    picks: dict[str, str] = {}
    for item in found:
        own = [base for base in bases if _version(base) in item.allowed]
        if own:
            picks.setdefault(_best(own, [item]).runtime, _says(item))
    if picks:
        options = tuple(Guess(runtime, reason) for runtime, reason in picks.items())
        return Choice(question=f"no runtime fits all that is written: {'; '.join(option.reason for option in options)}", options=options)
    return Choice(
        question="; ".join(f"{_says(item)}, {_why_not(item, LANGUAGES[language])}" for item in found),
        options=(Guess(newest.runtime, f"the newest that Lambda supports for {language}"),),
    )


def declared_runtime(language: str, declared: Sequence[Guess]) -> Guess | Choice | None:
    """The runtime that functions are declared with; None where there is none of the language.

    ``declared`` are runtimes, each with the function that has it.  Several are
    a choice, and so is one that Lambda has no longer.
    """
    bases = _bases(LANGUAGES[language])
    known = {guess.value: guess for guess in reversed(declared) if any(base.runtime == guess.value for base in bases)}
    if len(known) > 1:
        options = tuple(reversed(known.values()))
        return Choice(question=f"its functions have several runtimes: {'; '.join(map(str, options))}", options=options)
    for guess in known.values():
        return Guess(guess.value, "; ".join([guess.reason, *_age(base_image(guess.value))]))
    for gone in retired_runtimes():
        late = next((item for item in declared if item.value == gone.runtime and gone.family == LANGUAGES[language]), None)
        if late is not None:
            newest = next(base for base in bases if base.status == "supported")
            question = f"{late}, and it is retired since {gone.deprecated_on}"
            return Choice(question=question, options=(Guess(newest.runtime, f"the newest that Lambda supports for {language}"),))
    return None


def _bases(family: Family) -> list[BaseImage]:
    """Those of a family, newest first, and on the newer operating system first."""
    return [base for base in map(base_image, runtimes()) if base.family == family]


def _version(base: BaseImage) -> str:
    """The version of the language: ``3.13``, ``22``, ``17``."""
    digits = base.runtime.lstrip("abcdefghijklmnopqrstuvwxyz")
    return digits.partition(".")[0] if base.family in ("nodejs", "java") else digits


def _known(item: Evidence, bases: Iterable[BaseImage]) -> Evidence:
    """Without previews, unless they are named."""
    previews = {_version(base) for base in bases if base.status == "preview"}
    return item if item.exact else replace(item, allowed=tuple(version for version in item.allowed if version not in previews))


def _best(bases: Sequence[BaseImage], found: Iterable[Evidence]) -> BaseImage:
    """The newest that is supported; where a file gives the oldest version that will do, the nearest to that."""
    supported = [base for base in bases if base.status == "supported"] or list(bases)
    if not any(item.oldest for item in found):
        return supported[0]
    nearest = min((float(_version(base)) for base in supported), default=0.0)
    return next(base for base in supported if float(_version(base)) == nearest)


def _says(item: Evidence) -> str:
    return f"{item.place} says {item.says}"


def _how(found: Sequence[Evidence]) -> Iterable[str]:
    if any(item.oldest for item in found):
        yield "it is the nearest that runs it"
    elif not any(item.exact for item in found):
        yield "it is the newest that this allows"


def _age(base: BaseImage) -> Iterable[str]:
    if base.status == "deprecated":
        yield f"deprecated since {base.deprecated_on}"
    elif base.status == "preview":
        yield "a preview, which the spec allows by name"


def _why_not(item: Evidence, family: Family) -> str:
    for gone in retired_runtimes():
        if gone.family == family and gone.tag.removeprefix("core").removesuffix(".0") == item.version:
            return f"and {gone.runtime} is retired since {gone.deprecated_on}"
    return "and Lambda has no such runtime"
