from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.bases.lock import Lock, LockedImage
from optimizer.errors import LockError
from optimizer.model.reference import ImageReference

A, B, C = ("sha256:" + letter * 64 for letter in "abc")
DAY = datetime.date(2026, 11, 23)
PYTHON = LockedImage(
    reference=ImageReference.parse("public.ecr.aws/lambda/python:3.13"),
    digest=A,
    resolved=DAY,
    kind="index",
    platforms={"arm64": C, "amd64": B},
)
JAVA = LockedImage(
    reference=ImageReference.parse("public.ecr.aws/lambda/java:21"), digest=B, resolved=DAY, kind="manifest", platforms={"amd64": B}
)
TEXT = f"""\
# Written by `optimizer pin`; `optimizer pin --update` refreshes it. Commit this file.
version = 1

[[image]]
reference = "public.ecr.aws/lambda/java:21"
digest = "{B}"
resolved = 2026-11-23
kind = "manifest"
[image.platforms]
amd64 = "{B}"

[[image]]
reference = "public.ecr.aws/lambda/python:3.13"
digest = "{A}"
resolved = 2026-11-23
kind = "index"
[image.platforms]
amd64 = "{B}"
arm64 = "{C}"
"""
EVIDENCE = """\
[evidence]
# measured on a Tuesday
changes = 0.10 # of 30
[[evidence.step]]
name = 'with "quotes"'
"""
RESTORE = "restore the file from version control, or fix the line"

digests = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)
words = st.text("abcdefghij0123456789", min_size=1, max_size=8)
references = st.builds(
    lambda host, path, tag: ImageReference(registry=host, repository="/".join(path), tag=tag),
    st.sampled_from(["public.ecr.aws", "127.0.0.1:5000", "localhost"]),
    st.lists(words, min_size=1, max_size=3),
    words,
)


@st.composite
def images(draw: st.DrawFn) -> LockedImage:
    digest = draw(digests)
    kind = draw(st.sampled_from(["index", "manifest"]))
    values = digests if kind == "index" else st.just(digest)
    return LockedImage(
        reference=draw(references),
        digest=digest,
        resolved=draw(st.dates(min_value=datetime.date(1000, 1, 1))),
        kind=kind,
        platforms=draw(st.dictionaries(st.sampled_from(["amd64", "arm64"]), values)),
    )


locks = st.builds(
    lambda found, evidence: Lock(images=tuple(found), evidence=evidence),
    st.lists(images(), max_size=6, unique_by=lambda image: image.reference.tagged),
    st.sampled_from(["", EVIDENCE, "[evidence.git]\na = 1\n"]),
)


class TestProperties:
    """``Lock.parse(lock.render()) == lock``; ``lock.render()`` is deterministic, sorted by reference."""

    @settings(deadline=None)
    @given(locks)
    def test_what_is_rendered_is_read_back(self, lock: Lock) -> None:
        assert Lock.parse(lock.render()) == lock
        assert Lock.parse(lock.render()).render() == lock.render()

    @settings(deadline=None)
    @given(locks, st.randoms())
    def test_the_order_of_the_images_changes_no_byte(self, lock: Lock, random: object) -> None:
        shuffled = list(lock.images)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert Lock(images=tuple(shuffled), evidence=lock.evidence).render() == lock.render()
        one_by_one = Lock(evidence=lock.evidence)
        for image in shuffled:
            one_by_one = one_by_one.with_images([image])
        assert one_by_one == lock

    @settings(deadline=None)
    @given(st.text())
    def test_any_text_is_a_lock_or_a_lock_error(self, text: str) -> None:
        try:
            Lock.parse(text)
        except LockError:
            pass

    @settings(deadline=None)
    @given(st.data())
    def test_any_damage_is_a_lock_or_a_lock_error(self, data: st.DataObject) -> None:
        text = TEXT + "\n" + EVIDENCE
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 20, len(text))))
        try:
            Lock.parse(text[:start] + data.draw(st.text(max_size=5)) + text[end:])
        except LockError:
            pass


def test_the_text_is_this() -> None:
    assert Lock(images=(PYTHON, JAVA)).render() == TEXT
    assert Lock.parse(TEXT) == Lock(images=(JAVA, PYTHON))


def test_an_empty_lock_has_a_text() -> None:
    assert Lock.parse(Lock().render()) == Lock()


def test_line_ends_of_windows_are_read() -> None:
    assert Lock.parse(TEXT.replace("\n", "\r\n")) == Lock.parse(TEXT)


def test_a_byte_order_mark_is_read_over() -> None:
    assert Lock.parse("\ufeff" + TEXT) == Lock.parse(TEXT)


def test_an_unknown_platform_of_a_single_manifest_is_one_fault() -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(TEXT.replace("amd64", "amd46", 1))
    assert [fault.message for fault in raised.value.faults] == ['image[0]: unknown platform "amd46"; allowed: amd64, arm64']


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(LockError, match="not readable as TOML: TOML value nested"):
        Lock.parse("a = " + "[" * 5_000)


def test_evidence_is_kept_to_the_letter() -> None:
    lock = Lock.parse(TEXT + "\n" + EVIDENCE)
    assert lock.evidence == EVIDENCE
    assert lock.with_images([PYTHON]).render() == TEXT + "\n" + EVIDENCE


def test_pins_are_found_by_their_tag_alone() -> None:
    lock = Lock.parse(TEXT)
    assert lock.pinned(PYTHON.reference) == PYTHON
    assert lock.pinned(PYTHON.reference.with_digest(C)) == PYTHON
    assert lock.pinned(ImageReference.parse("public.ecr.aws/lambda/python:3.12")) is None
    assert str(PYTHON.pinned) == f"public.ecr.aws/lambda/python:3.13@{A}"


