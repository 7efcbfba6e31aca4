from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.images import compare
from optimizer.images.compare import (
    COMPRESSOR,
    CONTENT,
    EQUAL,
    METADATA,
    Difference,
    SourceTimes,
    compare_entries,
    compare_layer,
    explained,
    verdict,
)
from optimizer.images.explain import explain_content
from optimizer.model.image import Entry, Image, Layer
from tests.images.test_analysis import image
from tests.images.test_overlay import entry

TREE = [entry("var"), entry("var/task"), entry("var/task/app.py", "code"), entry("var/task/data", "data")]


def changed(path: str, **fields: Any) -> list[Entry]:
    return [replace(item, **fields) if item.path == path else item for item in TREE]


def only(first: list[Entry], second: list[Entry], times: SourceTimes | None = None) -> Difference:
    (found,) = compare_entries(first, second, times)
    return found


def without(*paths: str) -> list[Entry]:
    return [item for item in TREE if item.path not in paths]


@pytest.mark.parametrize(
    ("path", "fields", "kind", "field", "hint"),
    [
        ("var/task/app.py", {"digest": "f" * 64}, CONTENT, "content", ""),
        ("var/task/app.py", {"kind": "symlink", "target": "x"}, CONTENT, "kind", ""),
        ("var/task/app.py", {"mode": 0o600}, METADATA, "mode", compare.MODE),
        ("var/task/app.py", {"uid": 1000}, METADATA, "owner", compare.OWNER),
        ("var/task/app.py", {"gid": 1000}, METADATA, "owner", compare.OWNER),
        ("var/task/app.py", {"attributes": (("user.a", "1"),)}, METADATA, "attributes", compare.ATTRIBUTES),
        ("var/task/app.py", {"mtime": 5.5}, METADATA, "mtime", compare.CLOCK),
        ("var/task", {"mtime": 5.0}, METADATA, "mtime", compare.PARENT_TIME),
    ],
)
def test_each_field_is_named(path: str, fields: dict[str, Any], kind: str, field: str, hint: str) -> None:
    found = only(TREE, changed(path, **fields))
    assert (found.kind, found.field, found.path, found.hint) == (kind, field, path, hint)


def test_values_are_shown_as_a_person_writes_them() -> None:
    found = only(changed("var", mode=0o755, mtime=0), changed("var", mode=0o700, mtime=0))
    assert (found.first, found.second) == ("0755", "0700")
    found = only(TREE, changed("var/task/app.py", mtime=981_173_106.25))
    assert (found.first, found.second) == ("1970-01-01T00:00:00Z", "2001-02-03T04:05:06.250000Z")
    found = only(TREE, changed("var/task/app.py", mtime=1e18))
    assert found.second == "1e+18 seconds since 1970"


def test_the_time_of_a_source_is_told_from_the_clock() -> None:
    times = SourceTimes(first=(100, 200), second=(300, 400))
    first, second = changed("var/task/app.py", mtime=150), changed("var/task/app.py", mtime=350)
    assert only(first, second, times).hint == compare.SOURCE_TIME
    assert only(first, changed("var/task/app.py", mtime=500), times).hint == compare.CLOCK


def test_a_directory_whose_files_differ_too_is_no_implicit_parent() -> None:
    second = [replace(item, mtime=9.0) if item.path in ("var/task", "var/task/app.py") else item for item in TREE]
    assert [(item.path, item.hint) for item in compare_entries(TREE, second)] == [
        ("var/task", compare.CLOCK),
        ("var/task/app.py", compare.CLOCK),
    ]


def test_a_directory_that_a_command_touched_is_no_implicit_parent() -> None:
    second = changed("var/task", mtime=9.0)
    run = [
        replace(built(diff_id), layers=(replace(built(diff_id).layers[0], created_by="RUN /bin/sh -c make # buildkit"),))
        for diff_id in "ab"
    ]
    assert [item.hint for item in compare_layer(*run, 0, (TREE, second)).differences] == [compare.CLOCK]
    assert [item.hint for item in compare_layer(built("a"), built("b"), 0, (TREE, second)).differences] == [compare.PARENT_TIME]


def test_a_parent_of_files_that_differ_as_their_sources_do_is_an_implicit_one() -> None:
    times = SourceTimes(first=(100, 200), second=(300, 400))
    builds = [
        [replace(item, mtime=clock if item.kind == "directory" else source, mode=mode) for item in TREE[1:3]]
        for clock, source, mode in ((900, 150, 0o755), (901, 350, 0o755))
    ]
    assert [(item.path, item.hint) for item in compare_entries(*builds, times)] == [
        ("var/task", compare.PARENT_TIME),
        ("var/task/app.py", compare.SOURCE_TIME),
    ]


@pytest.mark.parametrize(("paths", "reverse"), [(("var",), False), (("var", "var/task"), False), (("var/task",), True)])
def test_a_parent_that_one_build_wrote_is_named(paths: tuple[str, ...], reverse: bool) -> None:
    pair = (without(*paths), TREE) if reverse else (TREE, without(*paths))
    found = compare_entries(*pair)
    assert [(item.kind, item.field, item.path, item.hint) for item in found] == [
        (METADATA, "parent directory", path, compare.PARENT_ENTRY) for path in paths
    ]
    assert {(item.first, item.second) for item in found} == {("missing", "present") if reverse else ("present", "missing")}


