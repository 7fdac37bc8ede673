"""Storage: names that several outputs share, and mount options with which blobfuse2 starts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfleet import schema
from rayfleet.model.storage import Storage, Volume
from tests.testing.smallest_fleet import build, smallest

SIZES = schema.load("fleet")["$defs"]["volume"]["properties"]["cacheSizeMib"]


def _storage(**own: object) -> Storage:
    data = smallest()
    data["storage"] |= own
    return build(data).storage


def _options(volume: Volume) -> dict[str, str]:
    return dict(option.removeprefix("--").partition("=")[::2] for option in volume.mount_options)


def test_names() -> None:
    storage = _storage(account="fleetsa", container="blob-1", moreContainers=["models"], redundancy="GRS")
    assert storage.bucket_url == "abfss://blob-1@fleetsa.dfs.core.windows.net"
    assert storage.blob_endpoint == "https://fleetsa.blob.core.windows.net"
    assert storage.volume_handle == "fleetsa_blob-1"
    assert storage.containers == ("blob-1", "models")
    assert storage.sku == "Standard_GRS"
    assert storage.region == "eastus"


def test_defaults_are_safe() -> None:
    storage = _storage()
    assert (storage.sku, storage.access_tier, storage.soft_delete_days) == ("Standard_ZRS", "Hot", 7)
    (rule,) = storage.lifecycle
    assert (rule.name, rule.cool_after, rule.since_access) == ("cool-unused", 30, True)
    assert (rule.cold_after, rule.archive_after, rule.delete_after) == (None, None, None)


def test_the_default_rule_goes_when_the_fleet_says_that_there_is_none() -> None:
    """A default is for the silent; who wants no rule, or only rules of their own, must be able to say so."""
    assert _storage(lifecycle={}).lifecycle == ()


@pytest.mark.parametrize(("since", "tracks"), [("lastAccess", True), ("lastModification", False)])
def test_access_is_tracked_where_a_rule_needs_it(since: str, tracks: bool) -> None:
    modified = {"coolAfterDays": 1, "since": "lastModification"}
    assert _storage(lifecycle={"cool-unused": modified | {"since": since}, "z": modified}).tracks_access is tracks


def test_lifecycle_rules_keep_what_they_say_in_order_of_name() -> None:
    steps = {"coolAfterDays": 1, "coldAfterDays": 2, "deleteAfterDays": 4}
    rules = _storage(lifecycle={"cool-unused": {"coolAfterDays": 9}, "a": {**steps, "prefix": "runs/"}}).lifecycle
    assert [(rule.name, rule.cool_after) for rule in rules] == [("a", 1), ("cool-unused", 9)]
    first = rules[0]
    assert (first.prefix, first.cold_after, first.archive_after, first.delete_after) == ("runs/", 2, None, 4)


@given(st.integers(SIZES["minimum"], SIZES["maximum"]))
def test_blobfuse_starts_with_any_block_cache(cache_mib: int) -> None:
    """It refuses a prefetch below 11, and one whose blocks are more than the pool."""
    volume = Volume(static=True, size="1Ti", block_cache=True, cache_mib=cache_mib)
    options = _options(volume)
    assert int(options["block-cache-pool-size"]) == volume.mount_mib == cache_mib
    assert int(options["block-cache-prefetch"]) >= 11
    assert int(options["block-cache-prefetch"]) * int(options["block-cache-block-size"]) <= cache_mib


@given(st.integers(SIZES["minimum"], SIZES["maximum"]))
def test_a_file_cache_takes_disk_and_little_memory(cache_mib: int) -> None:
    volume = Volume(static=True, size="1Ti", block_cache=False, cache_mib=cache_mib)
    assert int(_options(volume)["cache-size-mb"]) == cache_mib
    assert volume.mount_mib == 256


@pytest.mark.parametrize("block_cache", [True, False])
def test_every_mount_speaks_to_the_dfs_endpoint_and_is_everyones(block_cache: bool) -> None:
    """The account has a hierarchical namespace; a mount is of root, and Ray pods are not."""
    options = Volume(static=True, size="1Ti", block_cache=block_cache, cache_mib=1024).mount_options
    assert {"-o allow_other", "--use-adls=true"} < set(options)
    assert any("block-cache" in option for option in options) is block_cache
    assert len({option.partition("=")[0] for option in options}) == len(options)


def test_the_volume_of_a_fleet() -> None:
    (cluster,) = build(smallest(volume={"cache": "file", "cacheSizeMib": 4096, "size": "5Ti"})).clusters
    assert cluster.volume == Volume(static=True, size="5Ti", block_cache=False, cache_mib=4096)
    (cluster,) = build(smallest(volume={"provisioning": "dynamic"})).clusters
    assert cluster.volume == Volume(static=False, size="10Ti", block_cache=True, cache_mib=2048)
