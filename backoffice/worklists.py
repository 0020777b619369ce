"""What staff have to do now, as tiles of the admin's home: how many, since when or how much, and where the list is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Case, Count, DecimalField, F, Min, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from catalog.admin.offers import low_on_stock
from catalog.flow import ReviewState, UnitState
from catalog.models import Review, Unit
from core import clock
from core.money import MONEY_DIGITS, ZERO, amount_text
from notifications.flow import EmailState
from notifications.models import Email
from orders.admin.shipment import uncollected
from orders.models import Order, Return, Shipment
from payments.admin.bills import to_review
from payments.comparing import alarms
from payments.flow import ProofState
from payments.models import Break, Dispute, Payment, PaymentProof, Refund
from rentals.admin.agreements import owing

NOTHING_TO_DO = "nothing to do"
MONEY = DecimalField(**MONEY_DIGITS)


@dataclass(frozen=True)
class Worklist:
    """One tile. `level` is "", "warn", "err" or "zero"; `note` says how old or how much."""

    title: str
    count: int
    note: str
    url: str
    level: str


@dataclass(frozen=True)
class Source:
    """Where a tile comes from: a changelist with its filter, who may see it, and one query that counts it."""

    title: str
    model: str
    query: dict[str, str]
    read: Callable[[datetime], tuple[int, str, str]]

    @property
    def permission(self) -> str:
        """Return the permission without which the tile is not shown."""
        app, model = self.model.split("_")
        return f"{app}.view_{model}"

    def tile(self, now: datetime) -> Worklist:
        """Count, and put the tile together."""
        count, note, level = self.read(now)
        url = f"{reverse(f'admin:{self.model}_changelist')}?{urlencode(self.query)}"
        return Worklist(self.title, count, note if count else NOTHING_TO_DO, url, level if count else "zero")


def worklists_for(user: Any) -> list[Worklist]:
    """Return the tiles that this person's role may see, one query each."""
    now = clock.now()
    return [source.tile(now) for source in SOURCES if user.has_perm(source.permission)]


