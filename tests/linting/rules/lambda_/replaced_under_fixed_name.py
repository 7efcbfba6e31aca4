from __future__ import annotations

from tests.linting.cases import Case, function

# createOnlyProperties and conditionalCreateOnlyProperties of the schema of AWS::Lambda::Function:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
CATCHES: list[Case] = [
    Case(
        function(properties={"FunctionName": "orders", "DurableConfig": {"ExecutionTimeout": 1}}),
        (0,),
        "a name of its own and DurableConfig",
    ),
    Case(
        function(
            properties={"FunctionName": {"Fn::Sub": "${AWS::StackName}-orders"}, "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}
        ),
        (0,),
    ),
]
PASSES: list[Case] = [
    Case(function(properties={"DurableConfig": {"ExecutionTimeout": 1}})),
    Case(function(properties={"FunctionName": "orders"})),
    Case(function(properties={"FunctionName": "orders", "DurableConfig": {"Fn::If": ["A", {}, {}]}})),
]
