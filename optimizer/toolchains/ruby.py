"""Ruby gems by Bundler."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, CopyInputs, Input, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import RubyDependencies
from optimizer.toolchains.system import build_tools
from optimizer.toolchains.toolchain import StepContext, Target, beside, missing_file, normalise

_TASK = f"{TREE}/var/task"
# What Bundler leaves behind for itself: packed gems, logs of compilers that name random directories, repositories of git
# with times in their index.
_LEFTOVERS = (
    "vendor/bundle/ruby/*/cache",
    "vendor/bundle/ruby/*/extensions/**/{gem_make.out,mkmf.log}",
    "vendor/bundle/ruby/*/bundler/gems/*/.git",
)


class RubyToolchain:
    """``bundle install`` in a stage on the runtime's own base, as AWS documents it.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/ruby-image.html
    """

    families: tuple[str, ...] = ("ruby",)

    def images(self, step: RubyDependencies, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: RubyDependencies, context: StepContext) -> Iterable[Fault]:
        if posixpath.basename(step.lock) != "Gemfile.lock":
            yield Fault(
                f'"{step.lock}" is no lock file of a known tool; allowed: Gemfile.lock', "lock", "name the lock file itself, not Gemfile"
            )
            return
        yield from missing_file(context, step.lock, "lock", "the lock file", "create it with bundle lock")
        yield from missing_file(
            context, beside(step.lock, "Gemfile"), "lock", "Gemfile.lock needs its project file, and", "put it beside the lock file"
        )

    def installers(self, step: RubyDependencies, context: StepContext) -> Sequence[str]:
        return ("Bundler",)

    def stages(self, step: RubyDependencies, context: StepContext) -> Sequence[Stage]:
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Ruby gems of {step.lock}",
                stability=context.stability,
                origin=context.target.image,
                workdir=_TASK,
                needs_target="Bundler compiles and chooses gems for the platform that it runs on",
                actions=(
                    *build_tools(context.target.base, step.build_packages),
                    CopyInputs(
                        inputs=tuple(
                            Input(source=path, target=f"{_TASK}/", directory=False)
                            for path in sorted((beside(step.lock, "Gemfile"), step.lock))
                        )
                    ),
                    Run(
                        commands=(
                            ("bundle", "config", "set", "--local", "path", "vendor/bundle"),
                            ("bundle", "config", "set", "--local", "without", "development test"),
                            ("bundle", "config", "set", "--local", "frozen", "true"),
                            ("bundle", "install"),
                            ("ruby", "-rfileutils", "-e", "FileUtils.rm_rf(Dir.glob(ARGV))", *_LEFTOVERS),
                            normalise("ruby"),
                        ),
                        secrets=step.secrets,
                    ),
                ),
            )
        ]
