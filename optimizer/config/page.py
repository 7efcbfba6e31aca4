"""The reference page of configuration files, made from the keys themselves."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.config.files import CONVENTIONS, SETTINGS
from optimizer.config.keys import BUDGET_KEYS, SUPPRESSION_KEYS, Key, Shape, keys_of
from optimizer.linting.rule import Rule
from optimizer.report.table import markdown_table

_EXAMPLE = """\
extends = "acme_lambda:optimizer.toml"

[conventions]
fail_on = "error"
registries = ["public.ecr.aws/lambda"]
architectures = ["arm64"]
exclude = ["sandbox"]

[conventions.severities]
base-unpinned = "error"
LIO601 = "off"

[[conventions.suppressions]]
rules = ["user-set"]
path = "services/legacy"
reason = "the base team removes it in March"
until = 2027-03-31"""

_FIRST = """\
# Configuration

Conventions are in `optimizer.toml`, or in `[tool.optimizer]` of `pyproject.toml`, which has the same keys below that table; one directory
has one of the two. `optimizer schema --of configuration` prints the JSON Schema of `optimizer.toml`."""

_FILES = """\
## Which file applies

For each file that is checked it is the nearest one, from its directory upwards to the top of its version control, that has `[conventions]` or
`extends`. It takes nothing from those above it; what an organization wants everywhere belongs in a file that the others extend:

| `extends` | Is |
|---|---|
| `"../shared.toml"` | a path from the directory of this file, inside the project: the tree under version control, or without one the current directory |
| `"acme_lambda:optimizer.toml"` | the file of an installed package; the package is found, and not run, but for [rules](lint.md#rules-of-your-own) that the file names |

`optimizer lint --config FILE` takes one file for every path instead; with it a pipeline holds every team to the same file, whatever lies
nearer.

## Which value wins

The defaults, then the file at the end of the chain of `extends`, then each file down to the nearest, then the command line; the last one that
sets a key wins. Tables are merged key by key. `ignore` and `suppressions` add up, with `--ignore` too, and `budgets`, those of nearer files first. Patterns start at the directory of
the nearest file, also those of a file that is extended (with `--config`, at the current directory): `*` stands for any text, with `/` too, and
a pattern that fits a directory fits everything below it."""

_BUDGETS = """\
Of each limit the first budget counts that fits the construct and has it, so that exceptions stand first:

```toml
[[conventions.budgets]]
construct = "Shop/Recommend"
max_bytes = 250_000_000

[[conventions.budgets]]
max_bytes = 50_000_000
max_growth_percent = 20
```

Counted are a function's layers above the base. [`lint`](lint.md), `cdk synth` and [`report`](report.md) judge sizes by what is known before a build, `lint --image` those of a built image
([LIO672](rules/LIO672.md)); [`publish`](publish.md#budgets) judges what it is about to publish, growth too, and publishes nothing that exceeds a budget; `build` and `optimizer-docker` do the same but for growth."""

_SETTINGS = """\
They are at the top of the file, beside `extends`, and belong to the directory that a command runs in, not to the paths that it checks. The
CDK context (`optimizer:mirror` and so on) wins over them, and they win over a file that is extended; `root`, `lock` and `baseline` are not taken
from such a file. Of `tools` and `defaults` each value counts alone: a project that sets one keeps the others of the file that it extends. So there is one mirror and one
lock in a run, and conventions have no keys of their own for them. More about [baselines](lint.md#adopting-the-rules-in-an-old-estate),
[caches](ci.md) and [tools](tools.md#choosing-others)."""

_ROOT = """\
### The root

A specification names files from one directory, its root, and none outside of it. Without a setting it is the directory that a command runs in, which for an
app is that of its `cdk.json`. Where the app is in one directory and what its functions need in others beside it, the root is a directory that
holds all of them. Set it once, in `cdk.json`; `cdk synth` and every command take it from there:

```json
{"app": "python3 app.py", "context": {"optimizer:root": ".."}}
```

or as `root = ".."` in the `optimizer.toml` beside it. A relative path starts at the directory of that file. `--root` of a command wins over both; a test
of the app [gives it as context](unit-tests.md#where-the-project-is). The lock is looked for in the directory of `cdk.json` first and then in the root, so that
several apps of one repository can have one lock; `optimizer pin` makes a new one in the first of them."""

_DEFAULTS = """\
### Defaults of specifications

A company says once, best in the file that all teams extend, what its specifications have unless they say otherwise:

```toml
[defaults]
architecture = "arm64"
labels = { "acme.owner" = "platform" }

[defaults.python-dependencies]
index_url = "https://pypi.example.com/simple"
slim = ["tests"]

[defaults.node-dependencies]
registry = "https://npm.example.com"
```

These are all keys that it has, `slim` of `node-dependencies`, and `registry` of `node-build`. They hold for `*.image.toml` and for specifications in Python alike: in `plan`, `render`, `verify`, `pin`, and in
`cdk synth`. What a specification sets wins, also where it is what the field would have anyway: `architecture = "x86_64"`, or `slim = []` for packages as they are. Labels
count one by one. A step whose build secret names the index keeps that index. `optimizer.plan` takes them as `defaults=`, and has none by itself. Properties of
functions have [defaults of their own](conventions.md#what-a-company-can-set)."""


def configuration_page(rules: Sequence[Rule]) -> str:
    """Markdown: every key of a configuration file."""
    blocks = [
        _FIRST,
        f"```toml\n{_EXAMPLE}\n```",
        _FILES,
        "## `[conventions]`",
        markdown_table(("Key", "Is", "Default", "Meaning"), [_row(key) for key in keys_of(rules)]),
        "## `[[conventions.budgets]]`",
        _BUDGETS,
        markdown_table(("Key", "Meaning"), [(f"`{name}`", doc) for name, doc in BUDGET_KEYS.items()]),
        "## `[[conventions.suppressions]]`",
        "They have the effect of [those in Dockerfiles](lint.md#setting-findings-aside), and like them are findings when they are unused, in files that "
        "were checked, or expired.",
        markdown_table(("Key", "Meaning"), [(f"`{name}`", doc) for name, doc in SUPPRESSION_KEYS.items()]),
        "## Settings of the project",
        markdown_table(("Key", "In cdk.json", "Meaning"), [(f"`{name}`", f"`optimizer:{name}`", doc) for name, doc in SETTINGS.items()]),
        _SETTINGS,
        _ROOT,
        _DEFAULTS,
    ]
    return "\n\n".join(blocks) + "\n"


def _row(key: Key) -> tuple[str, ...]:
    kinds = {
        Shape.VALUE: key.type.name,
        Shape.LIST: f"list of {key.type.name}",
        Shape.ADDED_LIST: f"list of {key.type.name}, adds up",
        Shape.TABLE: f"table from {key.names.name if key.names else CONVENTIONS} to {key.type.name}",
        Shape.TABLES: "tables, add up",
        Shape.NEARER_TABLES: "tables, nearer ones first",
    }
    return (f"`{key.name}`", kinds[key.shape], key.default, key.doc)
