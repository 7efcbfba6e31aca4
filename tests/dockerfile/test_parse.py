"""Reading Dockerfiles: what dockerfile-parse misreads, what it reads well, positions, and any text at all."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optimizer.dockerfile.instruction import Dockerfile, Instruction, Position, Span
from optimizer.dockerfile.parse import decode, parse, read
from optimizer.dockerfile.scope import BuildInputs, resolve
from optimizer.dockerfile.shell import commands
from optimizer.errors import DockerfileError

BOM = "\ufeff"


def body_of(text: str) -> list[tuple[str, str]]:
    """Keyword and value of everything after the first FROM."""
    return [(item.keyword, item.value) for item in parse(f"FROM a\n{text}").instructions[1:]]


def messages(text: str) -> list[str]:
    return [f"{problem.span.start} {problem.message}" for problem in read(text)[1]]


class TestHeredocs:
    """Requirement: "heredocs ... turn each into a test"; the numbers are those of the list of misreadings."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param('RUN <<EOF\nset -e\nFROM trap AS t\nENV X=1\n# c\nEOF\nCMD ["x"]', [("RUN", "<<EOF"), ("CMD", '["x"]')], id="1"),
            pytest.param('COPY <<"EOT" /etc/conf\nkey value\nENV FOO bar\nEOT', [("COPY", '<<"EOT" /etc/conf')], id="2"),
            pytest.param("COPY <<a <<b /dst/\nAAA one\na\nBBB two\nb", [("COPY", "<<a <<b /dst/")], id="3"),
            pytest.param("RUN <<EOF python3\nimport os\nEOF", [("RUN", "<<EOF python3")], id="4"),
            pytest.param("RUN cat <<EOF > /x && echo hi\nENV X=1\nEOF", [("RUN", "cat <<EOF > /x && echo hi")], id="5"),
            pytest.param("RUN <<-EOF\n\techo hi\n\tEOF", [("RUN", "<<-EOF")], id="6"),
            pytest.param("RUN 3<<EOF cat\nhi\nEOF", [("RUN", "3<<EOF cat")], id="7"),
            pytest.param("ONBUILD RUN <<EOF\necho x\nEOF", [("ONBUILD", "RUN <<EOF")], id="8"),
            pytest.param("RUN <<EOF\necho a \\\n  b\nEOF", [("RUN", "<<EOF")], id="9"),
            pytest.param("RUN << EOF\necho a\nEOF\nUSER x", [("RUN", "<< EOF"), ("USER", "x")], id="blank before the name"),
            pytest.param("RUN <<EOF && \\\n  echo b\necho a\nEOF\nUSER x", [("RUN", "<<EOF &&   echo b"), ("USER", "x")], id="continued"),
            pytest.param("RUN <<E'O'F\nEOF\nUSER x", [("RUN", "<<E'O'F"), ("USER", "x")], id="quoted in the middle"),
        ],
    )
    def test_are_one_instruction(self, text: str, expected: list[tuple[str, str]]) -> None:
        assert body_of(text) == expected

    def test_keep_their_bodies(self) -> None:
        (copy,) = parse("FROM a\nCOPY <<a <<'b' /dst/\nAAA $x\na\nBBB two\n\nb").instructions[1:]
        assert [(item.name, item.content, item.expand) for item in copy.heredocs] == [("a", "AAA $x\n", True), ("b", "BBB two\n\n", False)]
        assert copy.span == Span(Position(2, 1), Position(7, 2))
        assert copy.heredocs[1].body.position(4) == Position(5, 5)

    def test_lose_leading_tabs_where_asked(self) -> None:
        (run,) = parse("FROM a\nRUN <<-EOF\n\t\techo hi\n\tEOF").instructions[1:]
        assert (run.heredocs[0].content, run.heredocs[0].body.text) == ("echo hi\n", "\t\techo hi\n")

    def test_without_an_end_are_a_problem(self) -> None:
        assert messages("FROM a\nRUN <<EOF\necho a") == ['2:1 the here-document "EOF" has no end']

    @pytest.mark.parametrize(
        "text",
        [
            "RUN echo $((1<<3))",
            "RUN cat <<<w",
            'RUN echo "<<EOF"',
            "RUN echo '<<EOF'",
            "RUN echo \\<<EOF",
            "ENV A=<<EOF",
            'RUN ["sh", "-c", "<<EOF"]',
            'ONBUILD RUN ["sh", "<<EOF"]',
            "RUN echo 'it <<EOF",
            "LABEL a=<<EOF",
            "RUN echo a<<EOF",
        ],
    )
    def test_are_not_seen_where_there_are_none(self, text: str) -> None:
        assert body_of(f"{text}\nUSER x") == [(text.split()[0], text.split(maxsplit=1)[1]), ("USER", "x")]