def test_a_random_name_is_one_difference() -> None:
    first = [*TREE, entry("var/task/tmpab12", "same")]
    second = [*TREE, entry("var/task/tmpzz99", "same")]
    found = only(first, second)
    assert (found.kind, found.field, found.first, found.second) == (CONTENT, "name", "var/task/tmpab12", "var/task/tmpzz99")
    assert found.hint == compare.RANDOM_NAME


def test_a_random_directory_is_one_difference_with_all_that_is_in_it() -> None:
    trees = [[*TREE, entry(f"b/{name}"), entry(f"b/{name}/x", "1"), entry(f"b/{name}/y", "2")] for name in ("aa", "bb")]
    assert only(*trees).second == "b/bb"


def test_names_with_other_content_are_paired_only_without_doubt() -> None:
    assert only([*TREE, entry("a1.log", "1")], [*TREE, entry("a2.log", "2")]).field == "name"
    found = compare_entries([*TREE, entry("a1.log", "1"), entry("b1.log", "2")], [*TREE, entry("a2.log", "3"), entry("b2.log", "4")])
    assert [item.field for item in found] == ["only in first", "only in second", "only in first", "only in second"]


def test_what_one_build_alone_has_is_told_once() -> None:
    found = only(TREE, [*TREE, entry("x"), entry("x/y", "1"), entry("x/z", "2")])
    assert (found.field, found.path, found.first, found.second) == ("only in second", "x", "missing", "directory")


def test_the_order_counts_when_nothing_else_differs() -> None:
    found = only(TREE, [TREE[0], TREE[1], TREE[3], TREE[2]])
    assert (found.kind, found.field, found.path, found.hint) == (METADATA, "order", "var/task/app.py", compare.ORDER)


def test_content_comes_first() -> None:
    second = [replace(item, mode=0o600, digest="f" * 64 if item.path.endswith("data") else item.digest) for item in TREE]
    assert [item.field for item in compare_entries(TREE, second)] == ["content", "mode", "mode", "mode", "mode"]


entries_ = st.lists(
    st.builds(
        entry,
        st.sampled_from(["a", "a/b", "a/b/c", "d", "a/e", "f/g"]),
        st.none() | st.text("xy", max_size=3),
        mode=st.sampled_from([0o600, 0o644]),
    ).flatmap(lambda item: st.builds(replace, st.just(item), mtime=st.sampled_from([0.0, 1.0]), uid=st.sampled_from([0, 1]))),
    max_size=6,
    unique_by=lambda item: item.path,
)


@given(entries_, entries_)
def test_differences_are_found_both_ways_and_only_where_there_are_any(first: list[Entry], second: list[Entry]) -> None:
    """Nothing is called equal that is not; turning the builds round turns every difference round."""
    found, turned = compare_entries(first, second), compare_entries(second, first)
    assert (found == ()) == (first == second)
    swap = {"only in first": "only in second", "only in second": "only in first"}
    paths = [(item.kind, swap.get(item.field, item.field), item.first, item.second) for item in found if item.field != "order"]
    assert sorted(paths) == sorted((item.kind, item.field, item.second, item.first) for item in turned if item.field != "order")


@given(entries_, st.randoms())
def test_shuffling_is_a_difference_in_order_alone(entries: list[Entry], shuffle: random.Random) -> None:
    other = list(entries)
    shuffle.shuffle(other)
    assert [item.field for item in compare_entries(entries, other)] == ([] if entries == other else ["order"])


def built(diff_id: str, digest: str | None = None) -> Image:
    layer = Layer(diff_id=diff_id, digest=digest, media_type="", compressed_bytes=None, created_by="COPY /layer/ / # buildkit")
    return replace(image("x"), layers=(layer,))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (built("a"), built("a"), EQUAL),
        (built("a", "1"), built("a", "1"), EQUAL),
        (built("a", "1"), built("a"), EQUAL),
        (built("a", "1"), built("a", "2"), COMPRESSOR),
        (built("a", "1"), built("b", "2"), None),
    ],
)
def test_digests_tell_what_they_can(first: Image, second: Image, expected: str | None) -> None:
    assert verdict(first, second, 0) == expected
    if expected:
        found = compare_layer(first, second, 0)
        assert (found.verdict, found.step) == (expected, "COPY /layer/ /")
        assert found.hint == (compare.OTHER_COMPRESSOR if expected == COMPRESSOR else "")


def test_a_layer_is_as_bad_as_its_worst_difference() -> None:
    second = [replace(item, mode=0o600) for item in changed("var/task/data", digest="f" * 64)]
    assert compare_layer(built("a"), built("b"), 0, (TREE, second)).verdict == CONTENT
    assert compare_layer(built("a"), built("b"), 0, (TREE, changed("var", mode=0o700))).verdict == METADATA


def test_equal_entries_in_another_archive_differ_in_form() -> None:
    (found,) = compare_layer(built("a"), built("b"), 0, (TREE, TREE)).differences
    assert (found.kind, found.field, found.hint) == (METADATA, "form", compare.FORM)


def test_contents_are_explained() -> None:
    item = only(TREE, changed("var/task/app.py", digest="f" * 64))
    assert explained(item, None) == item
    told = explained(item, explain_content("x", b"at 10:00:00", b"at 10:00:01"))
    assert (told.offset, told.first, told.second) == (10, "at 10:00:00", "at 10:00:01")
    assert told.hint.startswith("a timestamp inside the file")
