"""``docs/moving.md``."""

from __future__ import annotations

import json
from pathlib import Path

from tests import pages

PAGE = pages.page("moving.md")
DOCKERFILE = """\
FROM public.ecr.aws/lambda/python:3.13
COPY . ${LAMBDA_TASK_ROOT}
RUN pip install -r requirements.txt
CMD ["app.handler"]
"""


def test_a_function_is_moved_and_the_baseline_shrinks(project: Path) -> None:
    """Requirement: "moving an old estate with baselines", with the output that the page shows."""
    for name in ("orders", "stock"):
        directory = project / "functions" / name
        directory.mkdir(parents=True)
        (directory / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        (directory / "app.py").write_text(f"def handler(event, context):\n    return '{name}'\n", encoding="utf-8")
        (directory / "requirements.txt").write_text("requests==2.32.3\n", encoding="utf-8")
    ids = []
    for part in PAGE.split("## ")[1:]:
        pages.follow(part if ids else PAGE.split("## ")[0] + part, project)
        template = project / "cdk.out" / "Shop.template.json"
        if template.exists():
            resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
            ids.append({name for name, item in resources.items() if item["Type"] == "AWS::Lambda::Function"})
    # Of the last step: "the logical id is the same".
    assert len(ids) > 1 and ids[0] == ids[-1] and len(ids[0]) == 2
