"""The switchboard: which domain owns which device; references of calls."""

from __future__ import annotations

import datetime
from itertools import islice

from telgw.base.numbers import DeviceSet
from telgw.core.switchboard import call_references
from telgw.model.commands import MakeCall
from tests.unit.core.core_rig import ErrorCode, Rig
from tests.world import World


def two() -> World:
    return World((("one", ("1101-1110", "12*"), {}), ("two", ("2101-2110", "1*"), {})))


def test_given_two_domains_when_both_claim_a_device_then_the_first_one_owns_it() -> None:
    world = two()
    one, other = world.domains
    assert world.switchboard.domain_of("1101") is one
    assert world.switchboard.domain_of("1299") is one
    assert world.switchboard.domain_of("2101") is other
    assert world.switchboard.domain_of("1301") is other
    assert world.switchboard.domain_of("3101") is None


def test_given_a_domain_that_goes_when_asked_then_the_next_one_owns_its_devices() -> None:
    world = two()
    one, other = world.domains
    assert world.switchboard.domain_of("1101") is one
    assert world.switchboard.remove("one") is one
    assert world.switchboard.domain_of("1101") is other


def test_given_a_domain_with_other_devices_when_told_then_owners_are_found_anew() -> None:
    world = two()
    one, _ = world.domains
    assert world.switchboard.domain_of("3101") is None
    one.devices = DeviceSet(["3101"])
    world.switchboard.owners_changed()
    assert world.switchboard.domain_of("3101") is one


def test_given_a_device_of_nobody_when_a_command_is_executed_then_pbx_reject() -> None:
    rig = Rig()
    assert rig.result(rig.world.switchboard.execute("9999", MakeCall("9999", "1"))) is ErrorCode.PBX_REJECT


def test_given_two_starts_when_references_are_given_then_none_is_used_twice() -> None:
    first = call_references(datetime.datetime(2030, 1, 1, 12, 0, 0, tzinfo=datetime.UTC))
    second = call_references(datetime.datetime(2030, 1, 1, 12, 0, 1, tzinfo=datetime.UTC))
    given = [*islice(first, 1000), *islice(second, 1000)]
    assert len(set(given)) == 2000
    assert all(len(reference) <= 16 for reference in given)
