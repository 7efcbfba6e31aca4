"""What an image is beside its files: base, architecture, environment, labels, handler."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from optimizer.adoption.actions import SITE
from optimizer.adoption.drafts import ContentDraft
from optimizer.adoption.machines import of_image
from optimizer.adoption.places import Places
from optimizer.adoption.proposal import NotCarried
from optimizer.adoption.tree import is_below
from optimizer.adoption.variables import is_of_installer, says_where_packages_are
from optimizer.adoption.walk import TASK, Walk, is_own_base, tagged
from optimizer.bases.catalogue import BaseImage, base_image, runtimes, successor
from optimizer.bases.handlers import check_handler
from optimizer.bases.recognise import LambdaBase, image_reference, lambda_base
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import ResolvedStage, absolute
from optimizer.errors import SpecError
from optimizer.model import fields as types
from optimizer.model import snapstart, steps
from optimizer.model.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE, architecture_of_platform, meant_architecture
from optimizer.model.fields import FieldFault
from optimizer.model.function import DeclaredFunction

_RUNTIME_CLIENTS = re.compile(r"aws[-_]?lambda[-_]?ric|lambda-entrypoint\.sh|aws_lambda_ric")


_OF_PACKAGES = ("BUNDLE_PATH", "GEM_HOME", "PATH", "PYTHONPATH", "VIRTUAL_ENV")
"""Variables that name the places of packages, which are others in the proposal."""

_ON_PATH = ("/bin", "/opt/bin", "/usr/bin", "/usr/local/bin", "/var/lang/bin")
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""

_FOUND_IN_TASK = (steps.PythonDependencies, steps.RubyDependencies)


_START_A_SERVER = (
    "set AWS_LAMBDA_EXEC_WRAPPER in environment to an executable script of the image that starts the server in place of the runtime; "
    "the Lambda Web Adapter answers invocations for it"
)


class ImageSettings:
    """What the instructions of the image's own stages, and the function, say.

    ``not_carried`` and ``remarks`` grow with what is asked for.
    """

    def __init__(
        self,
        walk: Walk,
        function: DeclaredFunction | None,
        architecture: str | None,
        runtime: str | None,
    ) -> None:
        self.walk = walk
        self.places = Places(walk.last.workdir)
        self.not_carried: list[NotCarried] = []
        self.remarks: list[str] = []
        self.own_base: str | None = None
        self.snapstart: str | None = None
        self._function = function or DeclaredFunction()
        self.base = self._runtime(runtime)
        self.architecture = self._architecture_of((function.architecture if function else None) or architecture)
        self.program = self._started()

    def _runtime(self, given: str | None) -> BaseImage:
        walk = self.walk
        bottom = walk.subject.resolved.stages[walk.subject.resolved.lineage(walk.final)[-1]]
        start, note = bottom.stage.start, walk.note(bottom.stage.start)
        image = bottom.image
        known = lambda_base(image, walk.mirror) if image else None
        asked = base_image(given) if given is not None else None
        name = _guess(image or bottom.stage.origin)
        guessed = base_image(name) if name is not None else None
        if known is not None and known.base is not None:
            base = known.base
        elif asked is not None and (guessed is None or guessed.family == asked.family):
            base = asked
        elif guessed is not None:
            base = guessed
        elif known is not None and known.retired is not None:
            newer = successor(known.retired)
            raise SpecError(
                f'"{image}" is the base image of {known.retired.runtime}, which is retired since {known.retired.deprecated_on}',
                f"{walk.subject.path}:{start.line}",
                f"name the runtime, for example {newer}, and check the code and its locks with it",
            )
        else:
            tagless = " without a tag that names one" if known is not None else ""
            raise SpecError(
                f'the runtime cannot be seen from the base image "{image or bottom.stage.origin}"{tagless}',
                f"{walk.subject.path}:{start.line}",
                f"name the runtime, for example {successor(base_image('python3.13'))}",
            )
        note.carried.append("runtime")
        if asked is not None and asked.runtime != base.runtime:
            note.remarks.append(f"the base image is one of {base.runtime}, so the proposal is not for {asked.runtime}")
        if known is not None:
            self._known_base(start, known, base)
            return base
        if image and is_own_base(image):
            self.own_base = tagged(image)
            note.carried.append("base")
            if given is None:
                walk.left(
                    start,
                    f'it is unknown whether "{image}" is made from the base of {base.runtime} that AWS provides',
                    "look at its entrypoint, which must be /lambda-entrypoint.sh; if it is another, remove base from the spec",
                )
        else:
            walk.left(
                start,
                f'"{image or bottom.stage.origin}" is not a base that AWS provides: the proposal starts from the one of {base.runtime}',
                "check what the program expects of the old image: its packages, its C library, its paths",
            )
        return base

    def _known_base(self, start: Instruction, known: LambdaBase, base: BaseImage) -> None:
        note = self.walk.note(start)
        if known.reference.digest is not None:
            note.remarks.append("its digest belongs into optimizer.lock, where optimizer pin writes that of today")
        elif known.reference.tag != base.reference.tag and known.architecture is None:
            note.remarks.append(f'the tag becomes "{base.reference.tag}"')
        if known.retired is not None:
            self.walk.left(
                start,
                f"{known.retired.runtime} is retired since {known.retired.deprecated_on}: the proposal is for {base.runtime}",
                "check that the code and its locks work with it",
            )
        if base.status in ("deprecated", "retired"):
            note.remarks.append(f"{base.runtime} is {base.status} since {base.deprecated_on}; {successor(base)} is supported")

    def _architecture_of(self, given: str | None) -> str:
        """The architecture: as given, else that of the image's own base, of what its builds name, of the images that they run in."""
        walk = self.walk
        if given is not None and given not in ARCHITECTURES:
            meant = meant_architecture(given)
            message = f'unknown architecture "{given}"; allowed: {", ".join(ARCHITECTURES)}'
            raise SpecError(message, "Architectures", f'did you mean "{meant}"?' if meant else "write one of those")
        bottom = walk.subject.resolved.stages[walk.subject.resolved.lineage(walk.final)[-1]]
        chosen = given or _machine_of(bottom)
        if chosen is None:
            stages = [stage.resolved for index, stage in walk.stages.items() if index not in walk.lineage]
            images = [(item.stage.start, machine) for item in stages if (machine := _machine_of(item))]
            for told, what in ((walk.built_for, "builds for"), (images, "is an image for")):
                words = sorted({machine for _, machine in told})
                if len(words) == 1:
                    lines = ", ".join(str(line) for line in sorted({instruction.line for instruction, _ in told}))
                    self.remarks.append(f"the architecture is {words[0]}, because line {lines} {what} it")
                    return words[0]
                if words:
                    self.remarks.append(f"the builds are for {' and '.join(words)}: {DEFAULT_ARCHITECTURE}, Lambda's default, is taken")
                    return DEFAULT_ARCHITECTURE
            self.remarks.append(f"nothing sets the architecture: {DEFAULT_ARCHITECTURE} is Lambda's default")
        for instruction, machine in walk.built_for if chosen else ():
            if machine != chosen:
                walk.note(instruction).remarks.append(
                    f"it builds for {machine}, and the image is for {chosen}: the proposal builds for that"
                )
        return chosen or DEFAULT_ARCHITECTURE

    def _started(self) -> str:
        """The program of a ``provided`` runtime that the entrypoint starts, where it is now; empty when there is none."""
        entrypoints = [item for item, _ in self._lineage() if item.keyword == "ENTRYPOINT"]
        words = (entrypoints[-1].json or ()) if entrypoints else ()
        path = absolute(words[0], self.places.work) if len(words) == 1 else None
        return self.places.now(path) if path and self.base.family == "provided" else ""

    def _lineage(self) -> Iterable[tuple[Instruction, Sequence[str | None]]]:
        for item in self.walk.subject.final_stages:
            yield from zip(item.stage.instructions, item.expanded, strict=True)

    def environment(self) -> dict[str, str]:
        walk = self.walk
        result: dict[str, str] = {}
        homes = [
            entry.path
            for entry in walk.last.tree.entries
            if entry.draft is not None and entry.draft.kind in _FOUND_IN_TASK and entry.path not in SITE
        ]
        for instruction, values in self._lineage():
            if instruction.keyword != "ENV":
                continue
            pairs = list(zip(instruction.pairs(), values, strict=True))
            dropped: dict[str, list[str]] = {}
            for (name, raw, _), value in pairs:
                why = self._variable(instruction, name, raw or "", value, homes, result)
                if why:
                    dropped.setdefault(why, []).append(name)
            note, rest = walk.note(instruction), len(pairs) - sum(map(len, dropped.values()))
            for why, names in dropped.items():
                # Of an instruction with other variables, nothing else would show that these are gone.
                (note.remarks if rest else note.not_needed).append(why if len(pairs) == 1 else f"{', '.join(names)}: {why}")
        for index, stage in walk.stages.items():
            for instruction in stage.resolved.stage.instructions if index not in walk.lineage else ():
                if instruction.keyword == "ENV" and not walk.note(instruction).carried:
                    for name, _, _ in instruction.pairs():
                        if says_where_packages_are(name):
                            walk.left(instruction, f"{name} says where packages come from", "set index_url or registry of the step")
                    walk.note(instruction).not_needed.append("a variable of a build stage")
        return result

    def _variable(
        self, instruction: Instruction, name: str, raw: str, value: str | None, homes: Sequence[str], result: dict[str, str]
    ) -> str:
        """Take the variable over, or report it; where the image can do without it, why."""
        walk = self.walk
        note = walk.note(instruction)
        places = (*homes, *_ON_PATH) if name == "PATH" and homes else homes
        if name in _OF_PACKAGES and _only_in(value or raw, places) and not (name == "PATH" and _only_in(value or raw, _ON_PATH)):
            return f"the packages are in {TASK}, where the runtime finds them"
        if name == "PATH" and self.own_base is None and _only_in(value or raw, _ON_PATH):
            return "the base's own PATH has these directories"
        if says_where_packages_are(name):
            walk.left(instruction, f"{name} says where packages come from", "set index_url or registry of the step")
        elif is_of_installer(name):
            return "for installers, and none runs in the image"
        elif value is None:
            walk.left(
                instruction,
                f"the value of {name} depends on the base image, or on a build argument without a value",
                f'write the whole value into environment: {name} = "…"',
            )
        else:
            try:
                types.VARIABLES.read({name: self._moved_value(note.remarks, name, value)})
            except FieldFault as fault:
                walk.left(instruction, f"{name}: {fault.message}", fault.hint or "write it by hand")
                return ""
            result[name] = self._moved_value([], name, value)
            note.carried.append("environment")
        return ""

    def _moved_value(self, remarks: list[str], name: str, value: str) -> str:
        """A path in the old working directory, where it is now."""
        if self.places.moves and (value == self.places.work or is_below(value, self.places.work)):
            remarks.append(f"{name} is {self.places.now(value)} now")
            return self.places.now(value)
        return value

    def labels(self) -> dict[str, str]:
        """The labels of the image; what it promises about SnapStart is kept beside them."""
        walk = self.walk
        result: dict[str, str] = {}
        for instruction, values in self._lineage():
            if instruction.keyword != "LABEL":
                continue
            for (raw, _, _), value in zip(instruction.pairs(), values, strict=True):
                name = raw.strip("\"'")
                promise = snapstart.promise({name: value})
                if promise:
                    self.snapstart = promise
                    walk.note(instruction).carried.append("snapstart")
                    continue
                try:
                    if value is None:
                        raise FieldFault("its value depends on what only the build knows", "write the value into labels")
                    types.LABELS.read({name: value})
                except FieldFault as fault:
                    walk.left(instruction, f'label "{name}": {fault.message}', fault.hint or "write it by hand")
                    continue
                result[name] = value
                walk.note(instruction).carried.append("labels")
        return result

    def handler(self) -> str:
        walk = self.walk
        commands = [item for item, _ in self._lineage() if item.keyword == "CMD"]
        entrypoints = [item for item, _ in self._lineage() if item.keyword == "ENTRYPOINT"]
        for item in (*commands[:-1], *entrypoints[:-1]):
            walk.note(item).not_needed.append("a later one replaces it")
        program = self._entry(entrypoints[-1]) if entrypoints else False
        self._entry_of_function()
        said: str | None = None
        if self._function.command is None:
            self._not_carried("the handler is hidden by a function of the template", "write the handler beside the spec")
        elif len(self._function.command) > 1:
            self._not_carried(f"the function gives a command of several words: {' '.join(self._function.command)}", "name one handler")
        elif self._function.command:
            said = self._function.command[0]
            for item in commands[-1:]:
                walk.note(item).not_needed.append("the function gives a handler of its own")
        elif commands:
            said = self._commanded(commands[-1])
        if said is None and self.base.family in ("provided", "go"):
            if program or self._function.command == ():
                said = "bootstrap"
        elif said is None and self._function.command == () and not commands:
            self._not_carried("no handler is set: there is no CMD", "write the handler beside the spec")
        if said is not None and (fault := check_handler(self.base, said)) is not None:
            if commands and not self._function.command:
                walk.left(commands[-1], fault.message, fault.hint)
            else:
                self._not_carried(fault.message, fault.hint)
            return ""
        if said is not None and commands and not self._function.command:
            walk.note(commands[-1]).carried.append("handler")
        return said or ""

    def _not_carried(self, message: str, by_hand: str) -> None:
        self.not_carried.append(NotCarried(message, by_hand))

    def _commanded(self, command: Instruction) -> str | None:
        if command.json is not None and len(command.json) == 1:
            return command.json[0]
        if command.json is None:
            why = "CMD in the form of a shell line runs a shell in place of the handler"
        else:
            why = f"the base's entrypoint takes one word, not {len(command.json)}"
        self.walk.left(command, why, _START_A_SERVER if self._has_web_adapter() else "name the handler, which is the one word of CMD")
        return None

    def _has_web_adapter(self) -> bool:
        return any(
            isinstance(draft, ContentDraft) and draft.used and "lambda-adapter" in (draft.file or draft.origin)
            for draft in self.walk.drafts.values()
        )

    def _entry(self, entrypoint: Instruction) -> bool:
        """Whether the entrypoint is the program of a step."""
        walk = self.walk
        words = entrypoint.json if entrypoint.json is not None else tuple(entrypoint.arguments.split())
        if any(_RUNTIME_CLIENTS.search(word) for word in words):
            walk.note(entrypoint).not_needed.append("the base's own entrypoint starts the runtime client")
            return False
        path = absolute(words[0], self.places.work) if words else None
        if self.base.family == "provided" and words and path == f"{self.base.runtime_dir}/bootstrap" and len(words) == 1:
            program = any(entry.path == path for entry in walk.last.tree.entries if entry.draft is not None)
            if not program:
                walk.note(entrypoint).not_needed.append("the base's own entrypoint starts it")
                return True
        found = walk.last.tree.find(path, walk.kind) if path and len(words) == 1 else []
        for _, entry in reversed(found):
            if entry.draft is not None and entry.draft.used and entry.draft.kind in (steps.GoBuild, steps.RustBuild, steps.Command):
                walk.carry(entry.draft, [entrypoint])
                walk.note(entrypoint).remarks.append("the program is /var/runtime/bootstrap, which the base's own entrypoint starts")
                return True
        walk.left(
            entrypoint,
            f"the image keeps the base's own entrypoint, and not {' '.join(words)[:60]}",
            _START_A_SERVER
            if self._has_web_adapter()
            else "let the function's variable AWS_LAMBDA_EXEC_WRAPPER name a script that runs before the runtime, if one must",
        )
        return False

    def _entry_of_function(self) -> None:
        if self._function.entrypoint is None or (
            self._function.entrypoint and not any(_RUNTIME_CLIENTS.search(word) for word in self._function.entrypoint)
        ):
            self._not_carried("the function gives an entrypoint of its own", "the image keeps the base's: see AWS_LAMBDA_EXEC_WRAPPER")
        if self._function.workdir is None or self._function.workdir not in ("", TASK):
            self._not_carried(
                "the function gives a working directory of its own", f"the image keeps the base's, {TASK}: fix what relies on another"
            )

    def workdirs(self) -> None:
        walk = self.walk
        found = [item for item, _ in self._lineage() if item.keyword == "WORKDIR"]
        for item in found[:-1]:
            walk.note(item).not_needed.append("a later WORKDIR replaces it")
        for item in found[-1:]:
            if self.places.work == TASK:
                walk.note(item).not_needed.append(f"{TASK} is the base's own")
            else:
                instead = f"what was in {self.places.work} is in {TASK} now" if self.places.moves else f"it is {TASK}"
                walk.left(item, f"the working directory is the base's own: {instead}", f"fix what names {self.places.work} or relies on it")


