from __future__ import annotations

from tests.linting.cases import PYTHON, Case, app, function, image

TEXT = "idna==3.10\n"
COPY = f"FROM {PYTHON}\nCOPY requirements.txt ./\n"


def built(construct: str, body: str, text: str = TEXT) -> object:
    return function(construct, dockerfile=image(COPY + body, {"requirements.txt": text}, path=f"{construct}/Dockerfile"))


PLAIN = "RUN pip install -r requirements.txt\n"

CATCHES: list[Case] = [
    app(
        built("A", PLAIN),
        built("B", PLAIN),
        built("C", "RUN pip install --no-cache-dir -r requirements.txt\n"),
        lines=(3,),
        says='"A/Dockerfile" installs the same python dependencies with another command',
    ),
    app(built("A", PLAIN), built("B", PLAIN), built("C", "COPY a.txt ./\n" + PLAIN), lines=(4,), says="with other copies before it"),
]
PASSES: list[Case] = [
    app(built("A", PLAIN), built("B", PLAIN + "COPY app.py ./\n")),
    app(built("A", PLAIN), built("B", "RUN pip install --no-cache-dir -r requirements.txt\n", "idna==3.9\n")),
    app(built("A", PLAIN), function("B", dockerfile=image(COPY + "RUN pip install idna\n"))),
]
