"""SAM CLI builds and runs the functions of a template that ``cdk synth`` made."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

from tests.engine.cdk_app import CdkApp
from tests.engine.example import inspected
from tests.engine.sam_cli import SamCli
from tests.engine.sam_project import EVENT, FILES
from tests.patience import PATIENCE_S

APP = """\
import aws_cdk as cdk

from optimizer import ImageSpec, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction

app = cdk.App()
stack = cdk.Stack(app, "Shop")
steps = [PythonDependencies("functions/requirements.txt"), SourceCode("functions/orders")]
orders = ImageSpec(runtime="python3.13", architecture="x86_64", steps=steps)
# Of a container, its beginning counts too.
timeout = cdk.Duration.minutes(15)
OptimizedFunction(stack, "Create{suffix}", spec=orders, handler="orders.create", timeout=timeout)
OptimizedFunction(stack, "Cancel{suffix}", spec=orders, handler="orders.cancel", timeout=timeout)
app.synth()
"""


def test_the_template_of_cdk_synth_is_built_and_invoked(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "a template that `cdk synth` made works with `sam build` and `sam local invoke`"."""
    suffix = uuid.uuid4().hex[:8]
    project = tmp_path / "app"
    for path, text in FILES.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    app = CdkApp.write(project, APP.format(suffix=suffix), registry, control_plane)
    app.succeed(sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--image", "python3.13")
    app.succeed("cdk", "synth", "--quiet", *app.options)
    (project / "event.json").write_text(json.dumps(EVENT), encoding="utf-8")
    resources = json.loads((project / "cdk.out/Shop.template.json").read_text(encoding="utf-8"))["Resources"]
    functions = [name.lower() for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Function"]
    try:
        sam = SamCli(project, {})
        sam.succeed("build", "--use-buildkit", "--template", "cdk.out/Shop.template.json")
        for name, key in ((f"Create{suffix}", "created"), (f"Cancel{suffix}", "cancelled")):
            said = sam.succeed("local", "invoke", name, "--event", "event.json")
            assert json.loads(said.strip().splitlines()[-1]) == {key: "xn--bcher-kva.example"}
        # SAM CLI builds each function, the second one of cached stages alone.
        first, second = (inspected(f"{name}:latest")[0] for name in functions)
        assert first == second
    finally:
        tags = [f"{name}:{tag}" for name in functions for tag in ("latest", "rapid-x86_64")]
        subprocess.run(["docker", "image", "rm", "--force", *tags], capture_output=True, check=False, timeout=PATIENCE_S)
