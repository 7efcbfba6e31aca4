from __future__ import annotations

from tests.linting.cases import DIGEST, Case, on_base

CATCHES: list[Case] = [
    on_base("ADD https://example.com/a.tgz /opt/", 2, says="without a checksum"),
    on_base("ARG V=1\nADD a.txt HTTP://example.com/a-$V.tgz /opt/", 3),
    on_base("ADD https://github.com/a/b.git#main /src", 2, says="is fetched from a branch or a tag"),
    on_base("ADD git@github.com:a/b.git /src", 2),
]
PASSES: list[Case] = [
    on_base(f"ADD --checksum={DIGEST} https://example.com/a.tgz /opt/"),
    on_base("ADD a.tgz /opt/\nCOPY https://example.com /x"),
    on_base("ADD https://github.com/a/b.git#0123456789abcdef0123456789abcdef01234567 /src"),
    on_base("ADD git@github.com:a/b.git#0123456789abcdef0123456789abcdef01234567:dir /src"),
]
