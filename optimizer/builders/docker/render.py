"""From a build plan to the text of a Dockerfile.

Equal plans give equal bytes.
"""

from __future__ import annotations

import enum
import json
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence

from optimizer.builders.docker.actions import PARTS, Action, AddArchive, ContextFile, CopyInputs, CopyTree, Run, Script, StageBody
from optimizer.builders.docker.checks import Check, checks
from optimizer.builders.docker.lower import stage_bodies
from optimizer.builders.docker.text import (
    command_text,
    comment,
    copies,
    is_plain_mount,
    pairs,
    quoted,
    secret_commands,
    secret_mount,
)
from optimizer.dockerfile.rendered import BASE, BUILD, HEADER, SCRIPTS
from optimizer.errors import PlanError
from optimizer.model.image import LAYERS_LABEL
from optimizer.model.inputs import Input
from optimizer.model.plan import TREE, BuildPlan, Stage, archive_path
from optimizer.model.reference import ImageReference


class Profile(enum.Enum):
    """Which builder the text is for.

    ``buildkit`` is every current engine's default builder.  ``classic`` does
    without mounts and networks of a run, for builders such as plain ``sam build``;
    it has no build secrets.
    """

    BUILDKIT = "buildkit"
    CLASSIC = "classic"


def context_scripts(plan: BuildPlan) -> Mapping[str, str]:
    """The scripts, and other texts of this tool, that the build context of a plan holds, by their paths in it."""
    bodies = [*stage_bodies(plan).values(), *(check.body for check in checks(plan).values())]
    files = {file.context_path: file.text for body in bodies for file in _files(body.actions)}
    return dict(sorted(files.items()))


def render(plan: BuildPlan, profile: Profile = Profile.BUILDKIT, entrypoint: Sequence[str] = ()) -> str:
    """The text of the Dockerfile of a plan; with an entry point of its own in place of the base's, where one is given.

    Raises :class:`PlanError` when the profile cannot express the plan.
    """
    if profile is Profile.CLASSIC and plan.secrets():
        names = ", ".join(secret.id for secret in plan.secrets())
        raise PlanError(f"the classic profile has no build secrets, and the spec uses {names}", "profile", 'use the profile "buildkit"')
    renderer = _Renderer(plan, profile, entrypoint=entrypoint)
    return _joined([HEADER, *renderer.blocks([stage.name for stage in plan.stages], image=True)])


def render_part(plan: BuildPlan, stages: Collection[str], *, image: bool) -> str:
    """The text of a Dockerfile of some stages, and of the image where it is wanted.

    What else they need is taken for named contexts of the build.  Whole trees
    are copied with ``--link``: the same layers, whatever is below them.  A
    builder that pushes what it has built need not even fetch what is below; one
    that puts the image into an engine has to, and gains nothing.
    """
    return _joined(_Renderer(plan, Profile.BUILDKIT, link=" --link").blocks(stages, image=image))


def render_trees(plan: BuildPlan, stages: Iterable[str], *, facts: bool = False) -> str:
    """The text of a Dockerfile whose image holds nothing but the trees of some stages, each in a directory of the stage's name.

    With ``facts``, for a base with Python, the file :data:`PYTHON_FACT` holds the exact version of that.
    """
    renderer = _Renderer(plan, Profile.BUILDKIT)
    blocks = renderer.blocks([stage.name for stage in plan.stages], image=False)
    copies = [f"COPY --from={name} {TREE}/ /{name}/" for name in stages]
    if facts:
        # The words of a run without a shell, of which the base need not have one.
        blocks.append(f'FROM --platform=$BUILDPLATFORM {plan.base} AS {_FACTS}\nRUN ["python", "-c", "{_TELL_PYTHON}"]')
        copies.append(f"COPY --from={_FACTS} /{PYTHON_FACT} /{PYTHON_FACT}")
    return _joined([HEADER, *blocks, "\n".join(["FROM scratch", *copies])])


PYTHON_FACT = "layer-facts/python"
"""A file of an archive of trees: the exact version of the base's Python."""

_FACTS = "layer-facts"
_TELL_PYTHON = f"import os, platform; os.makedirs('/layer-facts'); open('/{PYTHON_FACT}', 'w').write(platform.python_version())"


def needed_stages(plan: BuildPlan, stage: Stage | None) -> tuple[str, ...]:
    """The stages that a stage, or the image, starts from or copies trees from, in the order of use, without mere archives."""
    origin, trees = (plan.final, plan.layers) if stage is None else (stage.origin, stage.needs)
    names = [*([origin] if isinstance(origin, str) else []), *trees]
    return tuple(dict.fromkeys(name for name in names if not plan.stage(name).archive_alone))


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(blocks) + "\n"


