from __future__ import annotations

from optimizer.model.template import SamBuilder
from tests.linting.cases import PYTHON, Case, dockerfile

CATCHES: list[Case] = [
    dockerfile(f"FROM {PYTHON} AS runtime\nFROM python AS test\nRUN pytest", 2, says='stage "runtime" is based on a Lambda base'),
    dockerfile(f"FROM {PYTHON} AS runtime\nFROM {PYTHON} AS debug", 2, target="runtime", says='stage "debug" comes after it'),
    dockerfile(f"FROM {PYTHON} AS runtime", 0, target="runtim", says="no stage has this name"),
]
PASSES: list[Case] = [
    dockerfile(f"FROM python AS test\nFROM {PYTHON} AS runtime"),
    dockerfile(f"FROM {PYTHON} AS runtime", target="RUNTIME"),
    # SAM CLI passes the target of its own Metadata on.
    dockerfile(f"FROM {PYTHON} AS runtime\nFROM {PYTHON} AS debug", target="runtime", sam=SamBuilder.CLASSIC),
    dockerfile(f"FROM {PYTHON} AS layer\nFROM scratch\nCOPY --from=layer /a /b"),
    dockerfile(f"ARG B\nFROM {PYTHON} AS one\nFROM $B", inconclusive=1),
    dockerfile("ARG B\nFROM $B"),
]
