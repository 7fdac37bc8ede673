"""BlobFuse2 and the blob driver that mounts with it: their options, and what a mount takes beside the pod.

Read from Azure/azure-storage-fuse at 74098e3 (2026-08-21), cmd/mount.go and component/*/*.go, and from
kubernetes-sigs/blob-csi-driver (2026-08-22), pkg/blob.
"""

from __future__ import annotations

#: The driver's name, in volumes and storage classes.
DRIVER = "blob.csi.azure.com"

BLOCK_CACHE, STREAMING, PRELOAD = "--block-cache", "--streaming", "--preload"
BLOCK_SIZE, POOL_SIZE, PREFETCH = "--block-cache-block-size", "--block-cache-pool-size", "--block-cache-prefetch"
CACHE_SIZE, CACHE_PATH = "--cache-size-mb", "--tmp-path"
#: All options, without their dashes; one that it does not know ends it.
OPTIONS = frozenset({
    "config-file", "secure-config", "passphrase", "log-type", "cleanup-on-start", "log-level", "log-file-path",
    "log-goroutine-id", "log-compress", "foreground", "read-only", "lazy-write", "default-working-dir", "streaming",
    "block-cache", "preload", "use-attr-cache", "invalidate-on-sync", "pre-mount-validate", "basic-remount-check",
    "wait-for-mount", "disable-kernel-cache", "disable-version-check", "attr-cache-timeout", "no-symlinks",
    "cache-on-list", "attr-cache-max-size-mb", "use-https", "cancel-list-on-mount-seconds", "container-name",
    "use-adls", "max-concurrency", "http-proxy", "https-proxy", "max-retry", "max-retry-interval-in-seconds",
    "retry-delay-factor", "set-content-type", "ca-cert-file", "debug-libcurl", "virtual-directory", "subdirectory",
    "disable-compression", "telemetry", "honour-acl", "cpk-enabled", "preserve-acl", "filter", "cap-mbps-read",
    "cap-iops", "block-cache-block-size", "block-cache-pool-size", "block-cache-path", "block-cache-disk-size",
    "block-cache-disk-timeout", "block-cache-prefetch", "block-cache-parallelism", "block-cache-prefetch-on-open",
    "block-cache-strong-consistency", "block-size-mb", "max-blocks-per-file", "stream-cache-mb", "list-cache-timeout",
    "tmp-path", "file-cache-timeout", "file-cache-timeout-in-seconds", "cache-size-mb", "high-disk-threshold",
    "low-disk-threshold", "max-eviction", "empty-dir-check", "background-download", "cache-poll-timeout-msec",
    "upload-modified-only", "file-cache-policy", "sync-to-flush", "ignore-sync", "hard-limit", "attr-timeout",
    "entry-timeout", "negative-timeout", "allow-other", "disable-writeback-cache", "ignore-open-flags",
    "kernel-list-cache-timeout", "workers", "pool-size",
})  # fmt: skip
#: What only the file cache reads. The driver itself adds --tmp-path and --empty-dir-check to every mount
# (blob-csi-driver, pkg/blob/blob.go), so that those mean nothing.
FILE_CACHE_OPTIONS = frozenset({
    "--file-cache-timeout", "--file-cache-timeout-in-seconds", "--cache-size-mb", "--high-disk-threshold",
    "--low-disk-threshold", "--max-eviction", "--background-download", "--cache-poll-timeout-msec",
    "--upload-modified-only", "--file-cache-policy", "--sync-to-flush", "--ignore-sync", "--hard-limit",
})  # fmt: skip
#: Of -o, which takes nothing else (cmd/mount.go; common/types.go: those that it ignores).
FUSE_OPTIONS = (
    "allow_other", "allow_root", "ro", "nonempty", "direct_io", "attr_timeout=", "entry_timeout=",
    "negative_timeout=", "umask=", "uid=", "gid=", "default_permissions", "rw", "dev", "nodev", "suid", "nosuid",
    "delay_connect", "auto", "noauto", "user", "nouser", "exec", "noexec",
)  # fmt: skip
# What each cache cannot do. Block cache: a write before blocks that are uploaded already may fail when the file is
# closed (Azure/azure-storage-fuse#1537), and appending needs a file of the same block size (its CHANGELOG.md, 2.2.0).
# File cache: a process empties its cache folder when it stops (component/file_cache/file_cache.go, Stop), and mounts by
# token are a process for each pod, all with one folder for a volume (blob-csi-driver, pkg/blob/nodeserver.go; its
# append-timestamp-cache-dir is off by default). So block cache is what is mounted unless the fleet says otherwise.
#: The default block in MiB, and the least prefetch but none. It does not start when prefetch times block size exceeds
#: the pool, and its own default prefetch is twice the CPUs of the node (component/block_cache/block_cache.go).
BLOCK_MIB, LEAST_PREFETCH = 16, 11
#: The driver's cache folder is in /mnt (blob-csi-driver, pkg/blob/nodeserver.go): the temporary disk of VM sizes that
# have one (Azure docs, managed-disks-overview: temporary disk), else the OS disk.
CACHE_FOLDER = "/mnt"
#: What a mount with a file cache takes of memory beside its disk cache: our headroom, in MiB. One with a block cache
#: takes its pool.
FILE_CACHE_PROCESS_MIB = 256
