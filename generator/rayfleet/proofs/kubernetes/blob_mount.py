"""Mount options of BlobFuse2: which go together, and whether its caches fit the nodes that Ray runs on.

Each pod's mount is a process of its own beside the pod, outside its limits (blob-csi-driver, issue 1847). What it takes
is read from Azure/azure-storage-fuse at 74098e3 (2026-08-21): cmd/mount.go, component/*/*.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rayfleet.diagnostics import did_you_mean
from rayfleet.facts.blobfuse import (
    BLOCK_CACHE,
    BLOCK_MIB,
    BLOCK_SIZE,
    CACHE_FOLDER,
    CACHE_PATH,
    CACHE_SIZE,
    FILE_CACHE_OPTIONS,
    FUSE_OPTIONS,
    LEAST_PREFETCH,
    OPTIONS,
    POOL_SIZE,
    PREFETCH,
    PRELOAD,
    STREAMING,
)
from rayfleet.facts.catalogue import VmSize
from rayfleet.facts.labels import ROLE
from rayfleet.proofs.finding import Finding, failed, noted, proved, warned
from rayfleet.tree import RenderedCluster, Side, entries, get
from rayfleet.tree.blob_volume import BlobVolume
from rayfleet.tree.node_pool import Pool

# A pool that leaves room for few mounts besides starves the pods of a node.
LARGE_SHARE = 4
_TRUE, _NUMBER = ("", "1", "t", "true"), re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")


class Option(NamedTuple):
    """``value`` is empty for an option without one."""

    value: str
    side: Side

    @property
    def is_on(self) -> bool:
        return self.value.lower() in _TRUE

    @property
    def number(self) -> float | None:
        return float(self.value) if _NUMBER.fullmatch(self.value) else None


class Options(NamedTuple):
    """``named`` holds the last of each name, which is the one that counts; ``fuse`` those of -o."""

    named: dict[str, Option]
    fuse: dict[str, Option]

    def is_on(self, name: str) -> bool:
        return name in self.named and self.named[name].is_on


def options(volume: BlobVolume) -> Options:
    """The mount options of a volume."""
    found = Options({}, {})
    for index, written in enumerate(entries(volume.manifest.data, *volume.options_path)):
        side = volume.manifest.side(*volume.options_path, index)
        option = str(written).strip()
        if option.startswith("-o"):
            parts = option.removeprefix("-o").strip(" =").split(",")
            found.fuse.update({part.strip(): Option("", side) for part in parts})
        elif option:
            name, *value = re.split("[= ]", option, maxsplit=1)
            found.named[name] = Option("".join(value).strip(), side)
    return found


def speaks_dfs(volume: BlobVolume) -> bool:
    """True where it is mounted by the dfs endpoint."""
    return options(volume).is_on("--use-adls")


def judge(cluster: RenderedCluster, volume: BlobVolume, used: bool) -> Iterator[Finding]:
    """The options of one volume or storage class; ``used``: something is mounted by them."""
    given = options(volume)
    side = volume.manifest.side(*volume.options_path)
    found = [*_unknown_options(cluster, volume, given), *_modes(cluster, volume, given)]
    if given.is_on(BLOCK_CACHE):
        found += _block_cache(cluster, volume, given, side)
    elif not given.is_on(STREAMING) and not given.is_on(PRELOAD):
        cached = _file_cache(cluster, volume, given, side)
        found += [row for row in cached if used or row.outcome != "noted"]
    if "allow_other" not in given.fuse and not given.is_on("--allow-other"):
        # libfuse, mount.fuse: allow_other; the driver mounts as root.
        what = f"{volume.name} is mounted without -o allow_other: only root reads it"
        found.append(
            failed("storage/mount-root-only", cluster.name, what, "add -o allow_other to its mountOptions", side)
        )
    yield from found
    if not any(row.outcome in ("failed", "warned") for row in found):
        yield proved("storage/mount-option", cluster.name, f"the mount options of {volume.name} go together", side)


# --- which go together ---


def _unknown_options(cluster: RenderedCluster, volume: BlobVolume, given: Options) -> Iterator[Finding]:
    for name, option in given.named.items():
        plain = name.removeprefix("--")
        if name == plain or plain not in OPTIONS:
            what = f"{volume.name}: BlobFuse2 has no option {name}{did_you_mean(plain, OPTIONS)}, and exits"
            yield warned("storage/unknown-mount-option", cluster.name, what, "correct or remove it", option.side)
    for name, option in given.fuse.items():
        if not name.startswith(FUSE_OPTIONS):
            what = f"{volume.name}: BlobFuse2 does not accept -o {name}, and exits"
            yield failed("storage/mount-option", cluster.name, what, "remove it", option.side)
    if "direct_io" in given.fuse and given.is_on("--disable-kernel-cache"):
        what = f"{volume.name}: BlobFuse2 accepts --disable-kernel-cache or -o direct_io, not both, and exits"
        sides = given.named["--disable-kernel-cache"].side, given.fuse["direct_io"].side
        yield failed("storage/mount-options-clash", cluster.name, what, "remove one", *sides)


def _modes(cluster: RenderedCluster, volume: BlobVolume, given: Options) -> Iterator[Finding]:
    """One way to cache, and no option of another (cmd/mount.go: --streaming, then --block-cache, then --preload)."""
    modes = [mode for mode in (STREAMING, BLOCK_CACHE, PRELOAD) if given.is_on(mode)]
    if len(modes) > 1:
        what = f"{volume.name}: {' and '.join(modes)} exclude each other"
        yield failed(
            "storage/mount-options-clash", cluster.name, what, "keep one", *(given.named[mode].side for mode in modes)
        )
        return
    others = FILE_CACHE_OPTIONS if modes else {name for name in given.named if name.startswith(f"{BLOCK_CACHE}-")}
    if modes == [BLOCK_CACHE] or not modes:
        for name in sorted(others & set(given.named)):
            what, side = f"{volume.name}: {name} has no effect", given.named[name].side
            if modes:
                sides = (given.named[mode].side for mode in modes)
                what = f"{what} beside {BLOCK_CACHE}"
                yield warned("storage/mount-option-unused", cluster.name, what, "remove it", side, *sides)
            else:
                # The file cache is on, which none of these bounds.
                what, fix = f"{what} without {BLOCK_CACHE}", f"remove it, or add {BLOCK_CACHE}"
                yield failed("storage/block-cache-off", cluster.name, what, fix, side)


def _block_cache(cluster: RenderedCluster, volume: BlobVolume, given: Options, side: Side) -> Iterator[Finding]:
    """component/block_cache/block_cache.go: Configure."""
    unread = [
        name for name in (BLOCK_SIZE, POOL_SIZE, PREFETCH) if name in given.named and given.named[name].number is None
    ]
    for name in unread:
        yield _no_number(cluster, volume, name, given.named[name])
    if unread:
        return
    if POOL_SIZE not in given.named:
        what = f"{volume.name} has a block cache without a size: each mount takes most of the node's free memory"
        yield failed("storage/block-cache-unbounded", cluster.name, what, f"add {POOL_SIZE}=2048", side)
        return
    pool, block = (
        given.named[POOL_SIZE].number or 0,
        given.named[BLOCK_SIZE].number or 0 if BLOCK_SIZE in given.named else BLOCK_MIB,
    )
    nodes = _nodes(cluster)
    prefetch = given.named.get(PREFETCH)
    blocks, of = (prefetch.number or 0, prefetch.side) if prefetch else (0, side)
    if prefetch and 0 < blocks < LEAST_PREFETCH:
        what = (
            f"{volume.name}: a prefetch of {blocks:g} is neither 0 nor at least {LEAST_PREFETCH}, and BlobFuse2 exits"
        )
        yield failed("storage/block-cache-prefetch", cluster.name, what, f"write 0, or {LEAST_PREFETCH} or more", of)
    elif not prefetch and nodes:
        # Its own default follows the node.
        node, vm = max(nodes, key=lambda row: row[1].vcpus)
        blocks, of = max(LEAST_PREFETCH, 2 * vm.vcpus), node.side("vmSize")
    if not 0 < block <= pool or blocks * block > pool:
        what = f"{volume.name} reads {blocks:g} blocks of {block:g} MiB ahead, and its pool has {pool:g} MiB: it exits"
        yield failed(
            "storage/block-cache-prefetch",
            cluster.name,
            what,
            f"let {PREFETCH} x {BLOCK_SIZE} be at most {POOL_SIZE}",
            given.named[POOL_SIZE].side,
            of,
        )
    if nodes:
        yield from _memory(cluster, volume, given.named[POOL_SIZE], *min(nodes, key=lambda row: row[1].memory_gib))


# --- what fits a node ---


def _nodes(cluster: RenderedCluster) -> list[tuple[Pool, VmSize]]:
    """The pools that Ray pods run on: all of users but those that say otherwise."""
    users = [pool for pool in cluster.pools if not pool.system and pool.labels.get(ROLE, "ray") == "ray"]
    return [(pool, pool.vm) for pool in users if pool.vm]


def _memory(cluster: RenderedCluster, volume: BlobVolume, pool: Option, node: Pool, vm: VmSize) -> Iterator[Finding]:
    mib, has = pool.number or 0, vm.memory_gib * 1024
    takes = f"{volume.name}: each mount takes {mib:g} MiB of memory, and a node of {node.name} has {has:g} MiB"
    sides = pool.side, node.side("vmSize")
    if mib > has:
        yield failed("storage/mount-memory", cluster.name, takes, f"lower {POOL_SIZE}", *sides)
    elif mib * LARGE_SHARE > has:
        few = f"{takes}: {has // mib:g} pods leave nothing"
        yield warned("storage/mount-memory-tight", cluster.name, few, f"lower {POOL_SIZE}, or use larger nodes", *sides)
    else:
        yield proved("storage/mount-memory", cluster.name, takes, *sides)


def _file_cache(cluster: RenderedCluster, volume: BlobVolume, given: Options, side: Side) -> Iterator[Finding]:
    """component/file_cache/file_cache.go: Configure."""
    size = given.named.get(CACHE_SIZE)
    if size and size.number is None:
        yield _no_number(cluster, volume, CACHE_SIZE, size)
        return
    if size is None or not size.number:
        what = (
            f"{volume.name} has a file cache without a size: each mount may fill 80% of what the node's disk has free"
        )
        yield warned(
            "storage/file-cache-unbounded",
            cluster.name,
            what,
            f"add {CACHE_SIZE} to its mountOptions",
            size.side if size else side,
        )
        return
    path, wants = given.named[CACHE_PATH].value if CACHE_PATH in given.named else CACHE_FOLDER, size.number / 1024
    rooms = {pool: room for pool, vm in _nodes(cluster) if (room := _disk(pool, vm, path)) is not None}
    for pool in sorted(rooms, key=lambda pool: rooms[pool])[:1]:
        has = f"a node of {pool.name} has {rooms[pool]:g} GiB for it"
        holds = f"{volume.name}: each mount caches {wants:g} GiB of files, and {has}"
        sides = size.side, pool.side("vmSize")
        if wants > rooms[pool]:
            fix = f"lower {CACHE_SIZE}, or use a VM size with a larger local disk"
            yield failed("storage/file-cache-too-large", cluster.name, holds, fix, *sides)
        elif 2 * wants > rooms[pool]:
            yield warned(
                "storage/file-cache-tight",
                cluster.name,
                f"{holds}: two pods that mount may fill it",
                f"lower {CACHE_SIZE}",
                *sides,
            )
        else:
            yield proved("storage/file-cache-too-large", cluster.name, holds, *sides)
    # component/file_cache/file_cache.go: Stop cleans the folder, which is the volume's (see CACHE_FOLDER).
    what = f"{volume.name}: its pods on a node cache files in one folder, and the first that ends empties it for all"
    yield noted("storage/file-cache-shared", cluster.name, what, size.side)


def _no_number(cluster: RenderedCluster, volume: BlobVolume, name: str, option: Option) -> Finding:
    what = f"{volume.name}: {name} is {option.value or 'empty'}, which is no number, and BlobFuse2 exits"
    return failed("storage/mount-option", cluster.name, what, "write a number", option.side)


def _disk(pool: Pool, vm: VmSize, path: str) -> float | None:
    """GiB that a cache in a folder may fill: what the OS leaves of the temporary disk, else the OS disk; None where AKS
    chooses its size, or nobody says what disks a node has.
    """
    if not pool.by_aks:
        return None
    written = get(pool.data, "osDiskSizeGB")
    os_disk = float(written) if isinstance(written, int | float) else None
    left = vm.local_disk_gib - ((os_disk or 0) if get(pool.data, "osDiskType") == "Ephemeral" else 0)
    return left if left > 0 and f"{path}/".startswith(f"{CACHE_FOLDER}/") else os_disk
