"""A SAM project of four functions, two of which share an image, and three a set of packages."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import forked
from tests.engine.example import ROOT

EVENT = {"host": "bücher.example"}
FILES = {
    "functions/requirements.txt": "idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n",
    "functions/orders/orders.py": """\
import idna


def create(event, context):
    return {"created": idna.encode(event["host"]).decode()}


def cancel(event, context):
    return {"cancelled": idna.encode(event["host"]).decode()}
""",
    "functions/reports/reports.py": """\
import idna


def handler(event, context):
    return {"length": len(idna.encode(event["host"]))}
""",
    "functions/plain/plain.py": 'def handler(event, context):\n    return {"plain": event["host"]}\n',
}
FUNCTIONS = {
    "Create": ("orders", "orders.create", {"created": "xn--bcher-kva.example"}),
    "Cancel": ("orders", "orders.cancel", {"cancelled": "xn--bcher-kva.example"}),
    "Report": ("reports", "reports.handler", {"length": 21}),
    "Plain": ("plain", "plain.handler", {"plain": "bücher.example"}),
}
"""The functions by name: specification, handler, and the answer to the event."""
_FUNCTION = """\
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      # Of a container, its beginning counts too.
      Timeout: 900
      ImageConfig:
        Command: [{handler}]
    Metadata:
      ImageSpec: functions/{spec}.image.toml
"""


@dataclass(frozen=True)
class SamProject:
    """A project whose base is pinned; names of functions end with ``suffix``, because SAM CLI names the engine's images by them."""

    directory: Path
    registry: str
    suffix: str

    @classmethod
    def write(cls, directory: Path, registry: str, suffix: str) -> SamProject:
        for path, text in FILES.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text, encoding="utf-8")
        for spec in ("orders", "reports", "plain"):
            steps = [f'{{ kind = "source-code", source = "functions/{spec}" }}']
            if spec != "plain":
                steps.insert(0, '{ kind = "python-dependencies", lock = "functions/requirements.txt" }')
            text = f'runtime = "python3.13"\narchitecture = "x86_64"\nsteps = [{", ".join(steps)}]\n'
            (directory / f"functions/{spec}.image.toml").write_text(text, encoding="utf-8")
        functions = "".join(
            _FUNCTION.format(name=name + suffix, handler=handler, spec=spec) for name, (spec, handler, _) in FUNCTIONS.items()
        )
        (directory / "template.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\nResources:\n{functions}", encoding="utf-8")
        (directory / "event.json").write_text(json.dumps(EVENT), encoding="utf-8")
        project = cls(directory, registry, suffix)
        project.optimizer("pin", "--mirror", registry, "--image", "python3.13")
        return project

    def optimizer(self, *arguments: str, path: str | None = None) -> str:
        """What the optimizer prints to standard output in the project; ``path`` is the PATH on which it finds programs."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **({"PATH": path} if path is not None else {})}
        result = forked.run("optimizer", *arguments, cwd=self.directory, env=environment)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def names(self) -> dict[str, Any]:
        """The functions by the names that they have in the template."""
        return {name + self.suffix: function for name, function in FUNCTIONS.items()}
