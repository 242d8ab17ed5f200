"""A slice of `make reliability hostile`: nothing hostile is taken in, and nothing falls over."""

from tests.reliability import hostile


def test_2400_hostile_requests_are_refused_in_few_words() -> None:
    told = hostile.ours(2_400, seed=7)
    assert told.tried.total() == 2_400
    assert (+told.accepted, +told.uncaught) == ({}, {})
    assert 0 < told.longest <= 256


def test_the_same_requests_find_what_bolts_own_adapter_lets_through() -> None:
    told = hostile.bolts(240, seed=7)
    assert told.accepted[hostile.REPLAY] > 0
    assert told.uncaught["RecursionError"] > 0
    assert told.longest > 10_000
