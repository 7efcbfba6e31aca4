from __future__ import annotations

import datetime
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.bases.lock import Lock, LockedImage
from optimizer.errors import LockError
from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence, Together
from optimizer.model.packing import Packing
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability

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
date = 2026-11-23
orders = [
  ["a", "b"],
]

[evidence.steps]
"packed-files a" = { changes = 0.1, stability = "daily" }

[evidence.python]
"boto3" = { changes = 0.2 }
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


shares = st.floats(0, 1)
numbers = st.floats(0, 1e14)
steps = st.builds(
    StepEvidence,
    changes=st.none() | shares,
    stability=st.none() | st.sampled_from(Stability),
    size_bytes=st.none() | st.integers(0, 2**40),
    seconds=st.none() | numbers,
)
packages = st.builds(PackageEvidence, changes=st.none() | shares, size_bytes=st.none() | st.integers(0, 2**40))
# Paths of a project may hold anything but what no TOML holds.
identities = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
several = st.lists(identities, min_size=1, max_size=4, unique=True).map(tuple)
pasts = st.just(Evidence()) | st.builds(
    Evidence,
    date=st.dates(min_value=datetime.date(1000, 1, 1)),
    commit=st.text("0123456789abcdef", min_size=40, max_size=40),
    deployments=st.integers(0, 10_000),
    weight=numbers,
    steps=st.dictionaries(identities, steps, max_size=4),
    packages=st.dictionaries(st.sampled_from(["python", "nodejs"]), st.dictionaries(identities, packages, max_size=4)),
    together=st.lists(st.builds(Together, several, shares), max_size=3).map(tuple),
    orders=st.lists(several, max_size=3, unique_by=frozenset).map(tuple),
)
locks = st.builds(
    lambda found, evidence, packing: Lock(images=tuple(found), evidence=evidence, packing=packing),
    st.lists(images(), max_size=6, unique_by=lambda image: image.reference.tagged),
    pasts,
    st.builds(
        lambda names, decided: Packing(groups={"python": (tuple(names[::2]), tuple(names[1::2]))}, decided=decided if names else None),
        st.lists(words, max_size=7, unique=True),
        st.none() | st.dates(min_value=datetime.date(1000, 1, 1)),
    ),
)


