from __future__ import annotations

from tests.linting.cases import Case, function, image
from tests.linting.snapstart import HIDDEN, on, restored

# Which bases need what: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
NODE = "public.ecr.aws/lambda/nodejs:24"
LABEL = "LABEL com.amazonaws.lambda.feature.snapstart="
HOOKS = 'LABEL lambda-image-optimizer.snapstart="hooks"'

CATCHES: list[Case] = [
    Case(restored(dockerfile=on(NODE)), (7,), 'SnapStart on the base "public.ecr.aws/lambda/nodejs:24" needs the label'),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/ruby:3.4")), (7,), "publishing a version fails"),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/provided:al2023")), (7,), "restore protocol"),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:3.11")), (7,), "python:3.11"),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/java:8.al2")), (7,), "java:8.al2"),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:3.7")), (7,), "python:3.7"),
    # Lambda knows one value of its label, and one label.
    Case(restored(dockerfile=on(NODE, f"{LABEL}allow")), (7,), "needs the label"),
    Case(restored(dockerfile=on(NODE, 'LABEL snapstart="Allow"')), (7,), "needs the label"),
    # The label of another stage is not that of the image.
    Case(restored(dockerfile=image(f"FROM {NODE} AS build\n{LABEL}Allow\nFROM {NODE}")), (7,), "needs the label"),
]
PASSES: list[Case] = [
    Case(restored(dockerfile=on(NODE, f"{LABEL}Allow"))),
    Case(restored(dockerfile=on(NODE, f'{LABEL}"Allow"'))),
    Case(restored(dockerfile=on(NODE, HOOKS))),
    Case(restored(dockerfile=image(f"FROM {NODE} AS build\n{LABEL}Allow\nFROM build"))),
    Case(restored(dockerfile=image(f"ARG MODE=Allow\nFROM {NODE}\nARG MODE=Allow\n{LABEL}$MODE", arguments={}))),
    *(
        Case(restored(dockerfile=on(f"public.ecr.aws/lambda/{name}")))
        for name in ("java:11", "java:25", "java:17.al2023", "python:3.12", "python:3.14", "dotnet:8", "dotnet:10")
    ),
    Case(function(dockerfile=on(NODE))),
    Case(function(dockerfile=on(NODE), properties={"SnapStart": {"ApplyOn": "None"}})),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:3.13", 'ENTRYPOINT ["/var/lang/bin/python", "-m", "awslambdaric"]'))),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:3.13", 'ENTRYPOINT ["/lambda-entrypoint.sh"]'))),
    # A client of one's own on a base that needs nothing: the page asks it for the label or the protocol too.
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:3.13", 'ENTRYPOINT ["/opt/client"]')), inconclusive=1),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:3.13"), entrypoint=("/opt/client",)), inconclusive=1),
    # What carries the label already, or has a client of its own, is unknown here.
    Case(restored(dockerfile=on("registry.example.com/house/node:24")), inconclusive=1),
    Case(restored(dockerfile=on("public.ecr.aws/lambda/python:latest")), inconclusive=1),
    Case(restored(dockerfile=image("ARG BASE\nFROM $BASE")), inconclusive=1),
    Case(restored(dockerfile=image(f"ARG MODE\nFROM {NODE}\nARG MODE\n{LABEL}$MODE")), inconclusive=1),
    Case(restored(unbuilt="the template does not build its image"), inconclusive=1),
    Case(function(dockerfile=on(NODE), properties=HIDDEN), inconclusive=1),
]
