"""The programs that stages bring themselves, each in one version."""

from __future__ import annotations

from optimizer.model.recipes.recipe import Tool

UV = Tool(
    name="uv",
    version="0.13.9",
    # Those of its wheels for Linux with the GNU C library, for builders of both architectures.
    hashes=(
        "sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
        "sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
        "sha256:ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
)
POETRY = Tool(name="poetry", version="2.5.1")
POETRY_EXPORT = Tool(name="poetry-plugin-export", version="1.10.1")
PIPENV = Tool(name="pipenv", version="2026.10.3")
PNPM = Tool(name="pnpm", version="10.34.9")
YARN = Tool(name="@yarnpkg/cli-dist", version="4.18.1")
YARN_CLASSIC = Tool(name="yarn", version="1.22.22")
