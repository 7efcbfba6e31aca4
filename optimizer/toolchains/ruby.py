"""Ruby gems by Bundler."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.locks import ruby
from optimizer.locks.local import Local
from optimizer.model.architectures import BY_NAME
from optimizer.model.inputs import Input
from optimizer.model.plan import TREE, OnTarget, Stage
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.recipes.ruby import RubyGems
from optimizer.model.reference import ImageReference
from optimizer.model.steps import RubyDependencies
from optimizer.toolchains.content import CODE_CACHES
from optimizer.toolchains.system import git_package
from optimizer.toolchains.toolchain import Rank, StepContext, Target, beside, missing_file

_HOME = "/var/task"
_SYSTEM = re.compile(
    r"/(?:bin|boot|dev|etc|home|lib|lib64|local|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var$"
    r"|var/(?:cache|db|empty|lang|lib|local|lock|log|mail|opt|rapid|run|runtime|spool|telemetry|tmp))(?:/|$)"
)


class RubyToolchain:
    """``bundle install`` in a stage on the runtime's own base, as AWS documents it.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/ruby-image.html
    """

    families: tuple[str, ...] = ("ruby",)
    rank: int = Rank.RUBY_DEPENDENCIES
    sees_trees: bool = False

    def images(self, step: RubyDependencies, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: RubyDependencies, context: StepContext) -> Iterable[Fault]:
        if posixpath.basename(step.lock) != "Gemfile.lock":
            yield Fault(
                f'"{step.lock}" is not a supported lock file; allowed: Gemfile.lock', "lock", "set lock to Gemfile.lock, not to Gemfile"
            )
            return
        gemfile = beside(step.lock, "Gemfile")
        yield from missing_file(context, step.lock, "lock", "the lock file", "create it with bundle lock")
        yield from missing_file(context, gemfile, "lock", "Gemfile.lock needs its project file, and", "put it beside the lock file")
        if context.project.kind(step.lock) != "file" or context.project.kind(gemfile) != "file":
            return
        lock = _lock(step, context)
        machine = BY_NAME[context.target.architecture].machine
        if not ruby.supports(lock.platforms, machine):
            yield Fault(
                f'"{step.lock}" is locked for {", ".join(lock.platforms) or "no platform"}, but the image is for {machine}-linux',
                "lock",
                f"run: bundle lock --add-platform {machine}-linux",
            )
        version = context.target.base.runtime.removeprefix("ruby")
        for path, wanted in ruby.read_gemfile(context.project, gemfile).ruby:
            if not ruby.allows(wanted, version):
                yield Fault(
                    f'"{path}" requires Ruby {", ".join(wanted)}, but the runtime has {version}',
                    "lock",
                    f'choose a runtime of that version, or ask for "~> {version}.0"',
                )
        for source in lock.of("GIT"):
            if re.match(r"/|\.|file:", source.remote):
                yield Fault(
                    f'"{step.lock}" takes {", ".join(source.gems)} from the git repository "{source.remote}" of this machine',
                    "lock",
                    "use the URL of the repository, or the path of the gem in the project",
                )
        for item in (*ruby.path_gems(lock, step.lock), *ruby.read_gemfile(context.project, gemfile).files):
            yield from _place_faults(step, item)

    def local(self, step: RubyDependencies, context: StepContext) -> Iterable[Local]:
        yield from ruby.path_gems(_lock(step, context), step.lock)
        yield from ruby.read_gemfile(context.project, beside(step.lock, "Gemfile")).files

    def warnings(self, step: RubyDependencies, context: StepContext) -> Iterable[str]:
        lock = _lock(step, context)
        names = sorted(name for source in (*lock.of("PATH"), *lock.of("GIT")) for name in source.gems)
        if names:
            yield (
                f"gems at a path or from git are found by Bundler only ({', '.join(names)}): "
                'the handler must begin with require "bundler/setup"'
            )

    def installers(self, step: RubyDependencies, context: StepContext) -> Sequence[str]:
        return ("Bundler",)

    def stages(self, step: RubyDependencies, context: StepContext) -> Sequence[Stage]:
        lock = _lock(step, context)
        gems = sorted(set(ruby.path_gems(lock, step.lock)), key=lambda item: item.path)
        read = [item.path for item in ruby.read_gemfile(context.project, beside(step.lock, "Gemfile")).files]
        git = (git_package(context.target.base),) if lock.of("GIT") else ()
        files = sorted({beside(step.lock, "Gemfile"), step.lock, *read})
        dependencies = Stage(
            name=context.name,
            step=context.name,
            title=f"Ruby gems of {step.lock}",
            stability=context.stability,
            origin=context.target.image,
            on_target=OnTarget("Bundler compiles and chooses gems for the platform that it runs on"),
            recipe=RubyGems(
                lock=f"{TREE}{_HOME}/Gemfile.lock",
                local_gems=tuple(_place(step, item.path) for item in gems),
                build_packages=context.target.packages((*step.build_packages, *git)),
                copies=(
                    *(
                        Input(source=path, target=posixpath.join(f"{TREE}{posixpath.dirname(_place(step, path))}", ""), directory=False)
                        for path in files
                    ),
                    # A gemspec is a program that may read any file of its gem.
                    *(
                        Input(source=item.path, target=f"{TREE}{_place(step, item.path)}/", directory=True, exclude=CODE_CACHES)
                        for item in gems
                    ),
                ),
                secrets=step.secrets,
            ),
        )
        return [dependencies, *(_gem_stage(step, context, item) for item in gems)]


def _gem_stage(step: RubyDependencies, context: StepContext, item: Local) -> Stage:
    slug = re.sub(r"[^a-z0-9]+", "-", item.path.lower()).strip("-")
    return Stage(
        name=f"{context.name}-{slug}",
        step=context.name,
        title=f"Ruby gem {item.name} of {item.path}",
        stability=step.code_stability,
        origin=context.target.image,
        recipe=PackedFiles(files=Input(source=item.path, target=f"{_place(step, item.path)}/", directory=True, exclude=CODE_CACHES)),
    )


def _place_faults(step: RubyDependencies, item: Local) -> Iterable[Fault]:
    """Bundler looks at the paths of the Gemfile, relative to ``/var/task``; not every such place can be filled."""
    if item.outside:
        return
    place = _place(step, item.path)
    if place == _HOME:
        yield Fault(
            f'"{step.lock}" names the gem {item.name} in the Gemfile\'s own directory (gemspec)',
            "lock",
            'move the gem into a directory of its own, and name it in the Gemfile: gem "NAME", path: "DIRECTORY"',
        )
    elif _SYSTEM.match(place) or _up(step, item.path) > 2:
        yield Fault(
            f'"{step.lock}" names {item.title}, which would be "{place}" in the image, outside of "{_HOME}"',
            "lock",
            "move it below the directory of the Gemfile, or rename its directory",
        )


def _place(step: RubyDependencies, path: str) -> str:
    """Where a file or directory of the project stands in the image, with the Gemfile in ``/var/task``."""
    return posixpath.normpath(posixpath.join(_HOME, posixpath.relpath(path, posixpath.dirname(step.lock) or ".")))


def _up(step: RubyDependencies, path: str) -> int:
    return posixpath.relpath(path, posixpath.dirname(step.lock) or ".").split("/").count("..")


def _lock(step: RubyDependencies, context: StepContext) -> ruby.GemfileLock:
    return ruby.parse_lock(context.project.read_text(step.lock))