class TestProperties:
    """``Lock.parse(lock.render()) == lock``; ``lock.render()`` is deterministic, sorted by reference."""

    @given(locks)
    def test_what_is_rendered_is_read_back(self, lock: Lock) -> None:
        assert Lock.parse(lock.render()) == lock
        assert Lock.parse(lock.render()).render() == lock.render()

    @given(locks, st.randoms())
    def test_the_order_of_the_images_changes_no_byte(self, lock: Lock, random: object) -> None:
        shuffled = list(lock.images)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert replace(lock, images=tuple(shuffled)).render() == lock.render()
        one_by_one = replace(lock, images=())
        for image in shuffled:
            one_by_one = one_by_one.with_images([image])
        assert one_by_one == lock

    @given(st.text())
    def test_any_text_is_a_lock_or_a_lock_error(self, text: str) -> None:
        try:
            Lock.parse(text)
        except LockError:
            pass

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
            [("optimizer.lock:3", 'unknown key "images"; allowed: version, image, packing, evidence', 'did you mean "image"?')],
        ),
        (
            ("[[image]]", "[zzz]\n[[image]]"),
            [("optimizer.lock:4", 'unknown key "zzz"; allowed: version, image, packing, evidence', "remove it")],
        ),
        (
            ("digest =", "digset ="),
            [
                ("optimizer.lock:4", "image[0]: digest (missing) is not a digest; allowed: sha256:<64 lower-case hex digits>", RESTORE),
                (
                    "optimizer.lock:6",
                    'image[0]: unknown key "digset"; allowed: reference, digest, resolved, kind, platforms, python, node, npm',
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
            [("optimizer.lock:4", '"evidence" is not one table; allowed: one block of [evidence] tables', "run: optimizer plan --update")],
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


WITH_PYTHON = TEXT + '[image.python]\namd64 = "3.13.5"\narm64 = "3.13.5"\n'
AGAIN = "run: optimizer pin --update"


def test_the_exact_python_is_kept_for_each_platform() -> None:
    lock = Lock.parse(WITH_PYTHON)
    image = lock.pinned(PYTHON.reference)
    assert image is not None
    assert image.programs == {"python": {"amd64": "3.13.5", "arm64": "3.13.5"}}
    assert not image.lacks_programs
    assert lock.render() == WITH_PYTHON
    assert pickle.loads(pickle.dumps(lock)) == lock
    assert lock != Lock.parse(TEXT)


def test_a_pin_tells_for_which_platforms_it_lacks_a_program() -> None:
    known = replace(PYTHON, programs={"python": {"amd64": "3.13.5"}})
    assert PYTHON.lacking_programs("amd64") == ("python",)
    assert (known.lacking_programs("amd64"), known.lacking_programs("arm64"), known.lacks_programs) == ((), ("python",), True)
    assert not JAVA.lacks_programs


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (('"3.13.5"', '"3.13"'), 'python "3.13" is not an exact version; allowed: such as 3.13.5', AGAIN),
        (('"3.13.5"', "3.13"), 'python "3.13" is not an exact version; allowed: such as 3.13.5', AGAIN),
        (('"3.13.5"', '"3.13.5+"'), 'python "3.13.5+" is not an exact version; allowed: such as 3.13.5', AGAIN),
        (('"3.13.5"', '"3.12.5"'), 'python "3.12.5" is no release of Python 3.13', AGAIN),
        (('arm64 = "3.13.5"', 'riscv64 = "3.13.5"'), 'python has the platform "riscv64"; those of the image: amd64, arm64', AGAIN),
        (
            ("lambda/python:3.13", "team/python:3.13"),
            "python is recorded of AWS's base images of Python alone",
            "remove the table [image.python]",
        ),
    ],
)
def test_a_python_that_cannot_be_the_images_is_a_fault_of_the_lock(change: tuple[str, str], message: str, hint: str) -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(WITH_PYTHON.replace(*change))
    for fault in raised.value.faults:
        assert (fault.place, fault.message, fault.hint) == ("optimizer.lock:20", f"image[1]: {message}", hint)


NODE = """\
version = 1

[[image]]
reference = "public.ecr.aws/lambda/nodejs:22"
digest = "sha256:{0}"
resolved = 2026-11-23
kind = "index"
[image.platforms]
amd64 = "sha256:{0}"
[image.node]
amd64 = "22.14.0"
[image.npm]
amd64 = "10.9.2"
""".format("1" * 64)


def test_programs_of_nodejs_are_kept_in_tables_of_their_own() -> None:
    lock = Lock.parse(NODE)
    (image,) = lock.images
    assert image.programs == {"node": {"amd64": "22.14.0"}, "npm": {"amd64": "10.9.2"}}
    assert Lock.parse(lock.render()) == lock
    assert lock.render().endswith(NODE.partition("[image.platforms]")[2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"22.14.0"', '"20.14.0"'), 'node "20.14.0" is no release of Node.js 22'),
        (('"10.9.2"', '"10"'), 'npm "10" is not an exact version; allowed: such as 3.13.5'),
        (("[image.node]", "[image.python]"), "python is recorded of AWS's base images of Python alone"),
    ],
)
def test_programs_that_cannot_be_the_images_are_faults(change: tuple[str, str], message: str) -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(NODE.replace(*change))
    assert [fault.message for fault in raised.value.faults] == [f"image[0]: {message}"]


def test_a_python_in_place_of_the_table_is_a_fault() -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(TEXT.replace('kind = "index"', 'kind = "index"\npython = "3.13.5"'))
    (fault,) = raised.value.faults
    assert (fault.place, fault.message) == ("optimizer.lock:17", 'image[1]: python "3.13.5" is not a table; allowed: [image.python]')


def test_an_error_names_the_file() -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse("version = 3", "app/optimizer.lock")
    assert raised.value.faults[0].place == "app/optimizer.lock:1"


def test_the_lock_of_the_example_app_is_as_pin_writes_it() -> None:
    text = (Path(__file__).parents[2] / "optimizer.lock").read_text(encoding="utf-8")
    lock = Lock.parse(text)
    assert lock.render() == text
    assert {image.reference.registry for image in lock.images} == {"public.ecr.aws"}


PACKING = """\
[packing]
decided = 2026-11-29
python = [
  ["boto3", "botocore"],
  ["numpy"],
]
nodejs = [
  ["@aws-sdk/client-s3"],
]
together = [
  ["opencv-python", "opencv-python-headless"],
]
"""


def test_names_of_packages_that_people_write_are_those_of_locks() -> None:
    """A lock says "pyyaml" where people say "PyYAML"; to take no notice of theirs would be silent."""
    lock = Lock.parse(
        f'{TEXT}\n[packing]\npython = [["PyYAML", "typing_extensions"]]\ntogether = [["OpenCV_Python", "numpy"], ["JSONStream"]]\n'
    )
    assert lock.packing.of("python") == (("pyyaml", "typing-extensions"),)
    assert lock.packing.together_of("python") == (("jsonstream",), ("numpy", "opencv-python"))
    assert lock.packing.together_of("nodejs") == lock.packing.together == (("JSONStream",), ("OpenCV_Python", "numpy"))


def test_which_packages_have_layers_of_their_own_is_kept() -> None:
    lock = Lock.parse(f"{TEXT}\n{PACKING}\n{EVIDENCE}")
    assert lock.packing.of("python") == (("boto3", "botocore"), ("numpy",))
    assert lock.packing.of("nodejs") == (("@aws-sdk/client-s3",),)
    assert lock.packing.of("ruby") == ()
    assert lock.packing.together == (("opencv-python", "opencv-python-headless"),)
    assert lock.packing.decided == datetime.date(2026, 11, 29)
    rendered = lock.render()
    assert rendered.endswith(f"\n{EVIDENCE}")
    assert Lock.parse(rendered) == lock == pickle.loads(pickle.dumps(lock))
    assert lock.with_images([PYTHON]) == lock


def test_the_order_of_groups_and_names_is_no_decision() -> None:
    one = Packing(groups={"python": (("numpy",), ("botocore", "boto3"), ())})
    assert one == Packing(groups={"nodejs": (), "python": (("boto3", "botocore"), ("numpy",))})
    assert one.groups["python"] == (("boto3", "botocore"), ("numpy",))
    assert not Packing(groups={"python": ((),)})
    assert Packing(together=(("d", "c"), ("b", "a"), ("c", "b"), ("z", "y"))) == Packing(together=(("a", "b", "c", "d"), ("y", "z")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("packing = 1\n", '"packing" is not one table; allowed: one [packing] table'),
        ("[packing]\nrubby = []\n", 'packing: unknown key "rubby"; allowed: decided, python, nodejs, together'),
        ('[packing]\ndecided = "today"\n', 'packing: decided "today" is not a date; allowed: a TOML date such as 2026-11-23'),
        ('[packing]\npython = ["numpy"]\n', "packing: python is not a list of lists of package names"),
        ('[packing]\npython = [["a b"]]\n', 'packing: python has "a b", which is no name of a package'),
        ("[packing]\npython = [[1]]\n", 'packing: python has "1", which is no name of a package'),
        ('[packing]\npython = [["numpy"], ["numpy"]]\n', 'packing: python has "numpy" in two places'),
    ],
)
def test_a_packing_that_cannot_be_read_is_a_fault(text: str, message: str) -> None:
    with pytest.raises(LockError) as raised:
        Lock.parse(f"version = 1\n{text}")
    (fault,) = raised.value.faults
    assert fault.message == message
    assert fault.place in ("optimizer.lock:2", "optimizer.lock:3")
    assert fault.hint
