"""Recipes of Ruby gems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer.model.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class RubyGems(Recipe):
    """The production gems of a lock, in ``/var/task/vendor/bundle``, by the Bundler of the base.

    The Gemfile and the lock stand beside them in the image, because Bundler
    reads both when the function starts.  ``lock`` is the absolute path of the
    lock in the stage.  ``local_gems`` are the absolute paths in the image
    of gems that are directories of the project: Bundler reads them, and they
    are layers of their own.
    """

    kind: ClassVar[str] = "ruby-gems"

    lock: str
    local_gems: tuple[str, ...] = ()
