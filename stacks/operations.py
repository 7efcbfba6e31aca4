"""What runs behind the shop: receipts, invoices, stock reports and the audit trail."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from optimizer import Extension, GoBuild, ImageSpec, JavaBuild, NodeDependencies, SourceCode
from optimizer.cdk import OptimizedFunction


def receipts_image(architecture: str) -> ImageSpec:
    """The image of the Node.js function, whose code speaks the restore protocol of SnapStart."""
    return ImageSpec(
        runtime="nodejs22.x",
        architecture=architecture,
        snapstart="hooks",
        steps=[
            SourceCode("functions/receipts", name="code", exclude=["package.json", "package-lock.json"]),
            NodeDependencies("functions/receipts/package-lock.json", name="packages", scripts=False),
        ],
    )


def invoice_image(architecture: str) -> ImageSpec:
    """The image of the Java function."""
    return ImageSpec(runtime="java21", architecture=architecture, steps=[JavaBuild("functions/invoice", name="invoice")])


def ingest_image(architecture: str) -> ImageSpec:
    """The image of the Go function: one static program."""
    return ImageSpec(runtime="provided.al2023", architecture=architecture, steps=[GoBuild("functions/ingest", name="ingest")])


def audit_image(architecture: str) -> ImageSpec:
    """The image of the audit trail, with a Lambda extension beside the function."""
    return ImageSpec(
        runtime="python3.13",
        architecture=architecture,
        steps=[
            SourceCode("functions/audit", name="code"),
            Extension("functions/extensions/telemetry.py", name="telemetry"),
        ],
    )


class OperationsStack(cdk.Stack):
    """The functions that answer queues, events and one another."""

    def __init__(self, scope: Construct, id: str, *, architecture: str, **properties: Any) -> None:
        super().__init__(scope, id, description="Shop: receipts, invoices, stock reports and audit trail", **properties)
        receipts = OptimizedFunction(
            self,
            "Receipts",
            spec=receipts_image(architecture),
            handler="index.handler",
            description="Shop: renders receipts",
            timeout=cdk.Duration.seconds(10),
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS,
        )
        # SnapStart works on published versions; whoever renders receipts calls this one.
        receipts.add_alias("live")
        OptimizedFunction(
            self,
            "Invoice",
            spec=invoice_image(architecture),
            handler="shop.invoice.Handler::handle",
            description="Shop: makes invoices",
            memory_size=1024,
            timeout=cdk.Duration.seconds(20),
        )
        self._add_ingest(architecture)
        self._add_audit(architecture)

    def _add_ingest(self, architecture: str) -> None:
        refused = sqs.Queue(self, "RefusedReports", enforce_ssl=True, retention_period=cdk.Duration.days(14))
        # A message stays hidden for six times the function's time-out, as Lambda's guide asks.
        reports = sqs.Queue(
            self,
            "StockReports",
            enforce_ssl=True,
            visibility_timeout=cdk.Duration.seconds(180),
            dead_letter_queue=sqs.DeadLetterQueue(queue=refused, max_receive_count=3),
        )
        ingest = OptimizedFunction(
            self,
            "Ingest",
            spec=ingest_image(architecture),
            handler="bootstrap",
            description="Shop: reads suppliers' stock reports",
            timeout=cdk.Duration.seconds(30),
        )
        ingest.add_event_source(sources.SqsEventSource(reports, report_batch_item_failures=True))

    def _add_audit(self, architecture: str) -> None:
        audit = OptimizedFunction(
            self,
            "Audit",
            spec=audit_image(architecture),
            handler="app.handler",
            description="Shop: keeps the audit trail",
            timeout=cdk.Duration.seconds(10),
        )
        events.Rule(
            self,
            "BusinessEvents",
            description="Everything that the shop's own services report",
            event_pattern=events.EventPattern(source=events.Match.prefix("shop.")),
            targets=[targets.LambdaFunction(audit)],
        )
