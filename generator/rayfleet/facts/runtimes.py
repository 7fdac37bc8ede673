"""The runtimes: what runs Ray on a cluster, one row each."""

from __future__ import annotations

from typing import NamedTuple

from rayfleet.facts.charts import anyscale_operator
from rayfleet.facts.charts.chart import Chart


class Runtime(NamedTuple):
    """``operator`` is the chart that makes Ray's pods."""

    name: str
    operator: Chart


TABLE: tuple[Runtime, ...] = (Runtime("anyscale", anyscale_operator.CHART),)
#: That of every cluster: no fleet says another yet.
DEFAULT = TABLE[0]
