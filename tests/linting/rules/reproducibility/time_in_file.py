from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("RUN date > /built", 2, says="the time of the build"),
    on_base("RUN make && date -u +%FT%TZ >> /var/task/built", 2),
    on_base('RUN echo "built $(date)" > /built', 2),
    on_base("RUN echo `date -Iseconds` | tee /built", 2),
    on_base('RUN sed -i "s/@DATE@/$(date)/" app.py', 2),
    on_base("RUN <<EOF\nset -e\ndate > /built\nEOF", 4),
]
PASSES: list[Case] = [
    on_base("RUN date"),
    on_base('RUN echo "started at $(date)" && make > /dev/null && make > log'),
    on_base("RUN date >&2 && date > /dev/null"),
    on_base("RUN date -d @499162500 > /built"),
    on_base("RUN dnf update -y > /log && ./update > /log && echo date-of-build > x"),
    on_base("RUN cat update > x"),
    on_base("COPY <<EOF /built\ndate > x\nEOF"),
]
