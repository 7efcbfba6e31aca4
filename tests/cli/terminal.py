"""A terminal for the tests: a program runs in it, and its screen can be read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping, Sequence

from tests.patience import PATIENCE_S, wait_until

_SEQUENCE = re.compile(r"\x1b\[(\?)?([\d;]*)([A-Za-z])")
_LINK = re.compile(r"\x1b\]8;;([^\x1b]*)\x1b\\")


class Screen:
    """What a terminal shows of a text: lines, carriage returns, and the sequences that move and clear."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines = [""]
        self._row = 0
        self._column = 0
        self.colours = 0
        self.cursor = True
        """Whether the cursor is shown."""
        self.links: list[str] = []
        """The addresses of the links, in order."""

    @property
    def lines(self) -> list[str]:
        """The lines from the top to the cursor, or the last one that is not blank, without blanks at their ends."""
        shown = [line.rstrip() for line in self._lines]
        while len(shown) > self._row + 1 and not shown[-1]:
            shown.pop()
        return shown

    def feed(self, text: str) -> None:
        while text:
            found = _SEQUENCE.match(text)
            link = _LINK.match(text)
            if found:
                text = text[found.end() :]
                self._act(found[3], int(found[2].partition(";")[0] or 1))
            elif link:
                text = text[link.end() :]
                self.links += [link[1]] if link[1] else []
            else:
                self._put(text[0])
                text = text[1:]

    def _act(self, command: str, count: int) -> None:
        line = self._lines[self._row]
        if command == "A":
            self._row = max(0, self._row - count)
        elif command == "K":
            self._lines[self._row] = "" if count == 2 else line[: self._column]
        elif command in "hl":
            self.cursor = command == "h"
        elif command == "J":
            self._lines[self._row :] = [line[: self._column]]
        elif command == "m":
            self.colours += 1
        else:
            raise AssertionError(f"an unknown sequence: {command}")

    def _put(self, letter: str) -> None:
        if letter == "\r":
            self._column = 0
            return
        if letter == "\n" or self._column == self._width:
            self._row += 1
            if self._row == len(self._lines):
                self._lines.append("")
            if letter == "\n":
                return
            self._column = 0
        line = self._lines[self._row].ljust(self._column)
        self._lines[self._row] = line[: self._column] + letter + line[self._column + 1 :]
        self._column += 1


class Program:
    """A program whose standard error, and input, is a terminal; its standard output is a pipe, or with ``whole`` the terminal too."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], *, width: int = 80, whole: bool = False) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        self.screen = Screen(width)
        self.raw = ""
        self.seen: list[str] = []
        """Every line that was on the screen at any time."""
        self._process = subprocess.Popen(
            argv, env=environment, stdin=slave, stdout=slave if whole else subprocess.PIPE, stderr=slave, text=True, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def wait_for(self, shown: Callable[[str], bool]) -> None:
        """Wait until a line of the screen is as it should be."""
        wait_until(
            lambda: any(map(shown, list(self.seen))),
            lost=lambda: self._process.poll() is not None,
            said=lambda: (self.raw, self._process.poll()),
        )

    def end(self) -> tuple[int, str]:
        """The exit code and what was written to standard output."""
        out, _ = self._process.communicate(timeout=PATIENCE_S)
        self._reader.join(timeout=PATIENCE_S)
        os.close(self._master)
        return self._process.returncode, out or ""

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while select.select([self._master], [], [], PATIENCE_S)[0] and (data := os.read(self._master, 65536)):
                text = data.decode("utf-8", "replace")
                self.raw += text
                self.screen.feed(text)
                self.seen += self.screen.lines
