"""What storage and snapshots cost a month, by the list prices of one Region.

The data is ``prices.json`` beside this file, with the source of each price, and
whether that is AWS's own page (``published``) or others (``reported``).  One GB
of storage is 10^9 bytes here, one GB of memory is 1,024 MB.
"""

from __future__ import annotations

import json
import pkgutil
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in dollars, of the Region and day that the data names."""

    storage_gb_month: float
    snapshot_gb_second: float
    month_hours: float
    region: str
    as_of: str
    data: Any

    @classmethod
    def load(cls) -> Prices:
        """Those that come with this package."""
        data = json.loads(pkgutil.get_data(__name__, "prices.json") or b"")
        items = data["items"]
        return cls(
            storage_gb_month=items["ecr_standard_gb_month"]["price"],
            snapshot_gb_second=items["snapstart_cache_gb_second"]["price"],
            month_hours=data["month_hours"],
            region=data["region"],
            as_of=data["as_of"],
            data=data,
        )

    def storage(self, size: int) -> float:
        """What so many bytes in the standard class cost a month."""
        return size / 1e9 * self.storage_gb_month

    def snapshot(self, memory: int) -> float:
        """What the snapshot of a version with so many MB costs a month, beside each restore."""
        return memory / 1024 * self.snapshot_gb_second * self.month_hours * 3600
