"""The blob storage that all clusters share, and the volume through which each mounts it."""

from __future__ import annotations

from dataclasses import dataclass

from rayfleet.facts.blobfuse import (
    BLOCK_CACHE,
    BLOCK_MIB,
    BLOCK_SIZE,
    CACHE_SIZE,
    FILE_CACHE_PROCESS_MIB,
    LEAST_PREFETCH,
    POOL_SIZE,
    PREFETCH,
)
from rayfleet.facts.storage import BLOB_HOST, DFS_HOST

PREFETCH_SHARE = 4  # the part of the pool that one file may read ahead


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """A rule that moves blobs under ``prefix`` on. Days; None where the step is not taken."""

    name: str
    prefix: str
    since_access: bool
    cool_after: int | None
    cold_after: int | None
    archive_after: int | None
    delete_after: int | None


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage account."""

    account: str
    container: str
    more_containers: tuple[str, ...]
    region: str
    redundancy: str
    access_tier: str
    soft_delete_days: int
    cors_origins: tuple[str, ...]
    lifecycle: tuple[LifecycleRule, ...]

    @property
    def sku(self) -> str:
        """ARM's name of the redundancy."""
        return f"Standard_{self.redundancy}"

    @property
    def containers(self) -> tuple[str, ...]:
        """Every container, the mounted one first."""
        return (self.container, *self.more_containers)

    @property
    def bucket_url(self) -> str:
        """The container as Anyscale's ``bucket_name``."""
        return f"abfss://{self.container}@{self.account}.{DFS_HOST}"

    @property
    def blob_endpoint(self) -> str:
        """The account's blob endpoint."""
        return f"https://{self.account}.{BLOB_HOST}"

    @property
    def volume_handle(self) -> str:
        """The name by which the blob driver knows the mounted container (its documented form)."""
        return f"{self.account}_{self.container}"

    @property
    def tracks_access(self) -> bool:
        """True where a rule needs to know when a blob was last read."""
        return any(rule.since_access for rule in self.lifecycle)


@dataclass(frozen=True, slots=True)
class Volume:
    """The mounted container. One name for its StorageClass, PersistentVolume and PersistentVolumeClaim."""

    static: bool
    size: str
    block_cache: bool
    cache_mib: int

    name = "blob-fuse2"

    @property
    def mount_options(self) -> tuple[str, ...]:
        """Options of blobfuse2. The account has a hierarchical namespace, so the mount speaks to its dfs endpoint."""
        common = ("-o allow_other", "--use-adls=true", "--cancel-list-on-mount-seconds=10", "--log-level=LOG_WARNING")
        if self.block_cache:
            prefetch = max(LEAST_PREFETCH, self.cache_mib // BLOCK_MIB // PREFETCH_SHARE)
            return (
                *common,
                BLOCK_CACHE,
                f"{BLOCK_SIZE}={BLOCK_MIB}",
                f"{POOL_SIZE}={self.cache_mib}",
                f"{PREFETCH}={prefetch}",
                "--attr-cache-timeout=120",
            )
        return (
            *common,
            "--use-attr-cache=true",
            "--file-cache-timeout-in-seconds=120",
            f"{CACHE_SIZE}={self.cache_mib}",
        )

    @property
    def mount_mib(self) -> int:
        """Memory that one mount takes beside the pod that mounts."""
        return self.cache_mib if self.block_cache else FILE_CACHE_PROCESS_MIB