class _Renderer:
    def __init__(self, plan: BuildPlan, profile: Profile, link: str = "", entrypoint: Sequence[str] = ()) -> None:
        self._plan = plan
        self._buildkit = profile is Profile.BUILDKIT
        self._link = link
        self._entrypoint = list(entrypoint)
        self._archives = {stage.name for stage in plan.stages if stage.archive_alone}
        self._bodies = stage_bodies(plan)
        self._checks = checks(plan)

    def blocks(self, names: Collection[str], *, image: bool) -> list[str]:
        stages = [stage for stage in self._plan.stages if stage.name in names and not stage.archive_alone]
        used = {self._image(stage) for stage in stages} | ({self._origin(self._plan.final)} if image else set())
        actions = [action for stage in stages for action in self._bodies[stage.name].actions]
        used |= {self._origin(action.origin) for action in actions if isinstance(action, CopyTree)}
        bases = self._bases(used)
        return [
            *([bases] if bases else []),
            *map(self.stage, stages),
            *([*map(self.check, self._checks.values()), self.final()] if image else []),
        ]

    def _bases(self, used: Collection[str]) -> str:
        lines = [f"FROM {self._plan.base} AS {BASE}"] if BASE in used else []
        if BUILD in used:
            lines += [
                *([""] if lines else []),
                "# The same image for the machine that builds: what does not depend on the platform is made without emulation.",
                f"FROM --platform=$BUILDPLATFORM {self._plan.base} AS {BUILD}",
            ]
        return "\n".join(lines)

    def stage(self, stage: Stage) -> str:
        lines = [f"# {_described(stage)}", f"FROM {self._image(stage)} AS {stage.name}"]
        return "\n".join([*lines, *self._instructions(self._bodies[stage.name], stage.name)])

    def check(self, check: Check) -> str:
        lines = [
            "# The same tree: no other layer of its lock holds one of its paths, or the build ends.",
            f"FROM {check.origin} AS {check.name}",
        ]
        return "\n".join([*lines, *self._instructions(check.body, check.name)])

    def _instructions(self, body: StageBody, name: str) -> list[str]:
        lines = [f"ARG {argument}={quoted(value)}" for argument, value in body.arguments]
        if body.workdir != "/":
            lines.append(f"WORKDIR {body.workdir}")
        copied: set[str] = set()
        for action in body.actions:
            if isinstance(action, CopyInputs):
                lines += copies(action.inputs)
            elif isinstance(action, AddArchive):
                lines.append(f"ADD {archive_path(name)} {TREE}/")
            elif isinstance(action, CopyTree):
                lines.append(self._copy_tree(action))
            else:
                if not self._buildkit:
                    # No earlier than they are needed: whatever a script changes, the installer stays in the engine's cache.
                    files = [file for file in _files([action]) if file.name not in copied]
                    copied |= {file.name for file in files}
                    lines += copies(Input(source=file.context_path, target=f"{SCRIPTS}/", directory=False) for file in files)
                    lines += [f"COPY --from={tree} {TREE}/ {PARTS}/{tree}/" for tree in action.trees]
                lines += self._run(action)
        return lines

    def final(self) -> str:
        plan = self._plan
        lines = ["# The image: the base and its layers, the most stable first.", f"FROM {self._origin(plan.final)}"]
        if plan.environment:
            lines.append(pairs("ENV", plan.environment))
        labels = (*plan.labels, *(((LAYERS_LABEL, " ".join(plan.layers)),) if plan.layers else ()))
        if labels:
            lines.append(pairs("LABEL", labels))
        for stage in map(plan.stage, plan.layers):
            if stage.archive_alone:
                lines += [f"# {_described(stage)}", f"ADD{self._link} {archive_path(stage.name)} /"]
            else:
                source = self._checks[stage.name].name if stage.name in self._checks else stage.name
                lines.append(f"COPY{self._link} --from={source} {TREE}/ /")
        if self._entrypoint:
            lines.append(f"ENTRYPOINT {json.dumps(self._entrypoint, ensure_ascii=False)}")
        return "\n".join(lines)

    def _copy_tree(self, action: CopyTree) -> str:
        if action.origin in self._archives:
            return f"ADD {archive_path(str(action.origin))} {action.target}"
        return f"COPY --from={self._origin(action.origin)} {action.source} {action.target}"

    def _portable(self, stage: Stage) -> bool:
        # The classic builder does not say which platform it runs on.
        return self._buildkit and stage.on_target is None

    def _image(self, stage: Stage) -> str:
        if not self._portable(stage) or isinstance(stage.origin, str):
            return self._origin(stage.origin)
        return BUILD if stage.origin == self._plan.base else f"--platform=$BUILDPLATFORM {stage.origin}"

    def _origin(self, origin: str | ImageReference) -> str:
        if origin == self._plan.base:
            return BASE
        return str(origin)

    def _run(self, run: Run) -> list[str]:
        mounted = [item for item in run.reads if self._buildkit and is_plain_mount(item)]
        before = copies(item for item in run.reads if item not in mounted)
        mounted += [Input(source=file.context_path, target=file.path, directory=False) for file in _files([run])]
        flags = self._flags(run, mounted) if self._buildkit else []
        commands = [command_text(command) for command in run.commands]
        if run.environment:
            variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in run.environment)
            commands.insert(0, f"export {variables}")
        commands = [*(command for secret in run.secrets for command in secret_commands(secret)), *commands]
        body = " && \\\n    ".join(commands)
        return [*before, "RUN " + " \\\n    ".join([*flags, body])]

    def _flags(self, run: Run, mounted: Iterable[Input]) -> list[str]:
        network = [] if run.network else ["--network=none"]
        mounts = [f"--mount=type=bind,source={item.source},target={item.target}" for item in mounted]
        mounts += [f"--mount=type=bind,from={tree},source={TREE},target={PARTS}/{tree}" for tree in run.trees]
        mounts += [f"--mount=type=cache,target={path}" for path in run.shared_caches]
        mounts += [f"--mount=type=cache,target={path},sharing=locked" for path in run.caches]
        return [*network, *mounts, *dict.fromkeys(map(secret_mount, run.secrets))]


def _files(actions: Iterable[Action]) -> list[ContextFile]:
    """The texts that actions read, scripts in the order of use, each once whatever its arguments."""
    runs = [action for action in actions if isinstance(action, Run)]
    scripts = [command for run in runs for command in run.commands if isinstance(command, Script)]
    return list({file.name: file for file in (*scripts, *(file for run in runs for file in run.files))}.values())


def _described(stage: Stage) -> str:
    return f"{comment(stage.title)}; {stage.stability.phrase}."
