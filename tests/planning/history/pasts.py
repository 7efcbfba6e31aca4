"""Projects with a past: a repository, the images of its specifications, and what deployments did to them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from optimizer import ImageSpec, Lock
from optimizer.adapters.git.files import FilesAt, GitObjects
from optimizer.adapters.git.history import read_history
from optimizer.model.history import History
from optimizer.planning.document import KeptPlan
from optimizer.planning.history.observe import Observations, deployments_of, observe, uses_of
from optimizer.planning.history.subjects import Image
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from optimizer.toolchains.locked import read_releases
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))

PINNED = "a==1.0 --hash=sha256:" + "1" * 64 + "\n"


def requirements(**versions: str) -> str:
    """A requirements file with hashes."""
    return "".join(f"{name}=={version} --hash=sha256:{'1' * 64}\n" for name, version in sorted(versions.items()))


def images_of(root: Path, lock: Lock = LOCK) -> list[Image]:
    """The images of all specifications in the root of a project."""
    project = Project(root)
    found = []
    for path in sorted(root.glob("*.image.toml")):
        made = plan(ImageSpec.load(path), lock, project)
        found.append(Image(name=path.name, kept=KeptPlan(plan=made, keys=stage_keys(made, project), dockerfile=""), spec=path.name))
    return found


def past_of(root: Path, images: list[Image]) -> tuple[History, Observations]:
    """The history of a project, and what its deployments did."""
    history = read_history(root)
    with GitObjects(history.top) as objects:

        def files_at(commit: str) -> FilesAt:
            return FilesAt(objects, commit, history.inside_at(commit), root)

        read = {
            use: partial(lambda use, lock, files: read_releases(lock, files, use.runtime, use.architecture), use) for use in uses_of(images)
        }
        return history, observe(deployments_of(history), history, images, files_at, read)
