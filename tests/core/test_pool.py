"""The pool between processes: who gets a slot, who gives one up, who is forgotten."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from core.chat_lane import ChatLane
from core.endpoints import Endpoint
from core.errors import EndpointError, ModelError, NoEndpoint, RateLimited, Refused, Unreachable
from core.leases import EXPIRY_S
from core.statuses import Lane, Mode
from tests.core.conftest import House, kept, slots, want

BUSY = Unreachable("gone")


def test_batch_leaves_the_reserve_and_chat_takes_it_at_once(house: House) -> None:
    worker, page = house.process(), house.process()
    assert slots(want(worker, house.endpoint, 9)) == [3, 2, 1]
    _, lease = page.admit()
    assert lease.slot == 0
    assert worker.revoked() == set()


def test_a_second_person_takes_the_youngest_batch_call(house: House) -> None:
    worker, page = house.process(), house.process()
    want(worker, house.endpoint, 1)
    house.clock.pass_by(1)
    grant = want(worker, house.endpoint, 9)
    page.admit()
    _, second = page.admit()
    assert second.slot is None
    (called_back,) = worker.revoked()
    assert called_back in {lease.id for lease in grant.leases[1:]}
    # The slot goes to the person in the same moment in which batch gives it back.
    after = want(worker, house.endpoint, 9, returned=(called_back,))
    found = page.look(second)
    assert found is not None
    assert found.slot is not None
    assert len(after.leases) == after.target == 2


def test_batch_grows_again_when_people_have_left(house: House) -> None:
    worker, page = house.process(), house.process()
    entered = [page.admit() for _ in range(3)]
    assert len(want(worker, house.endpoint, 9).leases) == 1
    for endpoint, lease in entered:
        page.release(endpoint, lease, 0, None)
    assert len(want(worker, house.endpoint, 9).leases) == 3


def test_people_beyond_all_slots_wait_in_line(house: House) -> None:
    page = house.process()
    entered = [page.admit()[1] for _ in range(6)]
    assert [lease.slot is None for lease in entered] == [False] * 4 + [True] * 2
    assert page.states()[0][0].waiting == 2
    page.release(house.endpoint, entered[0], 0, None)
    first, second = (page.look(lease) for lease in entered[4:])
    assert first is not None
    assert second is not None
    assert (first.slot is None, second.slot is None) == (False, True)


def test_two_workers_share_evenly_and_give_up_what_is_beyond_their_share(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=9))
    one, two = house.process(), house.process()
    assert len(want(one, house.endpoint, 20).leases) == 8
    assert want(two, house.endpoint, 20).leases == ()
    grant = want(one, house.endpoint, 20, busy=8)
    assert grant.target == 4
    surplus = tuple(lease.id for lease in grant.leases[4:])
    want(one, house.endpoint, 20, busy=4, returned=surplus)
    assert len(want(two, house.endpoint, 20).leases) == 4


def test_what_a_dead_process_held_is_free_within_ten_seconds(house: House) -> None:
    worker, page, heir = house.process(), house.process(), house.process()
    want(worker, house.endpoint, 9)
    page.admit()
    assert EXPIRY_S < 10
    house.clock.pass_by(EXPIRY_S - 0.1)
    assert want(heir, house.endpoint, 9).leases == ()
    house.clock.pass_by(0.2)
    assert len(want(heir, house.endpoint, 9).leases) == 3


def test_a_sign_of_life_keeps_leases_for_as_long_as_it_is_shown(house: House) -> None:
    page, worker = house.process(), house.process()
    _, lease = page.admit()
    for _ in range(10):
        house.clock.pass_by(5)
        page.renew()
        want(worker, house.endpoint, 9, busy=9)
    assert page.look(lease) is not None


def test_a_worker_that_slept_learns_that_its_slots_are_gone(house: House) -> None:
    sleeper, other = house.process(), house.process()
    before = {lease.id for lease in want(sleeper, house.endpoint, 9).leases}
    house.clock.pass_by(60)
    want(other, house.endpoint, 9)
    after = {lease.id for lease in want(sleeper, house.endpoint, 9, busy=3).leases}
    assert not before & after


def test_closing_gives_everything_back(house: House) -> None:
    worker, other = house.process(), house.process()
    want(worker, house.endpoint, 9)
    worker.close()
    assert len(want(other, house.endpoint, 9).leases) == 3


def test_batch_moves_even_when_people_ask_all_day(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=2))
    worker, page = house.process(), house.process()
    people = [page.admit() for _ in range(2)]
    held_s, whole_s, lease_id = 0, 800, None
    for second in range(whole_s):
        house.clock.pass_by(1)
        # A person leaves and the next one comes at every second; none of them dies.
        page.renew()
        gone = people.pop(0)
        page.release(*gone, 0, None)
        people.append(page.admit())
        returned = () if lease_id is None or second % 3 else (lease_id,)
        grant = want(worker, house.endpoint, 5, busy=len(returned), returned=returned)
        lease_id = next((lease.id for lease in kept(grant)), None)
        held_s += lease_id is not None
    share = held_s / (whole_s * 2)
    assert 0.03 < share < 0.1


def test_a_slot_that_batch_is_owed_is_not_called_back(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=1))
    worker, page = house.process(), house.process()
    first = page.admit()
    for _ in range(25):
        house.clock.pass_by(1)
        page.renew()
        want(worker, house.endpoint, 2)
    page.release(*first, 0, None)
    _, person = page.admit()
    assert person.slot is None, "it is batch's turn"
    (lease,) = want(worker, house.endpoint, 2).leases
    assert lease.owed
    page.tidy(house.endpoint)
    assert worker.revoked() == set()
    for _ in range(3):  # its call takes so many seconds
        house.clock.pass_by(1)
        page.renew()
        want(worker, house.endpoint, 2, busy=1)
    want(worker, house.endpoint, 2, returned=(lease.id,))
    served = page.look(person)
    assert served is not None
    assert served.slot == 0


def test_on_shared_cores_batch_begins_little_beside_a_person(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=4, beside_chat=1))
    worker, page = house.process(), house.process()
    grant = want(worker, house.endpoint, 9)
    assert grant.target == 3
    endpoint, lease = page.admit()
    beside = want(worker, house.endpoint, 9, busy=3)
    assert beside.target == 1
    assert worker.revoked() == set(), "what has begun may end"
    page.release(endpoint, lease, 0, None)
    assert want(worker, house.endpoint, 9, busy=1).target == 3


@pytest.mark.parametrize(
    "error",
    [RateLimited("x", retry_after_s=20), EndpointError("x", status=503, retry_after_s=20)],
    ids=["429", "503"],
)
def test_batch_stays_away_for_as_long_as_it_is_asked_to(house: House, error: ModelError) -> None:
    worker = house.process()
    want(worker, house.endpoint, 9)
    worker.met(house.endpoint, error)
    assert want(worker, house.endpoint, 9, busy=3).target == 0
    house.clock.pass_by(21)
    assert want(worker, house.endpoint, 9).target > 0


def test_a_persons_answer_ends_no_trouble_that_came_while_it_was_written(house: House) -> None:
    worker, page = house.process(), house.process()
    endpoint, lease = page.admit()
    house.clock.pass_by(1)
    worker.met(endpoint, RateLimited("x", retry_after_s=20))
    house.clock.pass_by(5)
    page.release(endpoint, lease, 10, 100.0)
    assert want(worker, endpoint, 9).target == 0


def test_a_failing_endpoint_is_left_alone_then_probed_by_one_call(house: House) -> None:
    worker = house.process()
    for _ in range(3):
        worker.met(house.endpoint, BUSY)
        house.clock.pass_by(1.5)
    assert want(worker, house.endpoint, 9).target == 0
    house.clock.pass_by(5)
    assert want(worker, house.endpoint, 9).target == 1
    worker.well(house.endpoint, time.monotonic())
    house.clock.pass_by(60)
    assert want(worker, house.endpoint, 9).target == 3


def test_a_person_goes_to_the_endpoint_that_is_well(house: House) -> None:
    one, two = Endpoint("one", "u", "m", slots=2), Endpoint("two", "u", "m", slots=2)
    house.have(one, two)
    page = house.process()
    assert page.admit()[0] == one
    assert page.admit()[0] == two, "the least busy"
    page.met(one, Refused("no", status=401))
    assert page.admit()[0] == two
    assert page.admit(tried=["two"])[0] == one, "better than none"
    with pytest.raises(NoEndpoint):
        page.admit(tried=["one", "two"])


def test_lanes_of_an_endpoint_are_kept(house: House) -> None:
    house.have(Endpoint("e", "u", "m", lanes=frozenset({Lane.BATCH})))
    pool = house.process()
    with pytest.raises(NoEndpoint):
        pool.admit()
    house.have(Endpoint("e", "u", "m", lanes=frozenset({Lane.CHAT})))
    assert want(pool, house.endpoint, 9).leases == ()


def test_a_pause_calls_batch_back_and_draining_lets_it_end(house: House) -> None:
    worker, page = house.process(), house.process()
    grant = want(worker, house.endpoint, 9)
    page.set_mode("e", Mode.DRAINING)
    assert want(worker, house.endpoint, 9, busy=3).target == 0
    assert worker.revoked() == set()
    page.set_mode("e", Mode.PAUSED)
    assert worker.revoked() == {lease.id for lease in grant.leases}
    with pytest.raises(NoEndpoint):
        page.admit()
    page.set_mode("e", Mode.OPEN)
    assert page.admit()[0].name == "e"
    with pytest.raises(EndpointError, match="no endpoint x"):
        page.set_mode("x", Mode.PAUSED)


def test_requests_a_minute_are_shared_by_all_processes(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=64, rpm=300))
    one, two = house.process(), house.process()
    sent = 0
    for tick in range(600):
        house.clock.pass_by(0.1)
        sent += want((one, two)[tick % 2], house.endpoint, 64).requests
    assert 270 <= sent <= 300


def test_tokens_a_minute_are_kept_and_people_are_not_held_back(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=64, tpm=60_000))
    worker, page = house.process(), house.process()
    sent = 0
    for _ in range(300):
        house.clock.pass_by(0.1)
        sent += want(worker, house.endpoint, 64).requests
    assert 250 <= sent <= 310  # 100 tokens each
    endpoint, lease = page.admit()
    assert lease.slot is not None
    page.release(endpoint, lease, 30_000, 100.0)
    house.clock.pass_by(1)
    assert want(worker, house.endpoint, 64).requests == 0, "batch pays what the person took"


def test_a_limit_that_nobody_told_us_is_learned_from_what_went_through(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=64))
    worker = house.process()
    assert want(worker, house.endpoint, 64).limited is False
    worker.met(house.endpoint, RateLimited("x", retry_after_s=50), answers=300)
    house.clock.pass_by(51)
    sent = 0
    for _ in range(600):
        house.clock.pass_by(0.1)
        sent += want(worker, house.endpoint, 64).requests
    assert 280 <= sent <= 306


def test_late_first_words_make_batch_step_back(house: House) -> None:
    house.have(Endpoint("e", "u", "m", slots=32))
    worker, page = house.process(), house.process()

    def ask(ttft_ms: float) -> None:
        endpoint, lease = page.admit()
        page.release(endpoint, lease, 10, ttft_ms)

    for _ in range(5):
        ask(500.0)
    assert want(worker, house.endpoint, 40).target == 31
    for _ in range(3):
        ask(3000.0)
        house.clock.pass_by(0.1)
    assert want(worker, house.endpoint, 40, busy=31).target <= 16
    house.clock.pass_by(30)
    for _ in range(30):
        house.clock.pass_by(1)
        grown = want(worker, house.endpoint, 40, busy=16)
    assert grown.target == 31


def test_without_lanes_nobody_is_first(house: House) -> None:
    house.settings = house.settings.model_copy(update={"lanes": False})
    worker, page = house.process(), house.process()
    assert len(want(worker, house.endpoint, 9).leases) == 4
    with ChatLane(page).entry() as entry:
        assert entry.look()
        assert entry.slot is None
        assert worker.revoked() == set()


def test_states_count_what_is_in_use(house: House) -> None:
    worker, page = house.process(), house.process()
    want(worker, house.endpoint, 9)
    page.admit()
    (state,), waiting = page.states()
    assert (state.chat, state.batch, state.waiting, waiting) == (1, 3, 0, 9)
    assert replace(state.condition, owed_at=0, grown_at=0).failures == 0
