from __future__ import annotations

from tests.linting.cases import PYTHON, Case, app, function, image

FILES = {"app.py": "def get(): ...", "lib/x.py": "x", "Dockerfile.get": "1", "Dockerfile.put": "2"}


def with_command(construct: str, command: str, files: dict[str, str] = FILES, body: str = "COPY . .", **known: object) -> object:
    return function(
        construct, dockerfile=image(f'FROM {PYTHON}\n{body}\nCMD ["{command}"]', files, path=f"Dockerfile.{construct}", **known)
    )


CATCHES: list[Case] = [
    app(
        with_command("Get", "app.get"),
        with_command("Put", "app.put"),
        lines=(3,),
        says='from that of "Dockerfile.Get" in its command only',
    ),
    # In an app, each has a copy of the context.
    app(with_command("Get", "app.get"), with_command("Put", "app.put", {**FILES, "Dockerfile.put": "3"}), lines=(3,)),
]
PASSES: list[Case] = [
    app(with_command("Get", "app.get"), with_command("Put", "app.get")),
    app(with_command("Get", "app.get"), with_command("Put", "app.put", {**FILES, "app.py": "other"})),
    app(with_command("Get", "app.get"), with_command("Put", "app.put", {**FILES, "lib/y.py": "y"})),
    app(with_command("Get", "app.get"), with_command("Put", "app.put", body="COPY app.py .")),
    app(with_command("Get", "app.get"), with_command("Put", "app.put", platform="linux/arm64")),
    app(
        with_command("Get", "app.get", body="ARG A\nENV A=$A", arguments={"A": "1"}),
        with_command("Put", "app.put", body="ARG A\nENV A=$A", arguments={"A": "2"}),
    ),
]
