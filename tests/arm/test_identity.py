"""Credentials of service accounts."""

from __future__ import annotations

from rayfleet.arm.identity import federated_credentials
from tests.testing.smallest_fleet import build, smallest


def test_each_credential_waits_for_the_one_before() -> None:
    """Azure refuses writes to one identity that come at once (docs: entra/workload-id, federated identity credential
    considerations).
    """
    (cluster,) = build(smallest(serviceAccounts=["team/one", "team/two"])).clusters
    rows = federated_credentials(cluster)
    assert [row["name"].rpartition("/")[2] for row in rows] == [
        account.credential for account in cluster.ray.service_accounts
    ]
    assert len(rows) >= 3
    waits = [[str(row["dependsOn"][-1]), len(row["dependsOn"])] for row in rows]
    assert waits[0] == ["resourceId('Microsoft.ContainerService/managedClusters', 'one')", 2]
    for (said, number), before in zip(waits[1:], rows, strict=False):
        identity, _, credential = before["name"].partition("/")
        assert said == f"resourceId('{before['type']}', '{identity}', '{credential}')" and number == 3
