"""Who uses an image, over several accounts, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace

from optimizer.audit.audit import audit
from optimizer.audit.inventory import Gap, Inventory
from optimizer.audit.usage import Usage, others_allowed
from optimizer.model.ecr import EcrRegistry
from tests.audit.fake import NOW, PLACE, Fleet, Image, read

OTHER = EcrRegistry(account="999999999999", region=PLACE.region)
ALLOWED = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER.account}:root"}, "Action": "ecr:*"}


def fleets() -> tuple[Fleet, Fleet]:
    """The images of one account, and the functions of another that run them."""
    images = Fleet({"shop": [Image("used", {"a": 1}), Image("idle", {"b": 1})]}, {})
    functions = Fleet({}, {"api": {"$LATEST": ("shop", "used"), "1": ("shop", "used")}}, place=OTHER, registry=PLACE)
    return images, functions


def with_policy(inventory: Inventory, *statements: dict[str, object]) -> Inventory:
    places = [
        replace(place, repositories=tuple(replace(item, policy=statements) for item in place.repositories)) for place in inventory.places
    ]
    return replace(inventory, places=tuple(places))


class TestAcrossAccounts:
    def test_a_function_of_another_account_is_a_user(self) -> None:
        found = audit(read(fleets()), now=NOW)
        assert [item.image.digest for item in found.unused] == [Image("idle").digest]
        assert {item.state for function in found.functions for item in function.versions} == {"there"}

    def test_a_version_that_is_published_while_accounts_are_read_is_seen(self) -> None:
        """All repositories are read before any function, in whichever order the accounts stand."""
        images, functions = fleets()
        repositories = {"shop": [*images.repositories["shop"]]}

        def publish() -> None:
            if len(repositories["shop"]) == 2:
                repositories["shop"].append(Image("new", {"c": 1}))
                functions.functions = {"api": {"$LATEST": ("shop", "new"), "1": ("shop", "used"), "2": ("shop", "idle")}}

        images.repositories, functions.listing = repositories, publish
        for order in ([images, functions], [functions, images]):
            repositories["shop"] = repositories["shop"][:2]
            found = audit(read(order), now=NOW)
            assert {item.state for function in found.functions for item in function.versions} == {"there"}
            assert found.unused == ()

    def test_an_image_of_an_account_that_was_not_read_is_not_gone(self) -> None:
        _, functions = fleets()
        found = audit(read([functions]), now=NOW)
        assert {item.state for function in found.functions for item in function.versions} == {"unknown"}

    def test_one_that_is_gone_from_an_account_that_was_read_is(self) -> None:
        images, functions = fleets()
        functions.functions = {"api": {"$LATEST": ("shop", "lost")}, "other": {"$LATEST": ("nowhere", "lost")}}
        found = audit(read([functions, images]), now=NOW)
        assert {item.state for function in found.functions for item in function.versions} == {"gone"}


class TestDoubt:
    def doubts(self, inventory: Inventory) -> set[str]:
        return {item.doubt for item in audit(inventory, now=NOW).unused}

    def test_without_one_no_function_can_run_it(self) -> None:
        assert self.doubts(read(fleets())) == {""}

    def test_accounts_that_may_pull_and_were_not_read(self) -> None:
        images, _ = fleets()
        (doubt,) = self.doubts(with_policy(images.read(), ALLOWED))
        assert doubt == f"its policy lets others pull whose functions were not read: {OTHER.account}"
        assert self.doubts(with_policy(read(fleets()), ALLOWED)) == {""}

    def test_functions_that_could_not_be_read(self) -> None:
        inventory = read(fleets())
        gap = Gap(place=PLACE, what="functions", action="lambda:ListFunctions", reason="no", kind="permission", hides="users")
        first, second = inventory.places
        assert self.doubts(replace(inventory, places=(replace(first, gaps=(gap,)), second))) == {
            f"not all functions of {PLACE.account}, {PLACE.region} could be read"
        }

    def test_digests_that_lambda_does_not_tell(self) -> None:
        inventory = read(fleets())
        first, second = inventory.places
        lost = tuple(replace(version, image=f"{PLACE.host}/shop:tag", resolved="") for version in second.versions)
        inventory = replace(inventory, places=(first, replace(second, versions=lost)))
        assert self.doubts(inventory) == {"Lambda does not tell the digest of some functions' image"}
        assert len(Usage(inventory).unresolved) == 2


def test_who_is_allowed_by_a_policy() -> None:
    own = PLACE.account
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    condition = {"StringLike": {"aws:sourceARN": f"arn:aws:lambda:eu-central-1:{OTHER.account}:function:*"}}
    assert others_allowed([service, {**ALLOWED, "Principal": {"AWS": [own]}}], own) == set()
    assert others_allowed([{**service, "Condition": condition}], own) == {OTHER.account}
    assert others_allowed([{**ALLOWED, "Principal": "*"}], own) == {"everybody"}
    assert others_allowed([{"Effect": "Allow", "NotPrincipal": {"AWS": own}}], own) == {"everybody"}
    assert others_allowed([{**ALLOWED, "Effect": "Deny"}], own) == set()
