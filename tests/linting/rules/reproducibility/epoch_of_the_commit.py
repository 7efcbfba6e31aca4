from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("RUN export SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct) && make", 2, says="is the time of the commit"),
    on_base('RUN SOURCE_DATE_EPOCH="$(date +%s)" make', 2, says="is the time of the build"),
    on_base("RUN <<EOF\nset -e\nSOURCE_DATE_EPOCH=`git show -s --format=%ct` make\nEOF", 4),
]
PASSES: list[Case] = [
    on_base("ENV SOURCE_DATE_EPOCH=499162500\nRUN make"),
    on_base("ARG SOURCE_DATE_EPOCH=0\nRUN make"),
    on_base("ARG SOURCE_DATE_EPOCH\nRUN make", inconclusive=1),
    on_base("ARG SOURCE_DATE_EPOCH\nRUN make", arguments={"SOURCE_DATE_EPOCH": "1"}),
    on_base("RUN SOURCE_DATE_EPOCH=$(date -d 1985-10-26 +%s) make && SOURCE_DATE_EPOCH=$(cat epoch) make"),
]
