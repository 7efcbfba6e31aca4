from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN curl -LsSf https://example.com/install.sh | sh", 2, says='"https://example.com/install.sh" is fetched'),
    on_base("RUN wget -O /x.tgz https://example.com/x-${V}.tgz && tar xf /x.tgz", 2),
    on_base("RUN bash -c 'curl -o /x https://example.com/x'", 2),
    # What is fetched stands in a variable.
    on_base('RUN curl -sSL "$ARCHIVE_URL" -o x.zip', 2, says='"$ARCHIVE_URL" is fetched without a checksum'),
    on_base("ARG URL=https://example.com/x\nRUN wget -q ${URL}", 3, says='"${URL}" is fetched'),
    on_base("RUN curl --fail --output /x $URL", 2, says='"$URL"'),
    on_base("RUN git clone --depth 1 https://example.com/x.git", 2, says="git clone fetches"),
    dockerfile(f"FROM debian AS build\nRUN curl -O https://example.com/x\nFROM {PYTHON}\nCOPY --from=build /x /", 2),
]
PASSES: list[Case] = [
    on_base('RUN curl -o /x https://example.com/x && echo "00  /x" | sha256sum -c -'),
    on_base("RUN curl -o /x https://example.com/x && gpg --verify /x.sig /x"),
    on_base("RUN curl -f http://localhost:8080/ping && curl -X POST https://example.com/hook && curl -I https://example.com"),
    on_base(f"RUN git clone https://example.com/x.git && git -C x checkout {'0' * 40}"),
    on_base("RUN git clone https://example.com/x.git && cd x && git checkout $COMMIT"),
    on_base("RUN dnf install -y curl wget git"),
    on_base("RUN curl -o $FILE -H $HEADER --max-time $SECONDS http://localhost && wget --version"),
    on_base('RUN curl -o /x "$URL" && echo "00  /x" | sha256sum -c -'),
]