def _machine_of(stage: ResolvedStage) -> str | None:
    """The architecture that FROM names, by its platform or its image."""
    found = architecture_of_platform(stage.platform or "") or architecture_of_platform(f"linux/{stage.platform}")
    return found.name if found else of_image(stage.image or "")


def _only_in(value: str, homes: Sequence[str]) -> bool:
    """Whether a list of paths names places of packages, and beside them only itself and the task root."""
    rest = [part for part in value.strip("\"'").split(":") if part not in ("$PATH", "${PATH}", "$PYTHONPATH", "${PYTHONPATH}", TASK, "")]
    places = [part.rstrip("/") for part in rest]
    return bool(rest) and all(any(part == home or is_below(part, home) for home in homes) for part in places)


def _guess(image: str) -> str | None:
    """The runtime that an image that AWS does not provide is for, by its name and its tag."""
    reference = image_reference(image)
    if reference is None:
        return None
    name = reference.repository.rpartition("/")[2]
    family = re.search(r"python|node(?:js)?|ruby|java|corretto|temurin|openjdk|dotnet|provided", f"{name}")
    version = re.match(r"(?:al)?\d+(?:\.\d+)?", reference.tag or "")
    if family is None or version is None:
        return "provided.al2023" if name in ("amazonlinux", "amazon-linux") else None
    word = {"node": "nodejs", "corretto": "java", "temurin": "java", "openjdk": "java"}.get(family[0], family[0])
    for runtime in runtimes():
        if runtime.startswith(word):
            rest = runtime[len(word) :].removesuffix(".x").strip(".")
            if rest in (version[0], version[0].partition(".")[0]):
                return runtime
    return None
