from __future__ import annotations

from tests.linting.cases import DIGEST, PYTHON, Case, app, function, image

OTHER = PYTHON.replace(DIGEST, "sha256:" + "1" * 64)


def on(construct: str, base: str) -> object:
    return function(construct, dockerfile=image(f"FROM {base}", path=f"{construct}/Dockerfile"))


CATCHES: list[Case] = [
    app(on("A", PYTHON), on("B", PYTHON), on("C", OTHER), lines=(1,), says="with 2 digests in this app, here with sha256:111111111111..."),
]
PASSES: list[Case] = [
    app(on("A", PYTHON), on("B", PYTHON)),
    app(on("A", PYTHON), on("B", OTHER.replace("3.13", "3.12"))),
    # LIO102 says that it has none.
    app(on("A", PYTHON), on("B", PYTHON.partition("@")[0])),
]
