"""How a registered cloud resource differs from the rendered one."""

from __future__ import annotations

import pytest

from rayfleet.anyscale.cloud import differences

RENDERED = {
    "name": "east",
    "provider": "AZURE",
    "region": "eastus",
    "object_storage": {
        "bucket_name": "abfss://a@b.dfs.core.windows.net",
        "endpoint": "https://b.blob.core.windows.net",
    },
}


@pytest.mark.parametrize(
    ("registered", "different"),
    [
        (RENDERED, []),
        ({**RENDERED, "cloud_resource_id": "cldrsrc_1", "operator_status": "HEALTHY"}, []),
        ({**RENDERED, "provider": "azure"}, []),
        ({"name": "east"}, []),  # Anyscale may keep the rest to itself
        ({**RENDERED, "region": "westus2"}, [("region", "westus2", "eastus")]),
        ({**RENDERED, "object_storage": {"bucket_name": "abfss://c@b.dfs.core.windows.net"}},
         [("object_storage.bucket_name", "abfss://c@b.dfs.core.windows.net", "abfss://a@b.dfs.core.windows.net")]),
        ({**RENDERED, "object_storage": {"endpoint": "https://b.blob.core.windows.net/"}}, []),
    ],
)  # fmt: skip
def test_differences(registered: dict[str, object], different: list[tuple[object, ...]]) -> None:
    assert list(differences(registered, RENDERED)) == different
