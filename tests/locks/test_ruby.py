"""What Gemfile.lock and Gemfile name."""

from __future__ import annotations

import pytest

from optimizer.locks.ruby import allows, parse_lock, path_gems, read_gemfile, supports
from tests.locks.project import Texts

LOCK = """\
GIT
  remote: https://example.com/discount.git
  revision: 0f1e
  branch: main
  specs:
    discount (1.0.0)
      rack (>= 2)

PATH
  remote: ../gems
  specs:
    money (1.0.0)
    stock (1.0.0)

GEM
  remote: https://rubygems.org/
  specs:
    rack (3.0.0)

PLATFORMS
  arm64-darwin-23
  x86_64-linux

DEPENDENCIES
  money!
"""


def test_sections_of_a_lock() -> None:
    lock = parse_lock(LOCK)
    assert [(source.kind, source.gems) for source in lock.sources] == [
        ("GIT", ("discount",)),
        ("PATH", ("money", "stock")),
        ("GEM", ("rack",)),
    ]
    assert lock.platforms == ("arm64-darwin-23", "x86_64-linux")
    assert [(item.path, item.name) for item in path_gems(lock, "fn/Gemfile.lock")] == [("gems", "money, stock")]


@pytest.mark.parametrize("text", ["", "GEM", "PATH\n  specs:\n", "<<<<<<< HEAD\nGEM\n=======\n"])
def test_a_damaged_lock_is_left_to_bundler(text: str) -> None:
    assert parse_lock(text).platforms == ()


@pytest.mark.parametrize(
    ("platforms", "machine", "expected"),
    [
        (("ruby",), "aarch64", True),
        (("x86_64-linux",), "x86_64", True),
        (("x86_64-linux-gnu",), "x86_64", True),
        (("x86_64-linux-musl",), "x86_64", False),
        (("x86_64-linux",), "aarch64", False),
        (("java", "arm64-darwin-23"), "x86_64", False),
        # "Your bundle only supports platforms []".
        ((), "x86_64", False),
    ],
)
def test_platforms(platforms: tuple[str, ...], machine: str, expected: bool) -> None:
    assert supports(platforms, machine) is expected


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        (["3.4.1"], True),
        (["3.3.5"], False),
        (["~> 3.3"], True),
        (["~> 3.3.0"], False),
        ([">= 3.2", "< 3.4"], False),
        ([">= 3.2", "< 4"], True),
        (["!= 3.4.1"], True),
        (["jruby"], True),
    ],
)
def test_a_version_of_ruby_meets_requirements_as_rubygems_reads_them(requirements: list[str], expected: bool) -> None:
    assert allows(requirements, "3.4") is expected


def test_files_that_a_gemfile_reads() -> None:
    files = {
        "fn/Gemfile": 'ruby file: ".ruby-version" # ruby "1.0"\neval_gemfile "../shared/Gemfile"\n',
        "fn/.ruby-version": "ruby-3.4.1\n",
        "shared/Gemfile": "ruby '~> 3.4', '>= 3.4.1'\neval_gemfile('more')\neval_gemfile 'gone'\n",
        "shared/more": "eval_gemfile 'more'\n",
    }
    found = read_gemfile(Texts(files), "fn/Gemfile")
    assert [item.path for item in found.files] == ["fn/.ruby-version", "shared/Gemfile", "shared/more", "shared/gone"]
    assert found.ruby == (("fn/.ruby-version", ("3.4.1",)), ("shared/Gemfile", ("~> 3.4", ">= 3.4.1")))