class TestLines:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("RUN echo a && \\\n\n  echo c", [("RUN", "echo a &&   echo c")], id="14"),
            pytest.param("RUN foo \\", [("RUN", "foo")], id="15"),
            pytest.param("RUN echo a \\\n# c\n", [("RUN", "echo a")], id="16"),
            pytest.param('RUN x \\\n# c\n\nCMD ["x"]', [("RUN", 'x CMD ["x"]')], id="17"),
            pytest.param('RUN echo x\\\\\nCMD ["x"]', [("RUN", "echo x\\\\"), ("CMD", '["x"]')], id="18"),
            pytest.param("RUN\\\n  echo hi", [("RUN", "echo hi")], id="19"),
            pytest.param("RUN echo a \\\n# c\n  b", [("RUN", "echo a   b")], id="23"),
            pytest.param("run echo a \\  \n\tb", [("RUN", "echo a \tb")], id="blanks after the escape"),
            pytest.param("  RUN\techo a\r\n\r\nUSER x\r\n", [("RUN", "echo a"), ("USER", "x")], id="CRLF, tabs and indentation"),
            pytest.param("RUN echo a # b", [("RUN", "echo a # b")], id="no comment inside"),
            pytest.param("  # only a comment\nUSER x", [("USER", "x")], id="indented comment"),
            pytest.param('LABEL x="a\\\n  b"', [("LABEL", 'x="a  b"')], id="continued quotes"),
        ],
    )
    def test_are_joined_as_a_builder_joins_them(self, text: str, expected: list[tuple[str, str]]) -> None:
        assert body_of(text) == expected

    def test_a_mark_of_byte_order_is_no_part_of_the_file(self) -> None:
        assert [item.keyword for item in parse(f"{BOM}FROM a").instructions] == ["FROM"]  # 20
        assert parse(f"{BOM}FROM a").instructions[0].span.start == Position(1, 1)

    @pytest.mark.parametrize(
        "head",
        [f"{BOM}# escape=`\n", "# check=skip=all\n# escape=`\n", "#syntax=docker/dockerfile:1\n# ESCAPE = `\n"],
        ids=["21", "22", "after syntax, in capitals"],
    )
    def test_another_escape_is_obeyed(self, head: str) -> None:
        made = parse(f"{head}FROM a\nRUN x `\n y\nRUN z \\\n")
        assert [item.value for item in made.instructions] == ["a", "x  y", "z \\"]
        assert made.escape == "`"

    @pytest.mark.parametrize("head", ["\n# escape=`\n", "# hello\n# escape=`\n", "# other=1\n# escape=`\n"])
    def test_a_directive_after_anything_else_is_a_comment(self, head: str) -> None:
        assert parse(f"{head}FROM a\nRUN x `\n").escape == "\\"

    def test_directives_and_comments_are_kept(self) -> None:
        made = parse("# syntax=docker/dockerfile:1.9\n# check=skip=all;error=true\nFROM a\n# why\nRUN x \\\n  # inside\n  y\n")
        assert [(item.name, item.value) for item in made.directives] == [
            ("syntax", "docker/dockerfile:1.9"),
            ("check", "skip=all;error=true"),
        ]
        assert [(item.text, item.span.start) for item in made.comments][2:] == [("why", Position(4, 1)), ("inside", Position(6, 3))]

    def test_empty_lines_inside_are_noted(self) -> None:
        assert parse("FROM a\nRUN x \\\n\n y").instructions[1].empty_lines == (3,)


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param(
                "FORM a\nhello world",
                ['1:1 unknown instruction "FORM"', "1:1 the file has no FROM", '2:1 unknown instruction "hello"'],
                id="34",
            ),
            pytest.param("", ["1:1 the file holds no instruction"], id="35"),
            pytest.param("# only\n\n", ["1:1 the file holds no instruction"], id="only a comment"),
            pytest.param("RUN x\nFROM a", ["1:1 RUN before the first FROM"], id="before FROM"),
            pytest.param("FROM", ["1:1 FROM needs an image, optionally followed by AS and a name"], id="bare FROM"),
            pytest.param("FROM a AS", ["1:1 FROM needs an image, optionally followed by AS and a name"], id="AS without a name"),
            pytest.param("FROM a\nONBUILD FROM b", ["2:9 ONBUILD takes no FROM"], id="ONBUILD FROM"),
            pytest.param("FROM a\nONBUILD", ["2:1 ONBUILD needs an instruction"], id="bare ONBUILD"),
            pytest.param("FROM a\nCMD [1]", ["2:5 the JSON form takes strings only"], id="JSON of numbers"),
            pytest.param("# escape=x\nFROM a", ['1:1 the escape directive takes "\\" or "`", and not "x"'], id="escape"),
            pytest.param("# syntax=a\n# syntax=b\nFROM a", ["2:1 there is a second syntax directive"], id="directive twice"),
            pytest.param("FROM a\nRUN a\x00b", ["2:6 a NUL character"], id="NUL"),
            pytest.param("FROM a\n  RUN\u00a0x", ["2:3 the line has two meanings"], id="no-break space"),
        ],
    )
    def test_have_line_and_column(self, text: str, expected: list[str]) -> None:
        assert messages(text) == expected

    def test_are_raised_together(self) -> None:
        with pytest.raises(DockerfileError) as caught:
            parse("FROM a\nRUNN x\nCOPPY y z", "docker/Dockerfile")
        assert [fault.place for fault in caught.value.faults] == ["docker/Dockerfile:2:1", "docker/Dockerfile:3:1"]
        assert caught.value.faults[0].hint == 'did you mean "RUN"?'


