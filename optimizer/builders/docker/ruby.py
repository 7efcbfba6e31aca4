"""Ruby gems by Bundler."""

from __future__ import annotations

import posixpath

from optimizer.builders.docker.actions import CopyInputs, Run, StageBody
from optimizer.builders.docker.system import build_tools
from optimizer.builders.docker.tree_scripts import normalise
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.ruby import RubyGems

# What Bundler leaves behind for itself: packed gems, logs of compilers that name random directories, repositories of git
# with times in their index.
_LEFTOVERS = (
    "vendor/bundle/ruby/*/cache",
    "vendor/bundle/ruby/*/extensions/**/{gem_make.out,mkmf.log}",
    "vendor/bundle/ruby/*/bundler/gems/*/.git",
)
# The gems at a path are layers of their own; the directories above them stay only where something else is in them.
_TAKE_OUT = "ARGV.each { |path| FileUtils.rm_rf(path); Dir.rmdir(path) while Dir.empty?(path = File.dirname(path)) }"


def ruby_gems(recipe: RubyGems, stage: Stage) -> StageBody:
    """One run of Bundler beside the Gemfile, in the tree itself."""
    gems = tuple(f"{TREE}{path}" for path in recipe.local_gems)
    return StageBody(
        workdir=posixpath.dirname(recipe.lock),
        actions=(
            *build_tools(recipe.build_packages),
            CopyInputs(inputs=recipe.copies),
            Run(
                commands=(
                    ("bundle", "config", "set", "--local", "path", "vendor/bundle"),
                    ("bundle", "config", "set", "--local", "without", "development test"),
                    ("bundle", "config", "set", "--local", "frozen", "true"),
                    ("bundle", "install"),
                    ("ruby", "-rfileutils", "-e", "FileUtils.rm_rf(Dir.glob(ARGV))", *_LEFTOVERS),
                    *((("ruby", "-rfileutils", "-e", _TAKE_OUT, *gems),) if gems else ()),
                    normalise("ruby"),
                ),
                secrets=recipe.secrets,
            ),
        ),
    )
