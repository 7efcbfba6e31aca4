"""Values set and removed in the text of a template."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.sam.document import Document, parse_document
from optimizer.sam.edits import Change, NotEditable, edited

API = ("Resources", "Api")
CONTEXT = (*API, "Metadata", "DockerContext")
COMMAND = (*API, "Properties", "ImageConfig", "Command")
HEAD = "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n"


def data(text: str) -> object:
    document = parse_document(text)
    assert isinstance(document, Document)
    return document.data


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        pytest.param(
            f"{HEAD}    Metadata: # of the build\n      DockerContext: ./api # code\n      DockerTag: v1\n",
            Change(CONTEXT, ".optimizer/api"),
            f"{HEAD}    Metadata: # of the build\n      DockerContext: .optimizer/api # code\n      DockerTag: v1\n",
            id="a value, beside its comment",
        ),
        pytest.param(
            f"{HEAD}    Metadata:\n      DockerTag: v1 # kept\n\n  # the next\n  Other: {{}}\n",
            Change(CONTEXT, "x"),
            f"{HEAD}    Metadata:\n      DockerTag: v1 # kept\n      DockerContext: x\n\n  # the next\n  Other: {{}}\n",
            id="a key, after the last and before the blank line",
        ),
        pytest.param(
            f"{HEAD}    Properties:\n      PackageType: Image\n",
            Change(COMMAND, ["app.handler"]),
            f"{HEAD}    Properties:\n      PackageType: Image\n      ImageConfig:\n        Command: [app.handler]\n",
            id="mappings that are not there",
        ),
        pytest.param(
            f"{HEAD}    Properties:\n      ImageConfig:\n        Command:\n          - old # first\n      Timeout: 3\n",
            Change(COMMAND, ["new", "more"]),
            f"{HEAD}    Properties:\n      ImageConfig:\n        Command:\n          - new\n          - more # first\n      Timeout: 3\n",
            id="a list in lines",
        ),
        pytest.param(
            f"{HEAD}    Metadata: {{Dockerfile: Dockerfile}}\n",
            Change(CONTEXT, "x"),
            f"{HEAD}    Metadata: {{DockerContext: x, Dockerfile: Dockerfile}}\n",
            id="in braces",
        ),
        pytest.param(f"{HEAD}    Metadata:\n", Change(CONTEXT, "x"), f"{HEAD}    Metadata:\n      DockerContext: x\n", id="an empty value"),
        pytest.param(
            f"{HEAD}    Metadata: # later\n",
            Change(CONTEXT, "x"),
            f"{HEAD}    Metadata: # later\n      DockerContext: x\n",
            id="empty but for a comment",
        ),
        pytest.param(
            f"{HEAD}    Metadata:\n      DockerBuildArgs:\n        A: b # gone\n      DockerTag: v1\n",
            Change((*API, "Metadata", "DockerBuildArgs"), None),
            f"{HEAD}    Metadata:\n      DockerTag: v1\n",
            id="a key of a mapping, with all below it",
        ),
        pytest.param(
            f"{HEAD}    Description: |\n      two\n      lines\n",
            Change(CONTEXT, "x"),
            f"{HEAD}    Description: |\n      two\n      lines\n    Metadata:\n      DockerContext: x\n",
            id="after a block of text",
        ),
        pytest.param(
            f"{HEAD}    Metadata:\r\n      DockerTag: v1\r\n".replace("\n", "\r\n").replace("\r\r", "\r"),
            Change(CONTEXT, "x"),
            f"{HEAD}    Metadata:\n      DockerTag: v1\n      DockerContext: x\n".replace("\n", "\r\n"),
            id="line ends of Windows",
        ),
        pytest.param(
            f"{HEAD}    Metadata:\n      DockerContext: ./api",
            Change(CONTEXT, "yes"),
            f'{HEAD}    Metadata:\n      DockerContext: "yes"',
            id="a word that is none",
        ),
        pytest.param(
            f"{HEAD}    Metadata:\n      DockerContext: !Ref Where\n",
            Change(CONTEXT, "x"),
            f"{HEAD}    Metadata:\n      DockerContext: x\n",
            id="an intrinsic function",
        ),
        pytest.param(
            '{\n  "Resources": {\n    "Api": {\n      "Type": "T"\n    }\n  }\n}\n',
            Change(CONTEXT, "x"),
            '{\n  "Resources": {\n    "Api": {\n      "Metadata": {"DockerContext": "x"},\n      "Type": "T"\n    }\n  }\n}\n',
            id="JSON",
        ),
        pytest.param(
            '{"Resources": {"Api": {"Metadata": {"A": 1, "DockerTag": "v"}}}}',
            Change((*API, "Metadata", "DockerTag"), None),
            '{"Resources": {"Api": {"Metadata": {"A": 1}}}}',
            id="the last key of JSON",
        ),
        pytest.param(
            '{\n\t"Resources": {\n\t\t"Api": {\n\t\t\t"Type": "T"\n\t\t}\n\t}\n}\n',
            Change(CONTEXT, "x"),
            '{\n\t"Resources": {\n\t\t"Api": {\n\t\t\t"Metadata": {"DockerContext": "x"},\n\t\t\t"Type": "T"\n\t\t}\n\t}\n}\n',
            id="JSON with tabs",
        ),
        pytest.param(
            f"Shared: &e {{A: b}}\n{HEAD}    Properties:\n      Environment: *e # all\n",
            Change(COMMAND, ["app.handler"]),
            f"Shared: &e {{A: b}}\n{HEAD}    Properties:\n      Environment: *e # all\n      ImageConfig:\n        Command: [app.handler]\n",
            id="after an alias",
        ),
        pytest.param(
            f"Shared: &m\n  DockerTag: v1\n{HEAD}    Metadata: *m\n",
            Change(CONTEXT, "x"),
            f"Shared: &m\n  DockerTag: v1\n{HEAD}    Metadata:\n      <<: *m\n      DockerContext: x\n",
            id="beside what an alias names",
        ),
        pytest.param(
            f"Shared: &m {{DockerTag: v1}}\n{HEAD[:-1]}\n    Metadata: *m\n".replace(
                "\n    Type", "\n    Properties: {Tags: *m}\n    Type"
            ),
            Change((*API, "Properties", "Tags", "A"), "x"),
            f"Shared: &m {{DockerTag: v1}}\n{HEAD[:-1]}\n    Metadata: *m\n".replace(
                "\n    Type", "\n    Properties: {Tags: {<<: *m, A: x}}\n    Type"
            ),
            id="beside what an alias names, in braces",
        ),
        pytest.param(
            f"Shared: &a [x86_64]\n{HEAD}    Properties:\n      Architectures: *a\n",
            Change((*API, "Properties", "Architectures"), ["arm64"]),
            f"Shared: &a [x86_64]\n{HEAD}    Properties:\n      Architectures: [arm64]\n",
            id="in the place of an alias",
        ),
        pytest.param(
            f"{HEAD}    Metadata: &m {{DockerTag: v1}}\n",
            Change(CONTEXT, "x"),
            f"{HEAD}    Metadata: &m {{DockerContext: x, DockerTag: v1}}\n",
            id="behind an anchor",
        ),
    ],
)
def test_all_else_stays_as_people_wrote_it(before: str, change: Change, after: str) -> None:
    """Requirement: "keeps comments, order and formatting of everything else (edits with a re-parse proof)"."""
    assert edited(before, [change]) == after
    assert edited(after, [change]) == after, "what is so already changes nothing"


@pytest.mark.parametrize(
    "before",
    [
        "Resources:\n  Api: &a\n    Metadata:\n      DockerTag: v1\n  Other: *a\n",
        "Resources:\n  Api:\n    <<: {Metadata: {DockerTag: v1}}\n",
        "Resources:\n  Api: text\n",
    ],
)
def test_what_has_no_safe_place_is_refused_by_name(before: str) -> None:
    try:
        after = edited(before, [Change(CONTEXT, "x")])
    except NotEditable as error:
        assert 'set Resources.Api.Metadata.DockerContext to "x" by hand' in str(error)
    else:
        # Where it could be done, nothing but this function says something else.
        others = data(before)
        assert isinstance(others, dict)
        assert {key: value for key, value in data(after).items() if key != "Resources"} == {  # type: ignore[attr-defined]
            key: value for key, value in others.items() if key != "Resources"
        }


def test_a_block_that_all_shall_have_so_is_edited_where_it_stands() -> None:
    text = "Resources:\n  A:\n    Metadata: &m\n      DockerTag: v1\n  B:\n    Metadata: *m\n"
    changes = [Change(("Resources", name, "Metadata", "DockerContext"), "x") for name in "AB"]
    assert edited(text, changes) == text.replace("v1\n", "v1\n      DockerContext: x\n")
    with pytest.raises(NotEditable):
        edited(text, changes[:1])


def test_every_change_without_a_place_is_told() -> None:
    text = "Resources:\n  A: &a {T: v}\n  B: *a\n  C: text\n"
    with pytest.raises(NotEditable) as raised:
        edited(text, [Change(("Resources", name, "D"), "x") for name in "AC"])
    assert [reason.rpartition("edit: ")[2] for reason in raised.value.args] == [f'set Resources.{name}.D to "x" by hand' for name in "AC"]


def test_many_changes_are_proven_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof reads the whole text: one for each change took a minute for 150 functions."""
    read: list[str] = []

    def counted(text: str) -> object:
        read.append(text)
        return parse_document(text)

    monkeypatch.setattr("optimizer.sam.edits.parse_document", counted)
    names = [f"F{number}" for number in range(150)]
    text = "Resources:\n" + "".join(f"  {name}:\n    Type: T\n    Metadata:\n      DockerTag: v\n" for name in names)
    changes = [Change(("Resources", name, "Metadata", key), "x") for name in names for key in ("Dockerfile", "DockerContext")]
    after = data(edited(text, changes))
    assert isinstance(after, dict)
    assert all(item["Metadata"] == {"DockerTag": "v", "Dockerfile": "x", "DockerContext": "x"} for item in after["Resources"].values())
    assert len(read) <= 6


