"""What is told of a publication: the lines of a log, and the board of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.model.progress import Begun, Ended, Event, LookedUp, Moved, Noted, Pushed, Task
from optimizer.report.progress import Board, columns, cut, progress_line, stays

BUILD = Task(action="building", subject="native, tools", place="Shop/Api", reason="it is made in a container only")
ASK = Task(action="asking", subject="public.ecr.aws/lambda/python:3.13", place="Shop/Api")
BASE = Task(action="bringing", subject="public.ecr.aws/lambda/python:3.13", place="registry.example.com/images")
SEND = Task(action="sending", subject="code", place="Shop/Api", size=30_000_000)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Begun(BASE), "bringing the base public.ecr.aws/lambda/python:3.13 to registry.example.com/images"),
        (Begun(BUILD), "building native, tools of Shop/Api: it is made in a container only"),
        (Ended(BUILD, 12.34), "built native, tools of Shop/Api in 12.3 s"),
        (Ended(BUILD, 12.34, well=False), ""),
        (Ended(ASK, 2.0, outcome="3.13.5"), "asked public.ecr.aws/lambda/python:3.13 for its Python in 2.0 s: 3.13.5"),
        (LookedUp(2, 4, 3, 1), "3 of 4 layers are there, 1 to be made"),
        (LookedUp(2, 4, 4, 0), ""),
        (Begun(SEND), ""),
        (Begun(Task(action="reading", subject="shop.tar")), "reading shop.tar"),
        (Begun(Task(action="resolving", subject="a.example/b:1", place="m.example")), "resolving a.example/b:1 from m.example"),
        (Begun(Task(action="resolving", subject="a.example/b:1")), "resolving a.example/b:1"),
        (Begun(Task(action="looking", subject="for it", size=1_500_000)), "looking for it in its layers, of 1.5 MB in all"),
        (Begun(Task(action="comparing", subject="two builds", place="Shop/Api")), "comparing two builds of Shop/Api"),
        (Ended(Task(action="comparing", subject="two builds", place="Shop/Api"), 12.6), "compared two builds of Shop/Api in 13 s"),
        (Ended(Task(action="reading", subject="shop.tar"), 2.0), "read shop.tar in 2.0 s"),
        (Ended(Task(action="reading", subject="shop.tar"), 1.9), ""),
        (Ended(Task(action="reading", subject="shop.tar"), 60.0, well=False), ""),
        (
            Ended(Task(action="resolving", subject="a.example/b:1", place="m.example"), 3.0),
            "resolved a.example/b:1 from m.example in 3.0 s",
        ),
        (Ended(BASE, 61.25), "brought public.ecr.aws/lambda/python:3.13 to registry.example.com/images in 61.2 s"),
        (Begun(Task(action="checking", subject="40 repositories", count=40)), ""),
        (Ended(Task(action="checking", subject="40 repositories", count=40), 4.0), "checked 40 repositories in 4.0 s"),
        (Ended(Task(action="finding", subject="7 images"), 4.0), "looked for 7 images in 4.0 s"),
        (Moved(SEND, 5), ""),
        (Pushed("registry.example.com/images:1"), "pushed registry.example.com/images:1"),
        (Noted("a layer is not what its tag says"), "a layer is not what its tag says"),
    ],
)
def test_a_log_gets_one_line_for_what_matters(event: Event, line: str) -> None:
    """Requirement: "plain lines elsewhere"."""
    assert progress_line(event) == line


def test_only_reasons_and_notes_stay_on_a_terminal() -> None:
    assert stays(Noted("x")) and stays(Begun(BUILD))
    assert not stays(Begun(BASE)) and not stays(Pushed("x"))


def test_a_board_says_what_is_done_and_what_is_being_done() -> None:
    """Requirement: "what is being found, made, pushed, bytes and seconds, per image"."""
    board = Board(100.0)
    board.take(LookedUp(6, 14, 12, 2), 100.5)
    board.take(Begun(BUILD), 101.0)
    board.take(Begun(SEND), 102.0)
    board.take(Moved(SEND, 12_000_000), 103.0)
    board.take(Pushed("registry.example.com/images:1"), 103.0)
    assert board.lines(80, 10, 104.0) == [
        "1 of 6 images pushed, 12 of 14 layers found, 12.0 MB sent, 4.0 s",
        f"{'  building  native, tools of Shop/Api':52}{'':17}     3.0 s",
        f"{'  sending   code of Shop/Api':52}{'40 % of 30.0 MB':>17}     2.0 s",
    ]
    board.take(Ended(SEND, 2.0), 104.0)
    board.take(Ended(BUILD, 3.0, well=False), 104.0)
    assert board.lines(80, 10, 104.0) == ["1 of 6 images pushed, 12 of 14 layers found, 12.0 MB sent, 4.0 s"]


def test_digests_leave_room_for_what_tells_images_apart() -> None:
    """Requirement: "short image names, digests of 12"."""
    board = Board(0.0)
    board.take(Begun(Task(action="reading", subject=f"cdkasset-{'0123456789abcdef' * 4}:latest")), 0.0)
    assert board.lines(80, 10, 1.0)[1].startswith("  reading   cdkasset-0123456789ab:latest  ")


def test_the_widest_numbers_have_their_place() -> None:
    board = Board(0.0)
    task = Task(action="sending", subject="models", place="Shop/Api", size=999_900_000)
    board.take(Begun(task), 0.0)
    board.take(Moved(task, task.size), 99_999.0)
    (_, line) = board.lines(80, 10, 99_999.0)
    assert line == f"{'  sending   models of Shop/Api':52}100 % of 999.9 MB 99999.0 s"


def test_bytes_that_are_sent_again_count_again() -> None:
    board = Board(0.0)
    for event in (Begun(SEND), Moved(SEND, 2000), Moved(SEND, 500), Moved(SEND, 1500)):
        board.take(event, 1.0)
    assert board.lines(80, 10, 1.0)[0] == "3.0 kB sent, 1.0 s"


def test_what_does_not_fit_is_counted() -> None:
    board = Board(0.0)
    for number in range(20):
        board.take(Begun(Task(action="making", subject=f"stage{number}", place="Shop/Api")), 0.0)
    lines = board.lines(80, 6, 1.0)
    assert len(lines) == 6
    assert lines[-1] == "  and 16 more"


def test_a_task_of_many_things_counts_them() -> None:
    """Requirement: "a progress bar on long work"."""
    board = Board(0.0)
    task = Task(action="reading", subject="2000 functions", place="1234, eu-west-1", count=2000)
    board.take(Begun(task), 0.0)
    board.take(Moved(task, 750), 2.0)
    line = board.lines(80, 10, 2.0)[1]
    assert line.startswith("  reading   2000 functions of 1234, eu-west-1")
    assert "750 of 2000" in line


@given(
    st.lists(st.tuples(st.text(max_size=90), st.text(max_size=90), st.integers(0, 10**13))),
    st.integers(1, 200),
    st.integers(1, 30),
    st.floats(0, 1e6),
)
def test_no_line_reaches_the_last_column(tasks: list[tuple[str, str, int]], width: int, height: int, now: float) -> None:
    """Requirement: "works at 80 columns", and at any other number."""
    board = Board(0.0)
    board.take(LookedUp(1000, 20_000, 10_000, 10_000), 0.0)
    for subject, place, size in tasks:
        board.take(Begun(Task(action="building", subject=subject, place=place, size=size)), 0.0)
    lines = board.lines(width, height, now)
    assert len(lines) <= height
    assert all(columns(line) < width for line in lines)


@given(st.text(), st.integers(0, 60))
def test_a_cut_text_is_no_wider_than_it_may_be(text: str, width: int) -> None:
    assert columns(cut(text, width)) <= width


def test_a_name_gives_the_terminal_no_orders() -> None:
    board = Board(0.0)
    board.take(Begun(Task(action="making", subject="a\x1b[2Jb\r\n", place="Shop/\x9bApi")), 0.0)
    assert board.lines(80, 10, 1.0)[1].startswith("  making    a [2Jb   of Shop/ Api  ")
