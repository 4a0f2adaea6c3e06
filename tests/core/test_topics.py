"""Names of topics, read strictly: what a broker sends may be anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.topics import Piece, RepositoryTopic, of_all, own, read_own, read_repository

SHA = "ab" * 32
sites = st.none() | st.integers(1, 2**32 - 1)
words = st.from_regex(r"[a-z0-9_-][a-z0-9._-]{0,12}", fullmatch=True).filter(lambda word: word != "big")
names = st.lists(words, min_size=1, max_size=3).map("/".join)
pieces = st.integers(1, 9999).flatmap(
    lambda count: st.builds(Piece, st.just(SHA), st.just(count), st.integers(0, count - 1))
)


@given(st.builds(RepositoryTopic, sites, names, st.none() | pieces))
def test_topic_of_a_file_is_read_back(topic: RepositoryTopic) -> None:
    assert read_repository(str(topic)) == topic


@pytest.mark.parametrize(
    "topic",
    [
        "xs/v1/repo/shared/",
        "xs/v1/repo/shared/../root.json",
        "xs/v1/repo/shared/.hidden",
        "xs/v1/repo/shared/a//b",
        "xs/v1/repo/shared/A.json",
        "xs/v1/repo/sites/0/policy.json",
        "xs/v1/repo/sites/04711/policy.json",
        "xs/v1/repo/sites/4294967296/policy.json",
        "xs/v1/repo/sites/policy.json",
        f"xs/v1/repo/shared/big/list/{SHA}/2/2",
        f"xs/v1/repo/shared/big/list/{SHA}/0/0",
        f"xs/v1/repo/shared/big/list/{SHA}/10000/0",
        f"xs/v1/repo/shared/big/list/{SHA[1:]}/2/1",
        f"xs/v1/repo/shared/big/list/{SHA}/2/01",
        "xs/v1/repo/shared/big/list",
        "xs/v2/repo/shared/root.json",
        "xs/v1/repo/shared/root.json\n",
    ],
)
def test_topic_that_is_no_file_of_a_repository_is_none(topic: str) -> None:
    assert read_repository(topic) is None


def test_topics_of_a_terminal() -> None:
    assert read_own(own("gate-1", "ack")) == ("gate-1", "ack")
    assert of_all("journal", shared=True) == "$share/collectors/xs/v1/t/+/journal"


@pytest.mark.parametrize(
    "topic", ["xs/v1/t//ack", "xs/v1/t/Gate/ack", "xs/v1/t/gate-1/other", "xs/v1/t/a/b/ack", "xs/v1/t/gate-1/ack\n"]
)
def test_topic_that_is_no_terminals_is_none(topic: str) -> None:
    assert read_own(topic) is None