class TestParts:
    def test_flags_are_apart_from_words(self) -> None:
        """37, and 36: the instruction of ONBUILD is one."""
        copy, onbuild = parse('FROM a\nCOPY --link --from=x --chown="1:1" /a /b\nONBUILD COPY --from=b . /src').instructions[1:]
        assert [(flag.name, flag.value) for flag in copy.flags] == [("link", None), ("from", "x"), ("chown", "1:1")]
        assert [word.text for word in copy.words] == ["/a", "/b"]
        assert copy.at(copy.flags[1]) == Span(Position(2, 13), Position(2, 21))
        assert onbuild.nested is not None
        assert [(flag.name, flag.value) for flag in onbuild.nested.flags] == [("from", "b")]
        assert onbuild.nested.at(onbuild.nested.words[0]) == Span(Position(3, 23), Position(3, 24))

    def test_mounts_have_fields(self) -> None:
        (run,) = parse("FROM a\nRUN --mount=type=cache,target=/c \\\n --mount=type=bind,from=x,dst=/d,ro cmd --flag").instructions[1:]
        assert [flag.fields() for flag in run.flags] == [
            {"type": "cache", "target": "/c"},
            {"type": "bind", "from": "x", "dst": "/d", "ro": ""},
        ]
        assert run.arguments == "cmd --flag"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [('CMD [ "a", \\\n "b" ]', ("a", "b")), ("CMD ['a']", None), ("CMD [a]", None), ("CMD []", ()), ("CMD " + "[" * 5000, None)],
        ids=["38", "single quotes", "no quotes", "empty", "deep"],
    )
    def test_json_form(self, text: str, expected: tuple[str, ...] | None) -> None:
        assert parse(f"FROM a\n{text}").instructions[1].json == expected

    def test_pairs(self) -> None:
        made = parse('FROM a\nENV A=1 B="x y" C=a\\ b\nENV OLD some value\nARG X\nARG Y= Z=2')
        assert [[(name, value) for name, value, _ in item.pairs()] for item in made.instructions[1:]] == [
            [("A", "1"), ("B", '"x y"'), ("C", "a\\ b")],
            [("OLD", "some value")],
            [("X", None)],
            [("Y", ""), ("Z", "2")],
        ]

    def test_words_have_places_over_continued_lines(self) -> None:
        (copy,) = parse("FROM a\n  COPY app.py \\\n     lib/ \\\n   /var/task/").instructions[1:]
        assert [copy.at(word) for word in copy.words] == [
            Span(Position(2, 8), Position(2, 14)),
            Span(Position(3, 6), Position(3, 10)),
            Span(Position(4, 4), Position(4, 14)),
        ]
        assert copy.span == Span(Position(2, 3), Position(4, 14))
        assert copy.keyword_span == Span(Position(2, 3), Position(2, 7))

    def test_stages(self) -> None:
        made = parse("ARG X\nFROM --platform=$BUILDPLATFORM a as One\nRUN x\nFROM b")
        assert [(stage.origin, stage.name, len(stage.instructions)) for stage in made.stages] == [("a", "One", 1), ("b", "", 0)]
        assert len(made.global_arguments) == 1

    def test_bytes_that_are_no_text_are_accepted_in_values(self) -> None:
        assert parse(decode(b"FROM a\nLABEL x=\xff")).instructions[1].value == "x=\ufffd"  # 39


class TestPositions:
    """Requirement: "exact positions (1-based line and column, end too) for every instruction"."""

    @given(
        st.lists(
            st.sampled_from(
                ["USER x", "  RUN a \\\n  # c\n\n   b", "COPY <<E /x\nRUN y\nE", "# c", "", "\tENV A=b\t", 'CMD [ \\\n "a"]', "é"]
            ),
            max_size=8,
        )
    )
    def test_the_text_at_a_span_is_the_part(self, parts: list[str]) -> None:
        text = "\n".join(["FROM a", *parts])
        made, _ = read(text)
        for item in made.instructions:
            assert at(made, item.keyword_span).upper() == item.keyword or item.keyword == "É"
            for word in item.words:
                assert at(made, item.at(word)) == word.text
        covered = {number for item in made.instructions for number in range(item.span.start.line, item.span.end.line + 1)}
        for number, line in enumerate(made.lines, 1):
            assert number in covered or not line.strip() or line.strip().startswith("#")


