from __future__ import annotations

from tests.linting.cases import Case, function
from tests.linting.snapstart import HIDDEN, restored

# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html: neither provisioned concurrency, EFS, S3 Files nor more than 512 MB of storage;
# tenant isolation: CDK 2.275 and SAM's translator 1.115.0 refuse it.
FILES = {
    "FileSystemConfigs": [
        {"Arn": "arn:aws:elasticfilesystem:eu-central-1:111122223333:access-point/fsap-1", "LocalMountPath": "/mnt/files"}
    ]
}
TENANTS = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}

CATCHES: list[Case] = [
    Case(restored(FILES), (0,), "SnapStart does not work with a file system (EFS or S3 Files)"),
    Case(restored(TENANTS), (0,), "does not work with tenant isolation"),
    Case(restored({"EphemeralStorage": {"Size": 513}}), (0,), "513 MB of ephemeral storage; allowed: 512 at most"),
    Case(restored({"EphemeralStorage": {"Size": "2048"}}), (0,), "2048 MB"),
    Case(restored({**FILES, **TENANTS, "EphemeralStorage": {"Size": 1024}}), (0, 0, 0), "SnapStart does not work with"),
]
PASSES: list[Case] = [
    Case(restored()),
    Case(restored({"EphemeralStorage": {"Size": 512}, "FileSystemConfigs": []})),
    # Without SnapStart, all of it is allowed.
    Case(function(properties={**FILES, "EphemeralStorage": {"Size": 10240}})),
    Case(restored({"EphemeralStorage": {"Size": {"Ref": "Size"}}}), inconclusive=1),
    Case(restored({"FileSystemConfigs": {"Fn::If": ["Shared", [], {"Ref": "AWS::NoValue"}]}}), inconclusive=1),
    Case(function(properties={**HIDDEN, **FILES}), inconclusive=1),
    Case(function(properties=HIDDEN)),
]
