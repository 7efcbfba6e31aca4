"""Publishing an image with Node.js packages where no container engine is."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import NodeDependencies
from optimizer.errors import EngineError
from tests.adapters.host.node_projects import write_project
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import Fleet
from tests.publishing.test_publish import published


def test_packages_need_no_engine_as_long_as_none_of_their_scripts_has_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    write_project(root)
    with serving_pushes() as registry:
        fleet = Fleet(registry, root)
        fleet.add_base()
        packages = fleet.image(NodeDependencies("package-lock.json", scripts=False))
        with pytest.raises(EngineError, match="--no-host leaves it to an engine"):
            published(packages, engine=False, host=False)
        (result,) = published(packages, engine=False)
        assert (result.state, [layer.source for layer in result.layers]) == ("pushed", ["made"])
        scripted = fleet.image(NodeDependencies("package-lock.json"))
        with pytest.raises(
            EngineError, match=r"needs a container engine, because install scripts of @acme/tool may compile .* and scripts=False"
        ):
            published(scripted, engine=False)
