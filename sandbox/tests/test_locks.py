"""One lock for each object."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.locks import Locks, LockTimeout


def run(play):
    """Run a play in a thread of its own: a browser's tests before this one may keep a loop in the main thread."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(play())).result()


def test_one_holder_at_a_time_and_nothing_left_behind():
    async def play():
        locks, inside, most = Locks(), 0, 0

        async def act():
            nonlocal inside, most
            async with locks.hold(["b", "a", "a"]):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(act() for _ in range(20)))
        return most, locks._locks

    assert run(play) == (1, {})


def test_other_objects_are_free():
    async def play():
        locks = Locks(patience=0.05)
        async with locks.hold(["a"]), locks.hold(["b"]):
            return "both"

    assert run(play) == "both"


def test_patience_ends_and_a_failed_wait_frees_what_it_held():
    async def play():
        locks = Locks(patience=0.02)
        async with locks.hold(["b"]):
            with pytest.raises(LockTimeout):
                async with locks.hold(["a", "b"]):
                    pass
            async with locks.hold(["a"]):
                pass
        async with locks.hold(["a", "b"]):
            return dict(locks._locks).keys()

    assert run(play) == {"a", "b"}


def test_opposite_orders_do_not_deadlock():
    async def play():
        locks, done = Locks(), 0

        async def act(names):
            nonlocal done
            for _ in range(50):
                async with locks.hold(names):
                    await asyncio.sleep(0)
            done += 1

        await asyncio.gather(act(["a", "b"]), act(["b", "a"]), act(["a", "b"]), act(["b", "a"]))
        return done

    assert run(play) == 4