def age_text(since: datetime, now: datetime) -> str:
    """Write how long ago: "5 min", "3 h 10 min", "2 days"."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    hours, days = minutes // 60, minutes // (24 * 60)
    if days:
        return f"{days} day{'s' if days > 1 else ''}"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def _aged(rows: Any, moment: str, now: datetime, *, late_after: timedelta) -> tuple[int, str, str]:
    found = rows.aggregate(count=Count("pk"), oldest=Min(moment))
    if not found["count"]:
        return 0, "", ""
    level = "warn" if found["oldest"] < now - late_after else ""
    return found["count"], f"oldest {age_text(found['oldest'], now)}", level


def _to_pay(now: datetime) -> tuple[int, str, str]:
    paid = (
        Payment.objects.filter(bill__order_bill__order=OuterRef("pk"))
        .order_by()
        .values("bill__order_bill__order")
        .annotate(paid=Sum("applied_amount"))
        .values("paid")
    )
    waiting = Order.objects.waiting_for_payment().annotate(
        owed=F("total") - Coalesce(Subquery(paid, output_field=MONEY), Value(ZERO, output_field=MONEY))
    )
    found = waiting.aggregate(count=Count("pk"), money=Sum("owed", output_field=MONEY))
    return found["count"], _money(found["money"]), ""


def _to_pick(now: datetime) -> tuple[int, str, str]:
    return _aged(Order.objects.to_pick(), "confirmed_at", now, late_after=timedelta(days=1))


def _to_ship(now: datetime) -> tuple[int, str, str]:
    return _aged(Order.objects.to_ship(), "confirmed_at", now, late_after=timedelta(days=2))


def _on_its_way(now: datetime) -> tuple[int, str, str]:
    return _aged(Shipment.objects.on_its_way(), "dispatched_at", now, late_after=timedelta(days=7))


def _uncollected(now: datetime) -> tuple[int, str, str]:
    count, note, _ = _aged(uncollected(), "dispatched_at", now, late_after=timedelta(days=2))
    return count, note, "warn"


def _owing(age: str, level: str) -> Callable[[datetime], tuple[int, str, str]]:
    """Return what counts the agreements whose oldest unpaid rent is of this age."""

    def read(now: datetime) -> tuple[int, str, str]:
        today = clock.today()
        found = owing(age, today=today).aggregate(count=Count("pk"), oldest=Min("oldest_due"))
        days = (today - found["oldest"]).days if found["oldest"] else 0
        return found["count"], f"oldest {days} days" if days else "", level

    return read


def _low_stock(now: datetime) -> tuple[int, str, str]:
    available = Unit.objects.available().filter(variant=OuterRef("pk")).order_by().values("variant")
    left = Subquery(available.annotate(n=Count("pk")).values("n"))
    found = low_on_stock().annotate(left=left).aggregate(count=Count("pk"), gone=Count("pk", filter=Q(left=None)))
    note = f"{found['gone']} sold out" if found["gone"] else f"{settings.LOW_STOCK_THRESHOLD} or fewer left"
    return found["count"], note, "warn" if found["gone"] else ""


def _quality_control(now: datetime) -> tuple[int, str, str]:
    names = {UnitState.INTAKE: "received", UnitState.TESTING: "in testing", UnitState.RETURNED: "returned"}
    counts = {state: Count(Case(When(state=state, then=1))) for state in names}
    found = Unit.objects.in_quality_control().aggregate(**counts)
    words = [f"{found[state]} {name}" for state, name in names.items() if found[state]]
    return sum(found.values()), ", ".join(words), ""


def _to_moderate(now: datetime) -> tuple[int, str, str]:
    waiting = Review.objects.filter(state=ReviewState.WAITING)
    return _aged(waiting, "written_at", now, late_after=timedelta(days=3))


def _breaks(now: datetime) -> tuple[int, str, str]:
    # Riel cannot be added to dollars: other currencies count as rows only.
    ours = Q(currency=settings.SHOP_CURRENCY)
    found = Break.objects.open().aggregate(count=Count("pk"), money=Sum("amount", filter=ours), due=Min("due_at"))
    late = bool(found["due"]) and found["due"] < now
    return found["count"], _money(found["money"]) + (", overdue" if late else ""), "err" if late else "warn"


def _refunds_to_approve(now: datetime) -> tuple[int, str, str]:
    return _aged(Refund.objects.to_approve(), "requested_at", now, late_after=timedelta(days=1))


def _refunds_by_hand(now: datetime) -> tuple[int, str, str]:
    return _aged(Refund.objects.to_send_by_hand(), "requested_at", now, late_after=timedelta(days=2))


def _failed_refunds(now: datetime) -> tuple[int, str, str]:
    count, note, _ = _aged(Refund.objects.failed(), "requested_at", now, late_after=timedelta(0))
    return count, note, "err"


def _disputes(now: datetime) -> tuple[int, str, str]:
    found = Dispute.objects.open().aggregate(count=Count("pk"), due=Min("evidence_due_at"))
    due = found["due"]
    if due is None:
        return found["count"], "no deadline", "warn"
    if due < now:
        return found["count"], "a deadline has passed", "err"
    return found["count"], f"next due in {age_text(now, due)}", "err" if due - now < timedelta(days=3) else "warn"


def _proofs(now: datetime) -> tuple[int, str, str]:
    waiting = PaymentProof.objects.filter(state=ProofState.WAITING)
    return _aged(waiting, "uploaded_at", now, late_after=timedelta(days=1))


def _to_review(now: datetime) -> tuple[int, str, str]:
    return _aged(to_review(now), "started_at", now, late_after=timedelta(hours=1))


def _alarms(now: datetime) -> tuple[int, str, str]:
    words = alarms(now)
    return len(words), words[0] if words else "", "err"


def _to_inspect(now: datetime) -> tuple[int, str, str]:
    return _aged(Return.objects.to_inspect(), "received_at", now, late_after=timedelta(days=2))


def _failed_letters(now: datetime) -> tuple[int, str, str]:
    count, note, _ = _aged(Email.objects.filter(state=EmailState.FAILED), "created_at", now, late_after=timedelta(0))
    return count, note, "err"


def _money(amount: Decimal | None) -> str:
    return amount_text(amount or ZERO, settings.SHOP_CURRENCY)


SOURCES = (
    Source("Orders to be paid", "orders_order", {"state__exact": "pending"}, _to_pay),
    Source("Orders to pick", "orders_order", {"state__exact": "confirmed"}, _to_pick),
    Source("Packed, not yet sent", "orders_order", {"state__exact": "packing"}, _to_ship),
    Source("On its way", "orders_shipment", {"where": "on_its_way"}, _on_its_way),
    Source("Not collected for over 2 days", "orders_shipment", {"where": "uncollected"}, _uncollected),
    Source("Rent due today", "rentals_agreement", {"owes": "today"}, _owing("today", "")),
    Source("Rent overdue 1 to 7 days", "rentals_agreement", {"owes": "1-7"}, _owing("1-7", "warn")),
    Source("Rent overdue 8 to 30 days", "rentals_agreement", {"owes": "8-30"}, _owing("8-30", "warn")),
    Source("Rent overdue over 30 days", "rentals_agreement", {"owes": "31"}, _owing("31", "err")),
    Source("Returns to inspect", "orders_return", {"state__exact": "received"}, _to_inspect),
    Source("Low on stock", "catalog_variant", {"stock": "low"}, _low_stock),
    Source("Units in quality control", "catalog_unit", {"stage": "quality_control"}, _quality_control),
    Source("Reviews to moderate", "catalog_review", {"state__exact": "waiting"}, _to_moderate),
    Source("Transfers shown, to be checked", "payments_paymentproof", {"state__exact": "waiting"}, _proofs),
    Source("Payments to review", "payments_payment", {"standing": "review"}, _to_review),
    Source("Money not compared", "payments_comparedday", {}, _alarms),
    Source("Open breaks", "payments_break", {"standing": "open"}, _breaks),
    Source("Refunds to approve", "payments_refund", {"state__exact": "proposed"}, _refunds_to_approve),
    Source("Refunds to send by hand", "payments_refund", {"state__exact": "by_hand"}, _refunds_by_hand),
    Source("Refunds that failed", "payments_refund", {"state__exact": "failed"}, _failed_refunds),
    Source("Disputes to answer", "payments_dispute", {"standing": "open"}, _disputes),
    Source("Letters not delivered", "notifications_email", {"state__exact": "failed"}, _failed_letters),
)
