"""The sandbox's desk: a page on which a person sees what happened and lets things happen."""

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.refusing import BadControl
from sandbox.rendering import newest, page
from sandbox.store import Thing
from sandbox.stripe_api import disputes, refunds
from sandbox.stripe_api.charging import CHARGE
from sandbox.web import Request, Response, see_other
from sandbox.world import World

DAY = 86400  # seconds
MOST_DAYS = 3660


def show_desk(world: World, *, error: str = "", status: int = 200) -> Response:
    """Show payments, refunds, disputes, webhooks, faults and the clock."""
    return page(
        "desk.html",
        status=status,
        charges=newest(world.store.all(CHARGE)),
        refunds=newest(world.store.all(refunds.KIND)),
        disputes=newest(world.store.all(disputes.KIND)),
        payments=newest(world.store.all("bakong.transaction")),
        events=newest(world.store.all("event")),
        faults=world.faults.rules,
        now=datetime.fromtimestamp(world.clock.now(), UTC),
        days=world.clock.offset // DAY,
        error=error,
        due=lambda dispute: datetime.fromtimestamp(dispute["evidence_details"]["due_by"], UTC),
    )


def use_desk(world: World, request: Request) -> Response:
    """Answer one of the desk's buttons."""
    form = request.form
    buttons: dict[str, Callable[[World, str], None]] = {
        "dispute": lambda world, name: dispute(world, world.store.find(CHARGE, name)),
        "win": lambda world, name: decide(world, name, "won"),
        "lose": lambda world, name: decide(world, name, "lost"),
        "succeed": lambda world, name: settle(world, name, "succeeded"),
        "fail": lambda world, name: settle(world, name, "failed"),
        "resend": resend,
        "clock": set_days,
        "clear faults": lambda world, _: world.faults.clear(),
    }
    button = buttons.get(form.get("do", ""))
    try:
        if button is None:
            raise BadControl("There is no such button.")
        button(world, form.get("name", ""))
    except BadControl as refusal:
        return show_desk(world, error=str(refusal), status=409)
    return see_other("/")


def dispute(world: World, charge: Thing | None) -> None:
    """Let the holder of a card dispute a charge."""
    if charge is None:
        raise BadControl("There is no such charge.")
    disputes.open_dispute(world, charge)


def decide(world: World, name: str, verdict: str) -> None:
    """End a dispute."""
    found = world.store.find(disputes.KIND, name)
    if found is None:
        raise BadControl("There is no such dispute.")
    disputes.decide(world, found, verdict)


def settle(world: World, name: str, status: str) -> None:
    """End a refund."""
    refund = world.store.find(refunds.KIND, name)
    if refund is None:
        raise BadControl("There is no such refund.")
    refunds.settle_refund(world, refund, status)


def resend(world: World, name: str) -> None:
    """Send an event again."""
    if not world.webhooks.url or world.store.find("event", name) is None:
        raise BadControl("Nobody listens to webhooks, or there is no such event.")
    world.webhooks.resend([name])


def set_days(world: World, text: str) -> None:
    """Move the sandbox's clock to so many days ahead."""
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_DAYS):
        raise BadControl(f"The clock can be 0 to {MOST_DAYS} days ahead.")
    world.clock.move_to(int(text) * DAY)
    world.agenda.run_due()
