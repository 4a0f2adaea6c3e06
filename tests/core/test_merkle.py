"""The Merkle tree: published roots, every proof of small trees, and the forgeries that must not pass."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_proof,
    grew,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

PUBLISHED = json.loads((Path(__file__).parents[1] / "vectors" / "lists.json").read_text())["rfc6962"]
RECORDS = [bytes.fromhex(each) for each in PUBLISHED["leaves"]]
ROOTS = [bytes.fromhex(each) for each in PUBLISHED["roots"]]
MANY = [leaf_hash(bytes([number])) for number in range(33)]
SIZES = range(1, len(MANY) + 1)


def test_published_roots_come_out() -> None:
    assert [root_of([leaf_hash(each) for each in RECORDS[:size]]) for size in range(len(ROOTS))] == ROOTS


def test_compact_range_grown_leaf_by_leaf_has_the_published_roots() -> None:
    grown = CompactRange()
    roots = [grown.root()]
    for each in RECORDS:
        grown = grown.append(leaf_hash(each))
        roots.append(grown.root())
    assert roots == ROOTS


def test_root_is_the_one_that_the_definition_gives() -> None:
    def by_definition(leaves: list[bytes]) -> bytes:
        if len(leaves) < 2:
            return leaves[0] if leaves else EMPTY_ROOT
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))

    assert [root_of(MANY[:size]) for size in (0, *SIZES)] == [by_definition(MANY[:size]) for size in (0, *SIZES)]


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proven_at_its_own_place_and_at_no_other(size: int) -> None:
    leaves, root = MANY[:size], root_of(MANY[:size])
    for index in range(size):
        proof = inclusion_proof(leaves, index)
        fits = [place for place in range(size) if includes(root, size, leaves[index], place, proof)]
        assert fits == [index]


@pytest.mark.parametrize("size", SIZES)
def test_every_earlier_tree_is_proven_to_be_the_beginning(size: int) -> None:
    for old in range(1, size + 1):
        proof = consistency_proof(MANY[:size], old)
        assert grew((old, root_of(MANY[:old])), (size, root_of(MANY[:size])), proof)


@given(st.integers(2, 33), st.data())
def test_no_tree_with_another_past_passes_for_grown(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    past = [leaf_hash(b"rewritten") if number == changed else leaf for number, leaf in enumerate(MANY[:old])]
    proof = consistency_proof(MANY[:size], old)
    assert not grew((old, root_of(past)), (size, root_of(MANY[:size])), proof)


@given(st.integers(1, 33), st.data())
def test_proof_with_a_hash_changed_missing_or_more_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion_proof(MANY[:size], index))
    place = data.draw(st.integers(0, len(proof)))
    what = data.draw(st.sampled_from(("change", "drop", "add")))
    if what == "add" or place == len(proof):
        proof.insert(place, data.draw(st.binary(min_size=32, max_size=32)))
    elif what == "drop":
        del proof[place]
    else:
        proof[place] = bytes(32)
    assert not includes(root_of(MANY[:size]), size, MANY[index], index, proof)


@given(st.integers(1, 32), st.data())
def test_consistency_proof_changed_is_refused(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    proof = list(consistency_proof(MANY[:size], old))
    place = data.draw(st.integers(0, len(proof)))
    if place == len(proof):
        proof.append(bytes(32))
    else:
        proof[place] = bytes(32)
    assert not grew((old, root_of(MANY[:old])), (size, root_of(MANY[:size])), proof)


def test_two_trees_of_one_size_are_one_tree_or_a_fork() -> None:
    root = root_of(MANY)
    assert grew((33, root), (33, root), ())
    assert not grew((33, root), (33, bytes(32)), ())
    assert not grew((33, root), (33, root), (bytes(32),))


def test_inner_node_does_not_pass_for_a_record() -> None:
    inner = MANY[0] + MANY[1]
    assert leaf_hash(inner) != node_hash(MANY[0], MANY[1])


@pytest.mark.parametrize("size", [-1, 1 << 63])
def test_range_of_a_size_that_no_journal_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="no compact range"):
        CompactRange(size, (bytes(32),))


def test_range_with_a_hash_too_few_or_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="1 hashes are no compact range of 3"):
        CompactRange(3, (bytes(32),))
    with pytest.raises(ValueError, match="32 bytes"):
        CompactRange(1, (bytes(31),))


def test_proof_of_what_is_not_there_cannot_be_made() -> None:
    with pytest.raises(IndexError):
        inclusion_proof(MANY, 33)
    with pytest.raises(IndexError):
        consistency_proof(MANY, 34)
    with pytest.raises(IndexError):
        consistency_proof(MANY, 0)


def test_proof_of_endless_length_is_refused_unread() -> None:
    assert not includes(root_of(MANY), 33, MANY[0], 0, [bytes(32)] * 65)
    assert not grew((1, MANY[0]), (33, root_of(MANY)), [bytes(32)] * 65)
