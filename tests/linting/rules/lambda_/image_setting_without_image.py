from __future__ import annotations

from tests.linting.cases import Case, function

URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
ZIP = {"PackageType": "Zip", "Runtime": "python3.13", "Handler": "app.handler"}

# "Please don't provide ImageUri when updating a function with packageType Zip": https://github.com/umihico/pythonista-chromeless/issues/19;
# "ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`": SAM's translator, 1.115.0
CATCHES: list[Case] = [
    Case(function(properties={**ZIP, "ImageConfig": {"Command": ["a"]}}), (0,), "the function has ImageConfig and no image"),
    Case(function(properties={"Runtime": "python3.13", "ImageConfig": {"Command": ["a"]}}), (0,)),
    Case(function(properties={**ZIP, "Code": {"ImageUri": URI}}), (0,), "has PackageType: Zip and names an image"),
    Case(function(serverless=True, properties={**ZIP, "ImageUri": URI}), (0,)),
]
PASSES: list[Case] = [
    Case(function(properties={"PackageType": "Image", "ImageConfig": {"Command": ["a"]}, "Code": {"ImageUri": URI}})),
    # Which of the two it is, only a deployment knows.
    Case(function(properties={"PackageType": {"Ref": "Package"}, "ImageConfig": {"Command": ["a"]}})),
    # LIO686 says that SAM wants the package type.
    Case(function(serverless=True, properties={"ImageUri": URI, "ImageConfig": {"Command": ["a"]}})),
    Case(function(properties=ZIP)),
]
