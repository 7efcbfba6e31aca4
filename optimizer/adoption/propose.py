"""From what a walk has found to a spec, with an account of every instruction."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace

from optimizer.adoption import commands as acts
from optimizer.adoption.proposal import Account, Gap, Outcome, Proposal
from optimizer.adoption.tree import Draft, Entry, is_below
from optimizer.adoption.walk import COMPILED, TASK, Stage, Walk, is_house, script, tagged
from optimizer.bases.catalogue import BaseImage, base_image, runtimes, successor
from optimizer.bases.handlers import check_handler
from optimizer.bases.mirror import Mirror
from optimizer.bases.recognise import LambdaBase, image_reference, lambda_base
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import absolute
from optimizer.errors import DockerfileError, Fault, OptimizerError, SpecError
from optimizer.lint.copies import manifests
from optimizer.lint.installs import SYSTEM_TOOLS
from optimizer.lint.subjects import DockerfileSubject
from optimizer.model import fields as types
from optimizer.model import steps
from optimizer.model.fields import TARGET_ROOTS, FieldFault
from optimizer.model.plan import oci_architecture
from optimizer.model.spec import ImageSpec
from optimizer.toolchains import ProjectFiles, StepContext, Target, toolchain_of

_BUILD_TOOL = re.compile(
    r"(?:gcc\d*(?:-c\+\+)?|g\+\+|clang\d*|make|cmake3?|ninja-build|autoconf|automake|libtool|patch|git|python3?(?:\.\d+)?-devel|.+-devel)(?:-\d.*)?"
)
_NEEDLESS_TOOLS = frozenset(["binutils", "build-base", "build-essential", "ca-certificates", "curl", "findutils", "g++", "gcc", "git", "gzip", "make", "musl-dev", "musl-tools", "pkg-config", "tar", "unzip", "wget", "zip"])  # fmt: skip
_DATA = re.compile(
    r".*\.(?:bin|ckpt|crt|gguf|h5|joblib|keras|model|npy|npz|onnx|parquet|pb|pem|pickle|pkl|pt|pth|safetensors|tflite|db|sqlite)|(?:.*/)?(?:models?|weights)",
    re.IGNORECASE,
)
_INSTALLER_VARIABLES = re.compile(
    r"(?:PIP|PIPENV|POETRY|UV|NPM_CONFIG|npm_config|YARN|PNPM|DEBIAN|CARGO|GO|NUGET)_?[A-Za-z_]*|GOPATH|GOOS|GOARCH|CGO_ENABLED"
)
_RUNTIME_CLIENTS = re.compile(r"aws[-_]?lambda[-_]?ric|lambda-entrypoint\.sh|aws_lambda_ric")
_LONGEST = 120


def propose(
    subject: DockerfileSubject,
    *,
    directory: str,
    project: ProjectFiles,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    command: Sequence[str] | None = (),
    entrypoint: Sequence[str] | None = (),
    architecture: str | None = None,
    runtime: str | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Proposal:
    """A spec for the image of the Dockerfile.

    ``directory`` is the build context as the project sees it, ``.`` for the
    project itself.  ``command`` and ``entrypoint`` are what the function says
    in place of the image, None where that is hidden; ``secrets`` are the
    sources of build secrets by id, as ``docker build`` takes them.
    ``runtime`` names the runtime where the base does not tell it.

    Raises :class:`DockerfileError` for what is no Dockerfile, and
    :class:`SpecError` where no runtime can be told.
    """
    if subject.problems or subject.final is None:
        problems = subject.problems
        faults = [Fault(item.message, f"{subject.path}:{item.span.start}", item.hint) for item in problems]
        raise DockerfileError(
            faults or [Fault(f'no stage is named "{subject.target}"', subject.path, "name a stage of the file as target")]
        )
    walk = Walk(subject, directory, project, mirror, secrets)
    return _Finish(walk, command, entrypoint, architecture, runtime).proposal()


class _Finish:
    """Phase 3: the steps that make what stands in the last stage, and the accounts."""

    def __init__(
        self,
        walk: Walk,
        command: Sequence[str] | None,
        entrypoint: Sequence[str] | None,
        architecture: str | None,
        runtime: str | None,
    ) -> None:
        self._walk = walk
        self._command = command
        self._entrypoint = entrypoint
        self._gaps: list[Gap] = []
        self._remarks: list[str] = []
        self._house: str | None = None
        self._base = self._runtime(runtime)
        self._architecture = self._architecture_of(architecture)
        self._work = walk.last.workdir
        self._moves = self._work != "/" and not _allowed(self._work)
        self._steps: list[tuple[Draft, steps.Step]] = []
        self._program = self._started()

    def proposal(self) -> Proposal:
        """Everything together."""
        walk = self._walk
        self._entries()
        self._system_packages()
        self._compiled_inputs()
        environment = self._environment()
        labels = self._labels()
        handler = self._handler()
        self._workdirs()
        self._stages()
        self._build()
        used = [draft for draft, _ in self._steps]
        self._steps.sort(key=lambda item: (min((path.line for path in item[0].via), default=0), used.index(item[0])))
        self._name()
        titles = {id(draft): step.title for draft, step in self._steps}
        spec = ImageSpec(
            runtime=self._base.runtime,
            architecture=self._architecture,
            steps=[step for _, step in self._steps],
            environment=tuple(environment.items()),
            labels=tuple(labels.items()),
            base=self._house,
            allow=(self._base.runtime,) if self._base.status in ("preview", "retired") else (),
        )
        return Proposal(
            dockerfile=walk.subject.path,
            spec=spec,
            handler=handler,
            lines=tuple(tuple(sorted({path.line for path in draft.via})) for draft, _ in self._steps),
            accounts=tuple(self._account(instruction, titles) for instruction in walk.subject.dockerfile.instructions),
            gaps=tuple(self._gaps),
            remarks=tuple(self._remarks),
        )

    # The base

    def _runtime(self, given: str | None) -> BaseImage:
        walk = self._walk
        bottom = walk.subject.resolved.stages[walk.subject.resolved.lineage(walk.final)[-1]]
        start, note = bottom.stage.start, walk.note(bottom.stage.start)
        image = bottom.image
        known = lambda_base(image, walk.mirror) if image else None
        if given is not None:
            base = base_image(given)
        elif known is not None and known.base is not None:
            base = known.base
        elif (name := _guess(image or bottom.stage.origin)) is not None:
            base = base_image(name)
        else:
            raise SpecError(
                f'no runtime can be told from the base image "{image or bottom.stage.origin}"',
                f"{walk.subject.path}:{start.line}",
                f"name the runtime, for example {successor(base_image('python3.13'))}",
            )
        note.carried.append("runtime")
        if known is not None:
            self._known_base(start, known, base)
            return base
        if image and is_house(image):
            self._house = tagged(image)
            note.carried.append("base")
            if given is None:
                walk.left(
                    start,
                    f'nothing here tells whether "{image}" is made from the base of {base.runtime} that AWS provides',
                    "look at its entrypoint, which must be /lambda-entrypoint.sh; if it is another, take base out of the spec",
                )
        else:
            walk.left(
                start,
                f'"{image or bottom.stage.origin}" is no base that AWS provides: the proposal stands on the one of {base.runtime}',
                "check what the program expects of the old image: its packages, its C library, its paths",
            )
        return base

    def _known_base(self, start: Instruction, known: LambdaBase, base: BaseImage) -> None:
        note = self._walk.note(start)
        if known.base is not None and known.base.runtime != base.runtime:
            note.remarks.append(f"{base.runtime} in place of {known.base.runtime}")
        if known.reference.digest is not None:
            note.remarks.append("its digest belongs into optimizer.lock, where optimizer pin writes that of today")
        elif known.reference.tag != base.reference.tag and known.architecture is None:
            note.remarks.append(f'the tag becomes "{base.reference.tag}"')
        if base.status == "deprecated":
            note.remarks.append(f"{base.runtime} is deprecated since {base.deprecated_on}; {successor(base)} is supported")

    def _architecture_of(self, given: str | None) -> str:
        if given is not None:
            return given
        bottom = self._walk.subject.resolved.stages[self._walk.subject.resolved.lineage(self._walk.final)[-1]]
        known = lambda_base(bottom.image, self._walk.mirror) if bottom.image else None
        if known is not None and known.architecture is not None:
            return known.architecture
        word = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}.get(bottom.platform or "")
        if word is None:
            self._remarks.append("nothing says the architecture: x86_64 is Lambda's default")
        return word or "x86_64"

    # What stands in the image

    def _place(self, path: str) -> str:
        """Where a path of the old image is now: the old working directory becomes the task root."""
        if self._moves and (path == self._work or is_below(path, self._work)):
            return posixpath.normpath(posixpath.join(TASK, posixpath.relpath(path, self._work)))
        return path

    def _entries(self) -> None:
        walk = self._walk
        sources: list[Entry] = []
        for entry in walk.last.tree.entries:
            if entry.draft is None:
                sources.append(entry)
                continue
            draft = entry.draft
            if draft.kind is steps.Command and not self._output(draft, entry):
                continue
            draft.used = True
            walk.carry(draft, entry.via)
        for stage in walk.stages.values():
            if stage.command is not None and stage.command.used:
                self._command_step(stage)
        self._sources(sources)

    def _output(self, draft: Draft, entry: Entry) -> bool:
        path, exact = self._place(entry.path), entry.exact
        if self._program and self._program in (path, posixpath.join(path, posixpath.basename(entry.origin))):
            path, exact = "/var/runtime/bootstrap", True
        if entry.origin == "/layer/" and path == "/":
            # What stands in /layer already is what a command step keeps.
            draft.values.setdefault("outputs", [])
            return True
        if not _allowed(path):
            self._outside(entry, path)
            return False
        draft.values.setdefault("outputs", []).append((entry.origin, path, exact))
        return True

    def _started(self) -> str:
        """The program of a ``provided`` runtime that the entrypoint starts, where it is now; empty when there is none."""
        entrypoints = [item for item, _ in self._lineage() if item.keyword == "ENTRYPOINT"]
        words = (entrypoints[-1].json or ()) if entrypoints else ()
        path = absolute(words[0], self._work) if len(words) == 1 else None
        return self._place(path) if path and self._base.family == "provided" else ""

    def _outside(self, entry: Entry, path: str) -> None:
        self._walk.left(
            entry.via[-1],
            f'"{path}" is outside of {", ".join(TARGET_ROOTS)}, where steps may put files',
            f"put the files under {TASK} or /opt, and mend what reads them",
        )

    def _command_step(self, stage: Stage) -> None:
        walk, draft = self._walk, stage.command
        assert draft is not None
        run, inputs, environment, secrets = script(walk, stage)
        for origin, path, exact in draft.values.pop("outputs"):
            run.append(_keeping(origin, path, exact))
        for name in [name for name, value in stage.variables.items() if value is None and name == "TARGETARCH"]:
            environment[name] = oci_architecture(self._architecture)
        image = stage.resolved.image or ""
        own = lambda_base(image, walk.mirror)
        draft.values = {
            "name": _slug(f"command-{stage.resolved.stage.name or 'build'}"),
            "run": tuple(map(tuple, run)),
            "inputs": tuple(inputs),
            "environment": tuple(sorted(environment.items())),
            "image": None if own is not None and own.base == self._base else tagged(image),
            "secrets": tuple(secrets),
        }
        for instruction, _ in stage.instructions:
            note = walk.note(instruction)
            if instruction.keyword in ("ADD", "COPY"):
                walk.carry(draft, [instruction])
            elif instruction.keyword in ("RUN", "ENV", "ARG", "WORKDIR", "SHELL"):
                walk.carry(draft, [instruction])
                # The commands run as they are written; what is wrong with them is no loss.
                note.remarks += [gap.message for gap in note.gaps]
                note.gaps.clear()
                note.needless.clear()
        walk.carry(draft, [stage.resolved.stage.start])

    def _sources(self, entries: Sequence[Entry]) -> None:
        """Steps for the files of the project that stand in the image."""
        walk = self._walk
        directories = [entry for entry in entries if entry.directory]
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            assert entry.source is not None
            path = self._place(entry.path)
            reader = self._reader(entry.source)
            above = next((other for other in directories if other is not entry and _covers(other, entry)), None)
            if above is not None:
                walk.carry(self._directory(above), entry.via)
            elif not entry.directory and reader is not None:
                # The step reads it where it is; nothing of it belongs into the image.
                walk.carry(reader, entry.via)
            elif not _allowed(path):
                self._outside(entry, path)
            elif entry.directory:
                walk.carry(self._directory(entry), entry.via)
            elif self._single(entry, path):
                continue
            else:
                key = (posixpath.dirname(entry.source) or ".", posixpath.dirname(path))
                groups.setdefault(key, []).append(entry)
        for (source, target), found in groups.items():
            self._group(source, target, found)

    def _reader(self, source: str) -> Draft | None:
        """The step that reads the file to know what to install, so that the image need not have it."""
        name = posixpath.basename(source)
        for draft in self._walk.drafts.values():
            ecosystem = _ECOSYSTEMS.get(draft.kind)
            lock = str(draft.values.get("lock"))
            if not draft.used or ecosystem is None or posixpath.dirname(source) != posixpath.dirname(lock):
                continue
            # Node.js reads package.json at run time too.
            if name == posixpath.basename(lock) or (
                name != "package.json" and any(fnmatch.fnmatchcase(name, pattern) for pattern in manifests(ecosystem))
            ):
                return draft
        return None

    def _directory(self, entry: Entry) -> Draft:
        walk = self._walk
        assert entry.source is not None
        path = self._place(entry.path)
        key = ("directory", entry.source, path, entry.exclude)
        if key in walk.drafts:
            return walk.drafts[key]
        code = path == TASK or (is_below(path, TASK) and not _DATA.fullmatch(entry.source))
        layered = path == "/opt" and walk.kind(posixpath.join(entry.source, "extensions")) == "directory"
        if layered and not entry.exclude:
            draft = walk.draft(key, steps.Extension, {"source": entry.source})
        else:
            values: dict[str, object] = {"source": entry.source, "exclude": self._excluded(entry)}
            if path != TASK or not code:
                values["to"] = f"{path}/"
            draft = walk.draft(key, steps.SourceCode if code else steps.Files, values)
        draft.used = True
        if code:
            self._left_out(entry, draft)
        return draft

    def _excluded(self, entry: Entry) -> tuple[str, ...]:
        """The patterns, and the Dockerfile itself, which no function reads."""
        assert entry.source is not None
        patterns = list(dict.fromkeys(entry.exclude))
        if any(pattern == "*" for pattern in patterns):
            return tuple(patterns)
        context = self._walk.directory
        if entry.source == context and self._walk.kind(posixpath.normpath(posixpath.join(context, "Dockerfile"))) == "file":
            patterns = [pattern for pattern in patterns if pattern not in ("Dockerfile", ".dockerignore", "*.image.toml")]
            patterns += ["Dockerfile", ".dockerignore", "*.image.toml"]
        return tuple(patterns)

    def _left_out(self, entry: Entry, draft: Draft) -> None:
        """What a step of code leaves out by default, where the tree has it and the Dockerfile took it."""
        walk = self._walk
        assert entry.source is not None
        for name in (".env", "node_modules"):
            path = posixpath.normpath(posixpath.join(entry.source, name))
            if walk.kind(path) is None or name in [pattern.removeprefix("**/").rstrip("/") for pattern in entry.exclude]:
                continue
            if name == "node_modules" and not any(item.kind is steps.NodeDependencies for item in walk.drafts.values()):
                walk.left(
                    entry.via[-1],
                    f'"{path}" is copied from the machine that builds',
                    "add a node-dependencies step with the lock file of the packages",
                )
            elif name == ".env":
                walk.note(entry.via[-1]).remarks.append(f'"{path}" is left out; exclude = ["!**/.env"] takes it back')

    def _single(self, entry: Entry, path: str) -> bool:
        """A step of its own for a file that is an extension, data, or gets another name; False for code."""
        walk = self._walk
        assert entry.source is not None
        name, base = posixpath.basename(path), posixpath.basename(entry.source)
        key = ("file", entry.source, path)
        if posixpath.dirname(path) == "/opt/extensions" and (name == base or re.fullmatch(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*", name)):
            values: dict[str, object] = {"source": entry.source}
            if name != base:
                values["name"] = name
            draft = walk.draft(key, steps.Extension, values)
        elif name != base or not (is_below(path, TASK)) or _DATA.fullmatch(entry.source):
            draft = walk.draft(key, steps.Files, {"source": entry.source, "to": path if name != base else f"{posixpath.dirname(path)}/"})
        else:
            return False
        draft.used = True
        walk.carry(draft, entry.via)
        return True

    def _group(self, source: str, target: str, found: Sequence[Entry]) -> None:
        """One step for the files of one directory that land in one directory."""
        walk = self._walk
        values: dict[str, object] = {}
        if len(found) == 1:
            values["source"] = found[0].source
        else:
            names = sorted({posixpath.basename(entry.source or "") for entry in found})
            values = {"source": source, "exclude": ("*", *(f"!{_escaped(name)}" for name in names))}
        if target != TASK:
            values["to"] = f"{target}/"
        draft = walk.draft(("group", source, target), steps.SourceCode, values)
        draft.used = True
        for entry in found:
            walk.carry(draft, entry.via)

    # Packages, inputs of builds

    def _system_packages(self) -> None:
        walk = self._walk
        for index, stage in walk.stages.items():
            final = index in walk.lineage
            if stage.command is not None and stage.command.used:
                continue
            makers = [draft for draft in stage.drafts if draft.used and draft.kind in _TAKES_PACKAGES]
            if final:
                makers = [draft for draft in walk.last.drafts if draft.used and draft.kind in _TAKES_PACKAGES]
            own = lambda_base(stage.resolved.image or "", walk.mirror) is not None or (final and self._house is not None)
            for instruction, tool, packages in stage.packages:
                self._installed(instruction, tool, packages, makers, final=final, own=own, compiles=_compiles(stage))

    def _installed(
        self,
        instruction: Instruction,
        tool: str,
        packages: Sequence[str],
        makers: Sequence[Draft],
        *,
        final: bool,
        own: bool,
        compiles: bool,
    ) -> None:
        walk = self._walk
        fit = [name for name in packages if _is_package(name)]
        for name in packages:
            if name not in fit:
                walk.left(instruction, f'"{name}" is no name of a package', "install what it stands for by name, in a system-packages step")
        if not own or tool not in ("dnf", "microdnf", "yum"):
            if final:
                names = " ".join(fit)
                walk.left(
                    instruction, f"{tool} installs {names}", "find the packages of Amazon Linux, and name them in a system-packages step"
                )
            elif makers and not compiles:
                walk.left(
                    instruction,
                    f"{tool} installs {' '.join(fit)} for the build",
                    "find the packages of Amazon Linux, and name them in build_packages of the step, if it still needs them",
                )
            elif compiles and (rest := [name for name in fit if name not in _NEEDLESS_TOOLS]):
                walk.left(
                    instruction, f"{tool} installs {' '.join(rest)} for the build", "name an image that has them as builder of the step"
                )
            else:
                walk.note(instruction).needless.append("the step's builder has what it needs")
            return
        tools = [name for name in fit if _BUILD_TOOL.fullmatch(name)] if final else fit
        if makers:
            for draft in makers:
                draft.values["build_packages"] = tuple(sorted({*draft.values.get("build_packages", ()), *tools}))
                if tools:
                    walk.carry(draft, [instruction])
            if tools and final:
                walk.note(instruction).remarks.append(f"{', '.join(tools)}: for the build alone, no more in the image")
        kept = [name for name in fit if not makers or name not in tools] if final else []
        if kept:
            draft = walk.draft("system-packages", steps.SystemPackages, {"packages": ()})
            draft.values["packages"] = tuple(sorted({*draft.values["packages"], *kept}))
            draft.used = True
            walk.carry(draft, [instruction])
        elif not makers:
            walk.note(instruction).needless.append("tools of a build stage")

    def _compiled_inputs(self) -> None:
        """Files that a build reads, but that lie outside of what its step reads."""
        walk = self._walk
        for stage in walk.stages.values():
            if stage.command is not None and stage.command.used:
                continue
            for draft in stage.drafts:
                if not draft.used or draft.kind not in COMPILED:
                    continue
                source = str(draft.values["source"])
                for instruction, entry in stage.copied:
                    assert entry.source is not None
                    if source != "." and entry.source != source and not is_below(entry.source, source):
                        walk.left(
                            instruction,
                            f'"{entry.source}" is outside of "{source}", which the step builds',
                            "move it below, or name a source that holds both",
                        )

    # The rest of the spec

    def _lineage(self) -> Iterable[tuple[Instruction, Sequence[str | None]]]:
        for item in self._walk.subject.final_stages:
            yield from zip(item.stage.instructions, item.expanded, strict=True)

    def _environment(self) -> dict[str, str]:
        walk = self._walk
        result: dict[str, str] = {}
        homes = [
            entry.path
            for entry in walk.last.tree.entries
            if entry.draft is not None and entry.draft.kind is steps.PythonDependencies and entry.path not in acts.SITE
        ]
        for instruction, values in self._lineage():
            if instruction.keyword != "ENV":
                continue
            for (name, raw, _), value in zip(instruction.pairs(), values, strict=True):
                self._variable(instruction, name, raw or "", value, homes, result)
        for index, stage in walk.stages.items():
            for instruction in stage.resolved.stage.instructions if index not in walk.lineage else ():
                if instruction.keyword == "ENV" and not walk.note(instruction).carried:
                    for name, _, _ in instruction.pairs():
                        if re.search(r"INDEX_URL|REGISTRY|GOPROXY|GOPRIVATE", name, re.IGNORECASE):
                            walk.left(instruction, f"{name} says where packages come from", "set index_url or registry of the step")
                    walk.note(instruction).needless.append("a variable of a build stage")
        return result

    def _variable(
        self, instruction: Instruction, name: str, raw: str, value: str | None, homes: Sequence[str], result: dict[str, str]
    ) -> None:
        walk = self._walk
        note = walk.note(instruction)
        if name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") and any(home in (value or raw) for home in homes):
            note.needless.append(f"the packages are in {TASK}, where Python finds them")
        elif re.search(r"INDEX_URL|REGISTRY", name, re.IGNORECASE):
            walk.left(instruction, f"{name} says where packages come from", "set index_url or registry of the step")
        elif _INSTALLER_VARIABLES.fullmatch(name):
            note.needless.append("it concerns installers, and none runs in the image")
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
                return
            result[name] = self._moved_value([], name, value)
            note.carried.append("environment")

    def _moved_value(self, remarks: list[str], name: str, value: str) -> str:
        """A path in the old working directory, where it is now."""
        if self._moves and (value == self._work or is_below(value, self._work)):
            remarks.append(f"{name} is {self._place(value)} now")
            return self._place(value)
        return value

    def _labels(self) -> dict[str, str]:
        walk = self._walk
        result: dict[str, str] = {}
        for instruction, values in self._lineage():
            if instruction.keyword != "LABEL":
                continue
            for (raw, _, _), value in zip(instruction.pairs(), values, strict=True):
                name = raw.strip("\"'")
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

    def _handler(self) -> str:
        walk = self._walk
        commands = [item for item, _ in self._lineage() if item.keyword == "CMD"]
        entrypoints = [item for item, _ in self._lineage() if item.keyword == "ENTRYPOINT"]
        for item in (*commands[:-1], *entrypoints[:-1]):
            walk.note(item).needless.append("a later one takes its place")
        program = self._entry(entrypoints[-1]) if entrypoints else False
        self._entry_of_function()
        said: str | None = None
        if self._command is None:
            self._gap("the handler is hidden by a function of the template", "write the handler beside the spec")
        elif len(self._command) > 1:
            self._gap(f"the function gives a command of several words: {' '.join(self._command)}", "name one handler")
        elif self._command:
            said = self._command[0]
            for item in commands[-1:]:
                walk.note(item).needless.append("the function gives a handler of its own")
        elif commands:
            said = self._commanded(commands[-1])
        if said is None and self._base.family in ("provided", "go"):
            if program or self._command == ():
                said = "bootstrap"
        elif said is None and self._command == () and not commands:
            self._gap("nothing says the handler: there is no CMD", "write the handler beside the spec")
        if said is not None and (fault := check_handler(self._base, said)) is not None:
            if commands and not self._command:
                walk.left(commands[-1], fault.message, fault.hint)
            else:
                self._gap(fault.message, fault.hint)
            return ""
        if said is not None and commands and not self._command:
            walk.note(commands[-1]).carried.append("handler")
        return said or ""

    def _gap(self, message: str, by_hand: str) -> None:
        self._gaps.append(Gap(message, by_hand))

    def _commanded(self, command: Instruction) -> str | None:
        if command.json is not None and len(command.json) == 1:
            return command.json[0]
        if command.json is None:
            why = "CMD in the form of a shell line runs a shell in place of the handler"
        else:
            why = f"the base's entrypoint takes one word, and not {len(command.json)}"
        self._walk.left(command, why, "name the handler, which is the one word of CMD")
        return None

    def _entry(self, entrypoint: Instruction) -> bool:
        """Whether the entrypoint is the program of a step."""
        walk = self._walk
        words = entrypoint.json if entrypoint.json is not None else tuple(entrypoint.arguments.split())
        if any(_RUNTIME_CLIENTS.search(word) for word in words):
            walk.note(entrypoint).needless.append("the base's own entrypoint starts the runtime client")
            return False
        path = absolute(words[0], self._work) if words else None
        found = walk.last.tree.find(path, walk.kind) if path and len(words) == 1 else []
        for _, entry in reversed(found):
            if entry.draft is not None and entry.draft.used and entry.draft.kind in (steps.GoBuild, steps.RustBuild, steps.Command):
                walk.carry(entry.draft, [entrypoint])
                walk.note(entrypoint).remarks.append("the program is /var/runtime/bootstrap, which the base's own entrypoint starts")
                return True
        walk.left(
            entrypoint,
            f"the image keeps the base's own entrypoint, and not {' '.join(words)[:60]}",
            "let the function's variable AWS_LAMBDA_EXEC_WRAPPER name a script that runs before the runtime, if one must",
        )
        return False

    def _entry_of_function(self) -> None:
        if self._entrypoint is None or (self._entrypoint and not any(_RUNTIME_CLIENTS.search(word) for word in self._entrypoint)):
            self._gap("the function gives an entrypoint of its own", "the image keeps the base's: see AWS_LAMBDA_EXEC_WRAPPER")

    def _workdirs(self) -> None:
        walk = self._walk
        found = [item for item, _ in self._lineage() if item.keyword == "WORKDIR"]
        for item in found[:-1]:
            walk.note(item).needless.append("a later WORKDIR takes its place")
        for item in found[-1:]:
            if self._work == TASK:
                walk.note(item).needless.append(f"{TASK} is the base's own")
            else:
                instead = f"what stood in {self._work} stands in {TASK} now" if self._moves else f"it is {TASK}"
                walk.left(item, f"the working directory is the base's own: {instead}", f"mend what names {self._work} or relies on it")

    def _stages(self) -> None:
        """What is still to be said of stages."""
        walk = self._walk
        for index, stage in walk.stages.items():
            start = stage.resolved.stage.start
            makers = list(dict.fromkeys(draft for draft in stage.drafts if draft.used))
            if index not in walk.lineage:
                note = walk.note(start)
                if not note.carried:
                    built = any(draft.kind in COMPILED for draft in makers)
                    note.needless.append(
                        "the step has a builder of its own; its field builder names another"
                        if built
                        else "a build stage: steps have their own"
                    )
            elif stage.resolved.parent is not None:
                walk.note(start).needless.append("a stage of the image: steps have their own")
            own = {id(item) for item in stage.resolved.stage.instructions}
            contributes = makers or any(id(item) in own for entry in walk.last.tree.entries for item in entry.via)
            if stage.command is not None and stage.command.used:
                continue
            for instruction, what in stage.opaque:
                if contributes and index not in walk.lineage:
                    walk.left(
                        instruction,
                        f"{what}, and no step runs it",
                        "do its work before the build and commit it, or write a command step in place of the one that stands on it",
                    )

    # Steps

    def _build(self) -> None:
        walk = self._walk
        for draft in walk.drafts.values():
            if not draft.used:
                continue
            step, faults = self._step(draft)
            if step is None:
                for instruction in draft.via:
                    for message, hint in faults:
                        walk.left(instruction, message, hint or "mend it, and run init again")
            else:
                self._steps.append((draft, step))

    def _step(self, draft: Draft) -> tuple[steps.Step | None, list[tuple[str, str]]]:
        """The step of the draft, or what is wrong with it."""
        faults: list[tuple[str, str]] = []
        known = {item.name: item.metadata["type"] for item in fields(draft.kind)}
        for name, value in draft.values.items():
            try:
                known[name].read(value)
            except FieldFault as fault:
                faults.append((fault.message, fault.hint))
        if faults:
            return None, faults
        step = draft.kind(**draft.values)
        toolchain = toolchain_of(step)
        base = self._base
        if toolchain.families and base.family not in toolchain.families:
            return None, [(f"a step of {step.kind} does not work with {base.runtime}", f"use a runtime of {', '.join(toolchain.families)}")]
        target = Target(base=base, image=base.reference, architecture=self._architecture)
        context = StepContext(name=step.title, stability=step.default_stability, target=target, project=self._walk.project)
        try:
            found = list(toolchain.check(step, context))
            if not found:
                toolchain.stages(step, context)
        except OptimizerError as error:
            found = list(error.faults)
        return (step, []) if not found else (None, [(fault.message, fault.hint) for fault in found])

    def _name(self) -> None:
        """Give steps of one derived name their own."""
        taken: set[str] = set()
        for position, (draft, step) in enumerate(self._steps):
            name = step.title
            if name in taken or name in ("base", "build-base", "scratch"):
                path = str(draft.values.get("source") or draft.values.get("lock") or draft.values.get("image") or "")
                name = _slug(f"{step.kind}-{path}")
                number = 2
                while name in taken:
                    name, number = f"{_slug(f'{step.kind}-{path}')}-{number}", number + 1
                step = draft.kind(**{**draft.values, "name": name})
                self._steps[position] = (draft, step)
            taken.add(name)

    # Accounts

    def _account(self, instruction: Instruction, titles: Mapping[int, str]) -> Account:
        walk = self._walk
        note = walk.notes.get(id(instruction))
        text = " ".join(instruction.source.text.split())
        account = Account(
            line=instruction.line,
            end_line=instruction.span.end.line,
            text=text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…",
            outcome=Outcome.NEEDLESS,
        )
        if note is None:
            in_stage = next((s for s in walk.subject.resolved.stages if instruction in (s.stage.start, *s.stage.instructions)), None)
            why = f"{in_stage.stage.title} is no part of the image" if in_stage else "its value stands where it is used"
            return replace(account, remarks=(why,))
        names = [item if isinstance(item, str) else titles.get(id(item), "") for item in note.carried]
        into = tuple(dict.fromkeys(name for name in names if name))
        remarks = tuple(dict.fromkeys(note.remarks))
        if note.gaps:
            return replace(account, outcome=Outcome.LEFT, into=into, remarks=remarks, gaps=tuple(note.gaps))
        if into:
            return replace(account, outcome=Outcome.CARRIED, into=into, remarks=remarks)
        if note.needless:
            return replace(account, remarks=tuple(dict.fromkeys(note.needless)))
        if not self._of_image(instruction):
            return replace(account, remarks=("nothing that the image takes from its stage needs it",))
        gap = Gap("no step takes it over", "look whether the image needs it, and write a step for it")
        return replace(account, outcome=Outcome.LEFT, gaps=(gap,))

    def _of_image(self, instruction: Instruction) -> bool:
        return any(item is instruction for stage in self._walk.subject.final_stages for item in stage.stage.instructions)


_ECOSYSTEMS: dict[type[steps.Step], str] = {
    steps.PythonDependencies: "python",
    steps.NodeDependencies: "nodejs",
    steps.RubyDependencies: "ruby",
}
_TAKES_PACKAGES = tuple(_ECOSYSTEMS)


def _compiles(stage: Stage) -> bool:
    return any(draft.used and draft.kind in COMPILED for draft in stage.drafts)


def _allowed(path: str) -> bool:
    return any(path == root or is_below(path, root) for root in TARGET_ROOTS)


def _is_package(name: str) -> bool:
    try:
        types.PACKAGE.read(name)
    except FieldFault:
        return False
    return not name.endswith(".rpm") and name not in SYSTEM_TOOLS


def _covers(directory: Entry, entry: Entry) -> bool:
    """Whether a directory that is copied brings the entry too, to the same place."""
    if directory.source is None or entry.source is None or directory.source == entry.source:
        return False
    inside = entry.source if directory.source == "." else posixpath.relpath(entry.source, directory.source)
    if inside.startswith("../") or (directory.source != "." and not is_below(entry.source, directory.source)):
        return False
    return not directory.exclude and posixpath.join(directory.path, inside) == entry.path


def _guess(image: str) -> str | None:
    """The runtime that an image of another house is for, by its name and its tag."""
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


def _keeping(origin: str, path: str, exact: bool) -> list[str]:
    """The command that puts what a stage has made into the layer."""
    target = f"/layer{path}"
    if any(character in origin for character in "*?["):
        above, name = posixpath.split(origin)
        return ["sh", "-c", f"mkdir -p {shlex.quote(target)} && cp -R {shlex.quote(above)}/{name} {shlex.quote(target)}/"]
    if origin.endswith("/"):
        return ["sh", "-c", f"mkdir -p {shlex.quote(target)} && cp -R {shlex.quote(origin)}. {shlex.quote(target)}/"]
    file = 'mkdir -p "$2" && cp "$0" "$1"' if exact else 'mkdir -p "$1" && cp "$0" "$1/"'
    script = f'if [ -d "$0" ]; then mkdir -p "$1" && cp -R "$0/." "$1/"; else {file}; fi'
    return ["sh", "-c", script, origin, target, *([posixpath.dirname(target)] if exact else [])]


def _escaped(name: str) -> str:
    return re.sub(r"([*?\[\\])", r"\\\1", name)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
