from __future__ import annotations

from optimizer.linting.conventions import Conventions
from optimizer.model.stability import Stability
from tests.linting.cases import TODAY, Case, on_base

TOLD = Conventions(
    today=TODAY,
    stabilities={"models/*": Stability.MONTHLY, "prices/*": Stability.ALWAYS, "app.py": Stability.DAILY, "src": Stability.DAILY},
)

CATCHES: list[Case] = [
    on_base(
        "COPY app.py ./\nCOPY models/a.onnx /opt/", 3, conventions=TOLD, says="this changes monthly, and line 2 before it changes daily"
    ),
    on_base("COPY ./src/ ./\nRUN true\nCOPY models/a.onnx models/b.onnx /opt/", 4, conventions=TOLD),
    on_base("COPY prices/today.csv /opt/\nCOPY app.py ./", 3, conventions=TOLD, says="changes at every deployment"),
]
PASSES: list[Case] = [
    on_base("COPY models/a.onnx /opt/\nCOPY app.py ./\nCOPY prices/today.csv ./", conventions=TOLD),
    on_base("COPY app.py ./\nCOPY models/a.onnx /opt/"),
    on_base("COPY app.py ./\nCOPY --link models/a.onnx /opt/", conventions=TOLD),
    on_base("COPY app.py ./\nCOPY other models/a.onnx /opt/", conventions=TOLD),
    on_base("COPY app.py ./\nCOPY --from=x models/a.onnx /opt/", conventions=TOLD),
]
