"""What customers are told about their agreements: one function a letter, each letter once. The last is for us."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils.formats import date_format

from catalog.models import RentalPlan
from core.money import amount_text
from notifications.models import Email
from notifications.outbox import queue_email
from rentals.links import agreement_link, payment_link
from rentals.models import Agreement, Collection, Instalment, LateFee
from rentals.overview import Overview, overview_of
from rentals.rules.buyout import BuyoutPrice


def rental_started(agreement: Agreement) -> Email:
    """The machine has arrived: the dates are final."""
    dates = [(date_format(row.due_on, "j F Y"), row.amount) for row in agreement.instalments.order_by("number")]
    plan = [(day, _money(agreement, amount)) for day, amount in dates]
    return _letter("rental_started", agreement, about=str(agreement.delivered_on), plan=plan)


def rent_soon(instalment: Instalment, *, is_card: bool) -> Email:
    """Rent falls due in a few days; a saved card is charged by itself."""
    return _about_instalment("rent_soon", instalment, about=str(instalment.due_on), is_card=is_card)


def rent_received(agreement: Agreement, *, amount: Decimal, payment: str) -> Email:
    """Money has arrived: what is left to the end, and what owning costs now."""
    return _letter("rent_received", agreement, about=payment, amount=_money(agreement, amount))


def rent_to_pay(collection: Collection, agreement: Agreement, *, on: date) -> Email:
    """Rent is due and its payer has no card with us: a link where it is paid."""
    return _link_letter("rent_to_pay", collection, agreement, on=on)


def card_declined(collection: Collection, agreement: Agreement, *, on: date, advice: str) -> Email:
    """The bank did not let us charge the card: what the customer can do, and a link where to pay."""
    return _link_letter("rent_card_declined", collection, agreement, on=on, advice=advice)


def card_to_confirm(collection: Collection, agreement: Agreement, *, on: date) -> Email:
    """The bank wants the customer to confirm the payment: a link where that is done."""
    return _link_letter("rent_card_to_confirm", collection, agreement, on=on)


def rent_past_due(instalment: Instalment) -> Email:
    """The day has passed and something is unpaid: no fee so far, and until when there is none."""
    return _about_instalment("rent_past_due", instalment, about=str(instalment.counts_from))


def late_fee_charged(fee: LateFee) -> Email:
    """A late fee was charged: on what, and that there is no second one for this month."""
    agreement = fee.instalment.agreement
    return _about_instalment("rent_late_fee", fee.instalment, about="", fee=_money(agreement, fee.amount))


def rent_overdue(instalment: Instalment, *, on: date, default_on: date) -> Email:
    """Rent is still unpaid; what happens on which day."""
    return _about_instalment("rent_overdue", instalment, about=str(on), default_on=date_format(default_on, "j F Y"))


def agreement_in_default(agreement: Agreement) -> Email:
    """The last letter: the agreement is in default, and until when the customer can go on as if nothing had been."""
    until = agreement.reinstate_until
    words = date_format(until, "j F Y") if until else ""
    return _letter("rent_default", agreement, about=str(until), reinstate_until=words)


def same_as_cash_ends(agreement: Agreement, *, last_day: date, days: int, after: BuyoutPrice) -> Email:
    """The days in which owning costs the cash price end soon; `after` is the price from then on."""
    return _letter(
        "rent_same_as_cash_ends",
        agreement,
        about=f"{last_day}:{days}",
        last_day=date_format(last_day, "j F Y"),
        price_after=_money(agreement, after.amount),
    )


def machine_is_yours(agreement: Agreement) -> Email:
    """Bought out, or paid to the end: the machine belongs to the customer."""
    certificate = agreement_link(agreement, "certificate")
    return _letter(
        "rental_yours", agreement, about="", certificate=certificate, is_bought_out=agreement.state == "bought_out"
    )


def return_asked(agreement: Agreement, *, return_code: str, send_by: date) -> Email:
    """The customer wants to hand it back: how, and by when."""
    return _letter(
        "rental_return_asked",
        agreement,
        about=return_code,
        return_code=return_code,
        send_by=date_format(send_by, "j F Y"),
    )


def return_not_sent(agreement: Agreement, *, return_code: str) -> Email:
    """The machine was not sent, or the customer keeps it: the agreement goes on."""
    return _letter("rental_kept", agreement, about=return_code)


def return_settled(agreement: Agreement, *, return_code: str, refund: Decimal, owed: Decimal) -> Email:
    """The machine is back and inspected: what goes back, what is still owed, until when it can be taken up again."""
    until = agreement.reinstate_until
    return _letter(
        "rental_returned",
        agreement,
        about=return_code,
        refund=_money(agreement, refund) if refund else "",
        owed=_money(agreement, owed) if owed else "",
        reinstate_until=date_format(until, "j F Y") if until else "",
    )


def agreement_reinstated(agreement: Agreement, *, on: date) -> Email:
    """It goes on with a comparable machine."""
    return _letter("rental_reinstated", agreement, about=str(on))


def agreement_swapped(agreement: Agreement, *, new_agreement: Agreement, refund: Decimal) -> Email:
    """Another machine has taken its place."""
    return _letter(
        "rental_swapped",
        agreement,
        about=new_agreement.code,
        new_machine=new_agreement.line.name,
        new_code=new_agreement.code,
        refund=_money(agreement, refund) if refund else "",
    )


def machine_lost(agreement: Agreement, *, owed: Decimal) -> Email:
    """It is lost: one capped charge takes the place of everything unpaid."""
    return _letter("rental_lost", agreement, about="", owed=_money(agreement, owed) if owed else "")


def debt_written_off(agreement: Agreement) -> Email:
    """We ask for nothing any more."""
    return _letter("rental_written_off", agreement, about="")


def fee_waived(agreement: Agreement, *, target: str, amount: Decimal) -> Email:
    """A charge was let go."""
    return _letter("rent_fee_waived", agreement, about=target, amount=_money(agreement, amount))


def payment_deferred(instalment: Instalment) -> Email:
    """The customer has been given more time."""
    deadline = date_format(instalment.counts_from, "j F Y")
    return _about_instalment("rent_deferred", instalment, about=str(instalment.counts_from), deadline=deadline)


def plan_unpublished(plan: RentalPlan, *, why: str, about: str) -> Email:
    """To the shop: a lower price or a new policy took a plan off the shop."""
    context = {"name": str(plan.variant), "sku": plan.variant.sku, "months": plan.months, "why": why}
    key = f"plan_unpublished:{plan.pk}:{about}"
    return queue_email(kind="rental_plan_unpublished", to=settings.SHOP_EMAIL, context=context, dedupe_key=key)


def _about_instalment(kind: str, instalment: Instalment, *, about: str, **facts: object) -> Email:
    agreement = instalment.agreement
    overview = overview_of(agreement)
    row = overview.rows[instalment.number - 1]
    return _letter(
        kind,
        agreement,
        about=f"{instalment.number}:{about}",
        overview=overview,
        number=instalment.number,
        due_on=date_format(instalment.due_on, "j F Y"),
        amount=_money(agreement, row.outstanding),
        **facts,
    )


def _link_letter(kind: str, collection: Collection, agreement: Agreement, *, on: date, **facts: object) -> Email:
    bill = collection.bill
    return _letter(
        kind,
        agreement,
        about=f"{bill.code}:{on}",
        amount=amount_text(bill.amount, bill.currency),
        pay_link=payment_link(collection),
        **facts,
    )


def _letter(kind: str, agreement: Agreement, *, about: str, overview: Overview | None = None, **facts: object) -> Email:
    """Queue a letter once for an agreement and what it is about. It says what is left and what owning costs now."""
    stands = overview or overview_of(agreement)
    context = {
        "agreement": agreement,
        "name": agreement.customer.get_full_name() or agreement.signed_name,
        "machine": agreement.line.name,
        "link": agreement_link(agreement),
        "to_finish": _money(agreement, stands.cost_to_finish),
        "to_own": _money(agreement, stands.buyout.amount) if stands.buyout and stands.cost_to_finish else "",
        "due_now": _money(agreement, stands.due_now) if stands.due_now else "",
        **facts,
    }
    return queue_email(
        kind=kind, to=agreement.customer.email, context=context, dedupe_key=f"{kind}:{agreement.code}:{about}"
    )


def _money(agreement: Agreement, amount: Decimal) -> str:
    return amount_text(amount, agreement.currency)
