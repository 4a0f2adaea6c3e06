"""The Merkle tree over the journal's records: roots, proofs, and the compact range that grows one (RFC 6962, 2.1).

The proofs are verified as RFC 9162 says in 2.1.3.2 and 2.1.4.2. All hashes are SHA-256, 32 bytes; a leaf is the hash of
a record, never the record, so that no record can pass for an inner node.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
MAX_SIZE = 1 << 63
"""Sizes lie below this: a sequence number has 63 bits in the database."""
MAX_PROOF = 64
"""No proof in a tree of such a size has more hashes."""
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """The hash that stands for `record` in the tree."""
    return sha256(b"\0" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over its two children's."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """What is needed of a tree to append to it and to know its root: one hash for each bit that is set in `size`.

    `hashes` are the roots of its perfect subtrees, the largest (leftmost) first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size < MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes are no compact range of {self.size} leaves")
        if any(len(each) != HASH_BYTES for each in self.hashes):
            raise ValueError(f"a hash in a compact range has {HASH_BYTES} bytes")

    def append(self, leaf: bytes) -> "CompactRange":
        """The range with one more leaf, given as its hash."""
        hashes, size = [*self.hashes, leaf], self.size
        while size & 1:
            right = hashes.pop()
            hashes[-1] = node_hash(hashes[-1], right)
            size >>= 1
        return CompactRange(self.size + 1, tuple(hashes))

    def root(self) -> bytes:
        """The root of the whole tree (RFC 6962: MTH)."""
        if not self.hashes:
            return EMPTY_ROOT
        *left, root = self.hashes
        for each in reversed(left):
            root = node_hash(each, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes."""
    return _range_over(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path for leaf `index` in the tree over `leaves` (RFC 6962, 2.1.1). Hashes every leaf once.

    Raises:
        IndexError: no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    path: list[bytes] = []
    begin, end = 0, len(leaves)
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(root_of(leaves[middle:end]))
            end = middle
        else:
            path.append(root_of(leaves[begin:middle]))
            begin = middle
    return tuple(reversed(path))


def includes(root: bytes, size: int, leaf: bytes, index: int, proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves with this `root`."""
    if not 0 <= index < size < MAX_SIZE or len(proof) > MAX_PROOF:
        return False
    place, last, made = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            made = node_hash(each, made)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            made = node_hash(made, each)
        place, last = place >> 1, last >> 1
    return last == 0 and made == root


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """What shows that the tree over the first `old_size` leaves grew into that over all of them (RFC 6962, 2.1.2).

    Raises:
        IndexError: the old tree is empty, or not smaller or equal.
    """
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} did not grow from one of {old_size}")
    path: list[bytes] = []
    begin, end, whole = 0, len(leaves), True
    while begin + old_size != end:
        middle = begin + _split(end - begin)
        if begin + old_size <= middle:
            path.append(root_of(leaves[middle:end]))
            end = middle
        else:
            path.append(root_of(leaves[begin:middle]))
            old_size -= middle - begin
            begin, whole = middle, False
    if not whole:
        path.append(root_of(leaves[begin:end]))
    return tuple(reversed(path))


def grew(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that the tree `old` (size, root) is the beginning of the tree `new`."""
    (old_size, old_root), (size, root) = old, new
    if not 0 < old_size <= size < MAX_SIZE or len(proof) > MAX_PROOF:
        return False
    if old_size == size:
        return not proof and old_root == root
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not hashes:
        return False
    was = now = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            was, now = node_hash(each, was), node_hash(each, now)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, each)
        place, last = place >> 1, last >> 1
    return last == 0 and was == old_root and now == root


def _range_over(leaves: Sequence[bytes]) -> CompactRange:
    grown = CompactRange()
    for leaf in leaves:
        grown = grown.append(leaf)
    return grown


def _split(size: int) -> int:
    """The largest power of two below `size`: where a tree of so many leaves is split."""
    return 1 << (size - 1).bit_length() - 1