def test_a_newer_pin_takes_the_place_of_the_older() -> None:
    newer = LockedImage(reference=PYTHON.reference, digest=C, resolved=DAY)
    assert Lock(images=(PYTHON, JAVA)).with_images([newer]).images == (JAVA, newer)


def test_values_can_be_hashed_and_not_changed() -> None:
    assert len({Lock(images=(PYTHON,)), Lock(images=(PYTHON,))}) == 1
    with pytest.raises(TypeError):
        PYTHON.platforms["amd64"] = A  # type: ignore[index]


@pytest.mark.parametrize(("days", "expected"), [(0, True), (9, True), (10, False)])
def test_age_is_counted_from_the_day_it_is_given(days: int, expected: bool) -> None:
    found = Lock(images=(PYTHON,)).older_than(DAY + datetime.timedelta(days=10), days)
    assert (PYTHON in found) is expected


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (("version = 1", ""), [("optimizer.lock:1", "version is missing; allowed: 1", 'write "version = 1" as the first line')]),
        (
            ("version = 1", "version = 2"),
            [("optimizer.lock:2", "version 2 is not readable; allowed: 1", "update the optimizer: a newer one wrote this lock")],
        ),
        (("version = 1", "version = true"), [("optimizer.lock:2", "version True is not readable; allowed: 1", RESTORE)]),
        (
            ("version = 1", "version = 1\nimages = []"),
            [("optimizer.lock:3", 'unknown key "images"; allowed: version, image, evidence', 'did you mean "image"?')],
        ),
        (
            ("[[image]]", "[zzz]\n[[image]]"),
            [("optimizer.lock:4", 'unknown key "zzz"; allowed: version, image, evidence', "remove it")],
        ),
        (
            ("digest =", "digset ="),
            [
                ("optimizer.lock:4", "image[0]: digest (missing) is not a digest; allowed: sha256:<64 lower-case hex digits>", RESTORE),
                (
                    "optimizer.lock:6",
                    'image[0]: unknown key "digset"; allowed: reference, digest, resolved, kind, platforms',
                    'did you mean "digest"?',
                ),
            ],
        ),
        (
            (A, "sha256:ABC"),
            [("optimizer.lock:14", 'image[1]: digest "sha256:ABC" is not a digest; allowed: sha256:<64 lower-case hex digits>', RESTORE)],
        ),
        (
            (f'arm64 = "{C}"', 'arm64 = "latest"'),
            [("optimizer.lock:19", 'image[1]: arm64 "latest" is not a digest; allowed: sha256:<64 lower-case hex digits>', RESTORE)],
        ),
        (
            ("arm64 =", "arm46 ="),
            [("optimizer.lock:19", 'image[1]: unknown platform "arm46"; allowed: amd64, arm64', 'did you mean "arm64"?')],
        ),
        (
            ("resolved = 2026-11-23", 'resolved = "2026-11-23"'),
            [
                ("optimizer.lock:7", 'image[0]: resolved "2026-11-23" is not a date; allowed: a TOML date such as 2026-11-23', RESTORE),
            ],
        ),
        (
            ('kind = "index"', 'kind = "list"'),
            [("optimizer.lock:16", 'image[1]: kind "list" is unknown; allowed: "index", "manifest"', RESTORE)],
        ),
        (
            ('kind = "index"', 'kind = "manifest"'),
            [("optimizer.lock:17", "image[1]: a single manifest cannot have a platform with another digest", RESTORE)],
        ),
        (
            ("lambda/java:21", "lambda/python:3.13"),
            [("optimizer.lock:13", '"public.ecr.aws/lambda/python:3.13" is pinned twice', "keep one of the two tables")],
        ),
        (
            ("public.ecr.aws/lambda/java:21", "lambda/java"),
            [
                (
                    "optimizer.lock:5",
                    'image[0]: reference "lambda/java" is not of the form registry/repository:tag',
                    'for example "public.ecr.aws/lambda/python:3.13"',
                )
            ],
        ),
        (
            (TEXT[TEXT.index("[[image]]") :], "image = 1"),
            [("optimizer.lock:4", '"image" is not a list of tables; allowed: [[image]]', RESTORE)],
        ),
        (
            ("[[image]]", "evidence = 1\n[[image]]"),
            [("optimizer.lock:4", '"evidence" is not one table; allowed: one block of [evidence] tables', RESTORE)],
        ),
        (
            ("[[image]]", "<<<<<<< ours\n[[image]]"),
            [
                (
                    "optimizer.lock:4",
                    "not readable as TOML: empty key",
                    "a merge conflict: keep either side whole, then run `optimizer pin --update`",
                )
            ],
        ),
        (("resolved = 2026-11-23", "resolved = "), [("optimizer.lock:7", "not readable as TOML: unexpected character: '\\n'", RESTORE)]),
    ],
)
def test_fails_with_the_line_of_every_fault(change: tuple[str, str], faults: list[tuple[str, str, str]]) -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(TEXT.replace(*change, 1))
    assert [(fault.place, fault.message, fault.hint) for fault in raised.value.faults] == faults


def test_an_error_names_the_file() -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse("version = 3", "app/optimizer.lock")
    assert raised.value.faults[0].place == "app/optimizer.lock:1"


def test_the_lock_of_the_example_app_is_as_pin_writes_it() -> None:
    text = (Path(__file__).parents[2] / "optimizer.lock").read_text(encoding="utf-8")
    lock = Lock.parse(text)
    assert lock.render() == text
    assert {image.reference.registry for image in lock.images} == {"public.ecr.aws"}
