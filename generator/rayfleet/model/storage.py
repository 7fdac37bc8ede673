"""The blob storage that all clusters share, and the volume through which each mounts it."""

from __future__ import annotations

from dataclasses import dataclass

# blobfuse2 does not start when prefetch x block size exceeds the pool or prefetch is below 11, and its own default
# grows with the CPUs of the node (Azure/azure-storage-fuse, component/block_cache/block_cache.go): so we say both.
BLOCK_MIB = 16
LEAST_PREFETCH = 11
PREFETCH_SHARE = 4  # the part of the pool that one file may read ahead
# What a mount with a file cache takes beside its disk cache: our headroom, in MiB.
FILE_CACHE_PROCESS_MIB = 256


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
        return f"abfss://{self.container}@{self.account}.dfs.core.windows.net"

    @property
    def blob_endpoint(self) -> str:
        """The account's blob endpoint."""
        return f"https://{self.account}.blob.core.windows.net"

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
                "--block-cache",
                f"--block-cache-block-size={BLOCK_MIB}",
                f"--block-cache-pool-size={self.cache_mib}",
                f"--block-cache-prefetch={prefetch}",
                "--attr-cache-timeout=120",
            )
        return (
            *common,
            "--use-attr-cache=true",
            "--file-cache-timeout-in-seconds=120",
            f"--cache-size-mb={self.cache_mib}",
        )

    @property
    def mount_mib(self) -> int:
        """Memory that one mount takes beside the pod that mounts."""
        return self.cache_mib if self.block_cache else FILE_CACHE_PROCESS_MIB
