from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY app.py ./", 2, says="keep the times"),
    on_base("COPY app.py ./\nCOPY lib/ ./lib/\nADD x /opt/", 2, says="the same holds for 2 more"),
    on_base("ADD code.tar ./", 2, says="keep the times"),
    on_base("COPY code.tar /", 2, says="keep the times"),
    on_base("ADD code.tar readme.txt /", 2, says="keep the times"),
    on_base("COPY --from=build /out /var/task/", 2, says='the directories above "/var/task/"'),
    on_base("COPY --link --from=build /layer/ /\nCOPY --link --from=build /out ./lib", 3),
]
PASSES: list[Case] = [
    on_base("ADD --link layers/code.tar /"),
    on_base("WORKDIR /\nADD one.tgz two.tar.gz ./"),
    on_base("COPY --link --from=build /layer/ /"),
    on_base("ADD https://example.com/x /opt/"),
    on_base("COPY <<EOF /etc/x\ny\nEOF"),
    on_base("ARG D\nCOPY --from=build /out $D"),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY app.py ./\nFROM {PYTHON}"),
]