def at(made: Dockerfile, span: Span) -> str:
    assert span.start.line == span.end.line
    return made.lines[span.start.line - 1][span.start.column - 1 : span.end.column - 1]


ALPHABET = string.ascii_letters + string.digits + " \t\n\r\\`\"'#$<>{}[]=,:-&|;()/.@\x00\ufeff\u00a0é\x0b\x0c\x1c\x85\u2028\ud800"
FRAGMENTS = ["FROM a", "RUN ", "COPY ", "ADD ", "ENV ", "ARG ", "ONBUILD ", "CMD ", "LABEL ", "<<EOF", "<<-E", "EOF", "\\\n", "\n", "${", "}", ":-", "#", "/", "%", " ", '"', "'", "$", "# escape=`\n", "--from=", "--", "[", "]", "`", "A", "*", "?"]  # fmt: skip


class TestAnyText:
    """Requirement: "no crash, hang or quadratic blow-up on any input"."""

    @given(st.one_of(st.text(alphabet=ALPHABET, max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)))
    @settings(max_examples=400)
    @example("FROM a\n\\")
    @example("\\")
    @example("FROM a\n\x1cRUN x")
    def test_is_read_or_has_problems(self, text: str) -> None:
        made, problems = read(text)
        assert problems or made.stages
        for problem in problems:
            assert 1 <= problem.span.start.line <= text.count("\n") + 1
            assert problem.span.start.column >= 1
        for resolved in resolve(made, BuildInputs(platform="linux/arm64")).stages:
            for instruction, values in zip(resolved.stage.instructions, resolved.expanded, strict=True):
                assert values or not instruction.words or instruction.keyword in ("CMD", "ENTRYPOINT", "RUN", "SHELL", "ONBUILD")
                assert all(command.span for command in commands(instruction))

    @given(st.binary(max_size=200))
    def test_so_are_bytes(self, data: bytes) -> None:
        read(decode(data))

    @pytest.mark.parametrize(
        "text",
        [
            "FROM a\nRUN " + "a" * 1_000_000,
            "FROM a\nRUN " + "a " * 500_000,
            "FROM a\nRUN x" + "\\\n" * 200_000,
            "FROM a\nRUN x \\\n" + "# c\n" * 100_000,
            "FROM a\nENV " + 'A="b" ' * 100_000,
            "FROM a\nENV A=" + '"' * 100_001,
            "FROM a\nRUN " + "'" * 100_001 + " <<EOF",
            "FROM a\nRUN " + "<<EOF " * 20_000,
            "FROM a\nLABEL a=" + "${a:-" * 50_000,
            "FROM a\nLABEL a=" + "${a:-x}" * 50_000,
            "FROM a\nCMD " + "[" * 500_000,
            "FROM a\nCOPY " + "--a=b " * 100_000 + "x y",
            "FROM a\n" + "ENV A=$A$A$A$Ab\n" * 200,
            "ARG A=b\n" + "ARG A=$A$A\n" * 64 + "FROM $A",
            "FROM a AS s0\n" + "".join(f"FROM s{number} AS s{number + 1}\nENV V{number}=x\n" for number in range(8_000)),
            "ARG A=" + "a" * 60_000 + "\nFROM ${A##*a*a*a*a*a*a*b}",
            "ARG A=" + "a" * 60_000 + "\nFROM ${A//*a*a*a*b/c}",
            "FROM a\n" + "# optimizer: ignore LIO101\n" * 50_000,
            "\n" * 500_000,
            "\x00" * 500_000,
            "FROM a\nRUN " + "$(" * 100_000,
            "FROM a\nRUN " + "sh -c " * 50_000,
            "FROM a\nRUN " + "\\ " * 300_000,
            "FROM a\nRUN a" + " " * 500_000 + "b",
            " " * 500_000 + "x",
        ],
        ids=lambda text: f"{text[:24]!r}…{text[-8:]!r}",
    )
    def test_of_a_megabyte_ends(self, text: str) -> None:
        made, _ = read(text)
        for stage in resolve(made, BuildInputs()).stages:
            for instruction in stage.stage.instructions:
                commands(instruction)


def test_an_instruction_is_a_value() -> None:
    assert parse("FROM a").instructions[0] == parse("FROM a").instructions[0]
    assert isinstance(hash(parse("FROM a").instructions[0]), int)
    assert isinstance(parse("FROM a").instructions[0], Instruction)
