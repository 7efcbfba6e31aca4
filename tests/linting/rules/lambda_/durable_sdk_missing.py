from __future__ import annotations

from typing import Any

from tests.linting.cases import DIGEST, PYTHON, Case, function, image

NODE = f"public.ecr.aws/lambda/nodejs:22@{DIGEST}"
DURABLE = {"DurableConfig": {"ExecutionTimeout": 3600}}
SDK = 'name = "aws-durable-execution-sdk-python"\n'
OTHER = 'name = "aws-durable-execution-sdk-python-testing"\n'
HASH = "--hash=sha256:" + "1" * 64


def of(text: str, files: dict[str, str], base: str = PYTHON, properties: Any = DURABLE) -> Any:
    return function(properties=properties, dockerfile=image(f"FROM {base}\n{text}", files))


# Steps of a durable function from an image: https://docs.aws.amazon.com/lambda/latest/dg/durable-supported-runtimes.html
MISSING = "no lock file of its image names aws-durable-execution-sdk-python"
CATCHES: list[Case] = [
    Case(of("COPY uv.lock pyproject.toml ./", {"uv.lock": OTHER}), (0,), MISSING),
    Case(of("COPY requirements.txt ./", {"requirements.txt": f"idna==3.10 {HASH}\n"}), (0,), MISSING),
    Case(
        of("RUN --mount=type=bind,source=app/deps.txt,target=/src/deps.txt true", {"app/deps.txt": f"idna==3.10 {HASH}\n"}), (0,), MISSING
    ),
    Case(of("COPY requirements.txt notes.txt ./", {"requirements.txt": f"idna==3.10 {HASH}", "notes.txt": "read me"}), (0,), MISSING),
    Case(of("COPY . .", {"poetry.lock": "", "app.py": ""}), (0,), MISSING),
    Case(of("COPY package*.json package-lock.json ./", {"package-lock.json": "{}"}, NODE), (0,), "names @aws/durable-execution-sdk-js"),
]
PASSES: list[Case] = [
    Case(of("COPY uv.lock ./", {"uv.lock": SDK + OTHER})),
    Case(of("COPY requirements.txt ./", {"requirements.txt": "AWS_Durable.Execution-SDK-Python[x]>=1\n"})),
    Case(of("COPY pnpm-lock.yaml ./", {"pnpm-lock.yaml": "'@aws/durable-execution-sdk-js@1.0.0':"}, NODE)),
    Case(of("COPY package-lock.json ./", {"package-lock.json": '"node_modules/@aws/durable-execution-sdk-js": {}'}, NODE)),
    Case(
        of(
            "COPY requirements.txt ./",
            {"requirements.txt": f"https://example.com/aws_durable_execution_sdk_python-1.0-py3-none-any.whl {HASH}"},
        )
    ),
    # What such requirements need may bring it, also beside others.
    Case(
        of(
            "COPY requirements.txt requirements-more.txt ./",
            {"requirements.txt": f"idna==3.10 {HASH}", "requirements-more.txt": "house-sdk==1.0"},
        ),
        inconclusive=1,
    ),
    Case(of("COPY requirements.txt ./", {"requirements.txt": "house-sdk==1.0\n"}), inconclusive=1),
    # A bundle may hold it.
    Case(of("COPY dist/index.mjs ./", {"dist/index.mjs": ""}, NODE), inconclusive=1),
    Case(of("COPY uv.lock ./", {}), inconclusive=1),
    Case(of("COPY uv.lock ./", {"uv.lock": ""}, "example.com/house:1"), inconclusive=1),
    Case(of("COPY pom.xml ./", {"pom.xml": ""}, f"public.ecr.aws/lambda/java:21@{DIGEST}"), inconclusive=1),
    Case(of("COPY uv.lock ./", {"uv.lock": ""}, properties={})),
    Case(function(properties=DURABLE)),
]
