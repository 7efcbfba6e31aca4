"""``samconfig`` files that are changed: the text of all else stays, and what has no place for a value is refused."""

from __future__ import annotations

import pytest
import tomlkit

from optimizer.sam.configuration import configured
from optimizer.sam.edits import NotEditable
from optimizer.sam.generated import configuration_changes

REPOSITORY = "localhost:5000/shop"


def changed(text: str) -> str:
    changes = configuration_changes(tomlkit.parse(text).unwrap(), "default", repository=REPOSITORY, buildkit=True)
    return configured(text, changes, is_toml=True)


def test_new_tables_stand_apart_and_comments_stay() -> None:
    text = "version = 0.1\n[default.build.parameters]\ncached = true # ours\n\n[prod.deploy.parameters]\nstack_name = 'x' # p\n"
    assert changed(text) == (
        "version = 0.1\n[default.build.parameters]\ncached = true # ours\nparallel = true\nuse_buildkit = true\n\n"
        f'[default.deploy.parameters]\nimage_repository = "{REPOSITORY}"\n\n'
        f'[default.package.parameters]\nimage_repository = "{REPOSITORY}"\n\n'
        "[prod.deploy.parameters]\nstack_name = 'x' # p\n"
    )
    assert changed(changed(text)) == changed(text)


def test_line_ends_of_windows_stay() -> None:
    text = "version = 0.1\r\n[default.build.parameters]\r\ncached = true\r\n"
    after = changed(text)
    assert after.count("\n") == after.count("\r\n") > 8
    assert after.startswith(text)
    assert changed("version = 0.1\n").count("\r") == 0


@pytest.mark.parametrize(
    "text",
    [
        "[default]\nbuild = {parameters = {cached = true}}\n",
        "[default.build]\nparameters = {cached = true}\n",
        'default.build.parameters.use_buildkit = "true"\n',
    ],
)
def test_tables_in_other_forms(text: str) -> None:
    data = tomlkit.parse(changed(text)).unwrap()
    assert data["default"]["build"]["parameters"] | {"cached": True} == {"cached": True, "parallel": True, "use_buildkit": True}
    assert data["default"]["deploy"]["parameters"] == {"image_repository": REPOSITORY}


@pytest.mark.parametrize("text", ["[[default]]\nx = 1\n", "default = 3\n", "[default]\nbuild = 3\n", "[default.build]\nparameters = [1]\n"])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(NotEditable, match="the text has no safe place for an edit: set default.build.parameters.parallel to true by hand"):
        changed(text)
