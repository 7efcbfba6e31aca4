"""The first files of a project: specs, settings and ignore files for what is found in it."""

from __future__ import annotations

import datetime
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from optimizer.adapters.adoption import Candidate, load_candidates, slug
from optimizer.adapters.surroundings import Surroundings, load_surroundings, named_sources
from optimizer.adoption.code import TASK, FunctionCode
from optimizer.adoption.guesses import Choice, Guess
from optimizer.adoption.proposal import NotCarried, ProposedImage, Skipped
from optimizer.adoption.runtimes import LANGUAGES, declared_runtime, guessed_runtime
from optimizer.adoption.starter import start
from optimizer.bases.catalogue import base_image
from optimizer.bases.mirror import Mirror
from optimizer.cli.proposals import Candidacy, proposed
from optimizer.cli.questions import Questions
from optimizer.config.settings import Settings
from optimizer.errors import ContextError, OptimizerError, SpecError
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.lambda_signs import runs_on_lambda
from optimizer.model.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from optimizer.project.files import Project
from optimizer.sam.zip_functions import ZipFunction

_INTERPRETED = ("Python", "Node.js", "Ruby")
"""Languages whose code is copied as it is, so that its directory decides what handlers are called."""


@dataclass(slots=True)
class FirstFiles:
    """What is proposed for a project.

    ``images`` are proposals with what they were made for, and ``templates``
    the template of those that a template declares, by the name of the
    function, ``looped`` that of those that a loop of it gives; ``code`` are those for code without a Dockerfile.  ``found`` says
    what the project is, one line each.
    """

    surroundings: Surroundings
    images: list[Candidacy] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)
    looped: dict[str, str] = field(default_factory=dict)
    code: list[tuple[FunctionCode, ProposedImage]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


def first_files(
    top: str,
    settings: Settings,
    project: Project,
    mirror: Mirror,
    questions: Questions,
    *,
    runtime: str | None,
    architecture: str | None,
    again: bool,
) -> FirstFiles:
    """Everything that can be proposed for what is below a directory of the project.

    With a ``runtime``, the directory itself is the code of one function.
    ``again`` proposes specs for what has one too.  Raises
    :class:`ContextError` where nothing is found at all.
    """
    if project.kind(top) != "directory":
        is_file = project.kind(top) == "file"
        hint = (
            f"for one Dockerfile, template or app: optimizer init --from {top}" if is_file else "name the directory of the function's code"
        )
        raise ContextError(f'"{top}" is not a directory of the project', top, hint)
    around = load_surroundings(project.root, top)
    files = FirstFiles(surroundings=around)
    if runtime is not None:
        code = _named(top, base_image(runtime).family, around)
        files.images.append(_started(runtime, [], code, project, around, architecture, settings))
        return files
    files.found += _kinds(around)
    _written(files, project, mirror, settings, architecture)
    having = around.planned if again else {**around.specs, **around.planned}
    sources = [(path, source) for path, named in having.items() for source in named]
    by_hand = [source for candidate, image in files.images for source in _sources(candidate, image)]
    refused = {_from_root(os.path.dirname(item.function), project.root) for item in files.skipped if item.not_carried}
    unknown = [app for app in around.apps if app.declares and app.output is None]
    for code in _placed(around.code.functions, around):
        if code.directory in refused or any(_holds(source, code) for source in by_hand):
            continue
        owner = next((path for path, source in sources if _holds(source, code)), None)
        if owner is not None:
            files.skipped.append(Skipped(code.directory, f"it has a spec already, in {owner}"))
        elif unknown:
            why = f"the app in {unknown[0].directory} has specs, and is not synthesized: which code they are for is not known"
            files.skipped.append(Skipped(code.directory, why, NotCarried(why, "run cdk synth, and then init again")))
        else:
            _guess(files, code, project, settings, architecture, questions)
    for directory, languages in around.code.open:
        _choose(files, directory, languages, project, settings, architecture, questions)
    _rest(files)
    if not files.images and not files.skipped and not files.found:
        raise ContextError(
            f'nothing in "{top}" shows a function: no code with a handler, no Dockerfile, no template, no CDK app',
            hint="write the function's code first, for example app.py with def handler(event, context); "
            "or name its directory and runtime: optimizer init functions/api --runtime python3.14",
        )
    return files


def _from_root(path: str, root: Path) -> str:
    return Path(os.path.relpath(path or ".", root)).as_posix()


def _kinds(around: Surroundings) -> Iterator[str]:
    for app in around.apps:
        language = "Python" if app.python else "another language than Python"
        state = f"synthesized in {app.output}" if app.output else "not synthesized"
        yield f"a CDK app in {app.directory}, in {language}, {state}"
    for template, config in around.templates.items():
        yield f"a SAM template, {template}, " + (f"with {config}" if config else "without a samconfig")


def _written(files: FirstFiles, project: Project, mirror: Mirror, settings: Settings, architecture: str | None) -> None:
    """Proposals for what templates, synthesized apps and Dockerfiles say."""
    here = os.path.relpath(project.root)
    candidates: list[Candidate] = []

    def load(path: str) -> list[Candidate]:
        try:
            found, skipped = load_candidates(path, project.root, mirror=mirror)
        except OptimizerError as error:
            fault = error.faults[0]
            # Said of what has functions of other kinds alone; their code is looked at by itself.
            if "has no image function" in fault.message:
                files.found.append(fault.message)
            else:
                files.skipped.append(Skipped(path, fault.message, NotCarried(fault.message, fault.hint)))
            return []
        files.skipped += skipped
        candidates.extend(found)
        return found

    for template in files.surroundings.templates:
        path = os.path.normpath(os.path.join(here, template))
        named, looped = by_template(path, load(path))
        files.templates.update(named)
        files.looped.update(looped)
    for app in files.surroundings.apps:
        if app.output is not None:
            load(app.output)
    known = {os.path.realpath(item.subject.path) for item in candidates}
    for name in files.surroundings.dockerfiles:
        path = os.path.normpath(os.path.join(here, name))
        if os.path.realpath(path) in known:
            continue
        before = len(candidates)
        if load(path) and not runs_on_lambda(candidates[-1].subject, Conventions(today=datetime.date.today(), mirror=mirror)):
            del candidates[before:]
            why = "nothing in it, or beside it, shows that Lambda runs the image"
            files.skipped.append(Skipped(path, why, is_place=True))
    try:
        files.images += proposed(candidates, files.skipped, project, mirror, settings.tools, None, architecture)
    except SpecError:
        # Each of its faults is among those that have no proposal.
        return


def by_template(template: str, candidates: Sequence[Candidate]) -> tuple[dict[str, str], dict[str, str]]:
    """The template by the names of its functions: those that it writes, and those that its loops give."""
    return (
        {item.function: template for item in candidates if not item.looped},
        {item.function: template for item in candidates if item.looped},
    )


def _guess(
    files: FirstFiles, code: FunctionCode, project: Project, settings: Settings, architecture: str | None, questions: Questions
) -> None:
    hints = [
        Guess(runtime, f"{path} names it, and no other for {code.language}")
        for app in files.surroundings.apps
        for runtime, path in app.runtimes.items()
    ]
    place = code.manifest if code.language == ".NET" else code.directory
    guess = _declared(code, files.surroundings) or guessed_runtime(code.language, place, project, hints)
    if isinstance(guess, Choice):
        chosen = questions.choose(code.directory, guess)
        if chosen is None:
            calls = " or ".join(f"optimizer init {code.directory} --runtime {option.value}" for option in guess.options)
            files.skipped.append(Skipped(code.directory, guess.question, NotCarried(guess.question, calls)))
            return
        guess = chosen
    started = _started(guess.value, [guess], code, project, files.surroundings, architecture, settings)
    files.images.append(started)
    files.code.append((code, started[1]))


def zipped(code: FunctionCode, around: Surroundings) -> list[tuple[str, ZipFunction]]:
    """The functions of templates that run some of the code without an image, with the template."""
    found = []
    for template, functions in around.zipped.items():
        for function in functions:
            home = _home(template, function)
            if home == code.directory or any(_enters(function.handler, home, path) for path in code.files):
                found.append((template, function))
    return found


def _home(template: str, function: ZipFunction) -> str:
    """The directory of a function's code, from the project's root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(template), function.code))


def _enters(handler: str, home: str, path: str) -> bool:
    """Whether a handler of the code in a directory is in a file."""
    inside = path if home == "." else path.removeprefix(f"{home}/")
    module = posixpath.splitext(inside)[0]
    return (home == "." or inside != path) and handler.rpartition(".")[0].replace(".", "/") == module.replace(".", "/")


def _placed(codes: Iterable[FunctionCode], around: Surroundings) -> list[FunctionCode]:
    """The code with the directories that templates give it, each directory once."""
    found: dict[tuple[str, str, str], FunctionCode] = {}
    for code in codes:
        homes = [_home(template, function) for template, function in zipped(code, around)]
        if homes and code.language in _INTERPRETED and code.directory not in homes:
            # Handlers of the template start at its directory, and those that were found do not.
            code = replace(code, directory=homes[0], to=TASK, handlers=())
        key = (code.directory, code.language, "" if code.language in _INTERPRETED else code.manifest)
        other = found.get(key)
        if other is not None:
            code = replace(other, files=other.files + code.files, handlers=other.handlers + code.handlers)
        found[key] = code
    return list(found.values())


def _declared(code: FunctionCode, around: Surroundings) -> Guess | Choice | None:
    """The runtime that templates give the code."""
    given = [Guess(function.runtime, f"{template} says so of {function.logical_id}") for template, function in zipped(code, around)]
    return declared_runtime(code.language, given)


def _choose(
    files: FirstFiles,
    directory: str,
    languages: Iterable[str],
    project: Project,
    settings: Settings,
    architecture: str | None,
    questions: Questions,
) -> None:
    """A directory with the files of several languages, and no handler in any of them."""
    options = []
    for language in languages:
        guess = guessed_runtime(language, directory, project)
        options.append(guess.options[0] if isinstance(guess, Choice) else Guess(guess.value, f"for the files of {language}"))
    question = f"it has files of {' and of '.join(languages)}, and none defines a handler"
    chosen = questions.choose(directory, Choice(question=question, options=tuple(options)))
    if chosen is None:
        calls = " or ".join(f"optimizer init {directory} --runtime {option.value}" for option in options)
        files.skipped.append(Skipped(directory, question, NotCarried(question, calls)))
        return
    code = _named(directory, base_image(chosen.value).family, files.surroundings)
    files.images.append(_started(chosen.value, [chosen], code, project, files.surroundings, architecture, settings))


def _rest(files: FirstFiles) -> None:
    """What was seen, and is none of the functions for all that can be told."""
    for path, language in files.surroundings.code.unknown:
        why = f"{language} has no steps of its own here"
        by_hand = f"build it with command steps: optimizer init {posixpath.dirname(path) or '.'} --runtime provided.al2023"
        files.skipped.append(Skipped(path, why, NotCarried(why, by_hand), is_place=True))
    for path in files.surroundings.code.quiet:
        files.skipped.append(Skipped(path, "nothing beside it defines a handler, so it is taken for no function", is_place=True))


def _named(directory: str, family: str, around: Surroundings) -> FunctionCode:
    """The code in a directory, of which only the runtime is given."""
    fitting = [code for code in around.code.functions if code.directory == directory and LANGUAGES[code.language] == family]
    if fitting:
        return fitting[0]
    language = next((language for language, of in LANGUAGES.items() if of == family and family != "provided"), "")
    return FunctionCode(directory=directory, language=language)


def _started(
    runtime: str,
    guesses: list[Guess],
    code: FunctionCode,
    project: Project,
    around: Surroundings,
    architecture: str | None,
    settings: Settings,
) -> Candidacy:
    declared = zipped(code, around)
    for template, function in declared:
        if architecture is None and function.architecture in ARCHITECTURES:
            architecture = function.architecture
            guesses = [*guesses, Guess(architecture, f"{template} says so of {function.logical_id}")]
    if architecture is None and settings.defaults.architecture is None:
        guesses = [*guesses, Guess(DEFAULT_ARCHITECTURE, "nothing sets the architecture, and it is Lambda's default")]
    # What a template starts is the handler, whatever else the code defines.
    handlers = {function.handler: f"{template} says so of {function.logical_id}" for template, function in declared if function.handler}
    code = replace(code, handlers=tuple(dict.fromkeys([*handlers, *code.handlers])))
    handler_from = next(iter(handlers.values()), "")
    chosen = architecture or settings.defaults.architecture or DEFAULT_ARCHITECTURE
    apps = [app.directory for app in around.apps]
    proposal = start(runtime, code, project, chosen, apps=apps, guesses=guesses, handler_from=handler_from)
    name = slug(code.name or os.path.basename(project.root)) or "function"
    image = ProposedImage(function="", id="".join(part.capitalize() for part in name.split("-")), stem=name, proposal=proposal)
    return None, image


def _sources(candidate: Candidate | None, image: ProposedImage) -> Iterator[str]:
    """What an image is made from: the build context of its Dockerfile, unless that is the project, and what its steps name."""
    if candidate is not None and candidate.directory != ".":
        yield candidate.directory
    for step in image.proposal.spec.steps:
        yield from named_sources(step)


def _holds(source: str, code: FunctionCode) -> bool:
    """Whether what a step takes is some of the code, or all of it."""
    if source in (".", code.directory) or code.directory.startswith(f"{source}/") or source.startswith(f"{code.directory}/"):
        return True
    return any(path == source or path.startswith(f"{source}/") for path in code.files)
