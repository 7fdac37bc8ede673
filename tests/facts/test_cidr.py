"""IPv4 ranges, against the standard library's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import assume, given
from hypothesis import strategies as st

from rayfleet.facts.cidr import Cidr

ADDRESSES = st.integers(0, 2**32 - 1)
PREFIXES = st.integers(0, 32)
NETWORKS = st.builds(lambda first, prefix: IPv4Network((first, prefix), strict=False), ADDRESSES, PREFIXES)
# Ranges that lie near each other: of two drawn from everywhere hardly any overlap.
NEAR = st.builds(
    lambda first, prefix: IPv4Network((0x0A000000 + first, prefix), strict=False),
    st.integers(0, 255),
    st.integers(20, 32),
)


def _cidr(network: IPv4Network) -> Cidr:
    return Cidr.parse(str(network))


@given(ADDRESSES, PREFIXES)
def test_text_comes_back_as_it_was(first: int, prefix: int) -> None:
    text = f"{IPv4Address(first)}/{prefix}"
    assert Cidr.parse(text) == (first, prefix)
    assert str(Cidr.parse(text)) == text


@given(ADDRESSES, PREFIXES)
def test_aligned_is_the_range_without_host_bits(first: int, prefix: int) -> None:
    network = IPv4Network((first, prefix), strict=False)
    assert str(Cidr(first, prefix).aligned) == str(network)
    assert (Cidr(first, prefix).aligned == Cidr(first, prefix)) == (int(network.network_address) == first)


@given(NETWORKS)
def test_bounds(network: IPv4Network) -> None:
    cidr = _cidr(network)
    assert (cidr.size, cidr.last) == (network.num_addresses, int(network.broadcast_address))


@given(st.data(), NETWORKS)
def test_address(data: st.DataObject, network: IPv4Network) -> None:
    offset = data.draw(st.integers(0, network.num_addresses - 1))
    assert _cidr(network).address(offset) == str(network[offset])


@given(NETWORKS | NEAR, NETWORKS | NEAR)
def test_overlaps(one: IPv4Network, other: IPv4Network) -> None:
    assert _cidr(one).overlaps(_cidr(other)) == one.overlaps(other)


@given(ADDRESSES, st.integers(24, 32), st.integers(-300, 300), st.integers(24, 32))
def test_ranges_with_host_bits_overlap_where_they_share_an_address(
    first: int, prefix: int, distance: int, other_prefix: int
) -> None:
    assume(first + distance >= 0)
    one, other = Cidr(first, prefix), Cidr(first + distance, other_prefix)
    addresses, others = range(first, one.last + 1), range(other.first, other.last + 1)
    assert one.overlaps(other) == bool(set(addresses) & set(others))


@given(st.data(), NETWORKS)
def test_blocks_cut_a_range_into_all_its_parts(data: st.DataObject, network: IPv4Network) -> None:
    prefix = data.draw(st.integers(network.prefixlen, min(32, network.prefixlen + 6)))
    parts = [str(part) for part in network.subnets(new_prefix=prefix)]
    cidr = _cidr(network)
    assert cidr.blocks(prefix) == len(parts)
    assert [str(cidr.block(prefix, index)) for index in range(len(parts))] == parts


@given(st.data(), NETWORKS)
def test_blocks_of_one_range_never_overlap(data: st.DataObject, network: IPv4Network) -> None:
    cidr = _cidr(network)
    prefix = data.draw(st.integers(network.prefixlen, 32))
    indexes = st.integers(0, cidr.blocks(prefix) - 1)
    one, other = data.draw(indexes), data.draw(indexes)
    assert cidr.block(prefix, one).overlaps(cidr.block(prefix, other)) == (one == other)
    assert cidr.first <= cidr.block(prefix, one).first and cidr.block(prefix, one).last <= cidr.last
    assert not cidr.overlaps(cidr.block(prefix, cidr.blocks(prefix)))


@given(NETWORKS)
def test_a_range_has_no_block_larger_than_itself(network: IPv4Network) -> None:
    assert all(_cidr(network).blocks(prefix) == 0 for prefix in range(network.prefixlen))
    assert _cidr(network).block(network.prefixlen, 0) == _cidr(network)


def test_the_blocks_of_the_reference_fleet() -> None:
    supernet = Cidr.parse("10.192.0.0/11")
    assert supernet.blocks(16) == 32
    assert [str(supernet.block(16, index)) for index in (0, 1, 31)] == [
        "10.192.0.0/16",
        "10.193.0.0/16",
        "10.223.0.0/16",
    ]
    assert not supernet.overlaps(supernet.block(16, 32))