KEYS = st.sampled_from(["Metadata", "Properties", "Type", "A", "Dockerfile", "yes", "a b", "1"])
VALUES = st.recursive(
    st.one_of(st.sampled_from(["x", "1", "yes", "", "a: b", "#", "- a", "é", "a\nb", "~"]), st.booleans()),
    lambda inner: st.one_of(
        st.lists(st.sampled_from(["x", "1", "a, b"]), max_size=3), st.dictionaries(KEYS, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=4),
    st.lists(KEYS, min_size=1, max_size=4),
    VALUES,
    st.sampled_from(["yaml", "flow", "json"]),
)
@settings(max_examples=300)
def test_an_edit_sets_one_value_or_is_refused(start: dict, path: list[str], value: object, form: str) -> None:
    import yaml

    text = json.dumps(start, indent=2) if form == "json" else yaml.safe_dump(start, default_flow_style=form == "flow", allow_unicode=True)
    try:
        after = edited(text, [Change(tuple(path), value)])  # type: ignore[arg-type]
    except NotEditable:
        return
    found = data(after)
    for key in path:
        assert isinstance(found, dict)
        found = found[key]
    assert found == value
    assert {key: item for key, item in data(after).items() if key != path[0]} == {  # type: ignore[attr-defined]
        key: item for key, item in start.items() if key != path[0]
    }
