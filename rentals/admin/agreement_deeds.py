"""What staff do with one agreement: forms for what a deed must be told, and the buttons of its page."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget

from core.admin_deeds import Deed, DeedForm
from core.money import amount_text
from core.refusals import Refusal
from rentals.caretaking import add_note, defer_payment, waive_fee
from rentals.ending import approve_write_off, declare_lost, propose_write_off, proposed_write_off, reinstate
from rentals.flow import AgreementState
from rentals.handing_back import hand_back
from rentals.models import Agreement
from rentals.overview import Action, Overview, overview_of
from rentals.wording import target_words

WRITE_OFF = "This ends the agreement and gives up what is owed. Two different people must decide it."


def standing_now(agreement: Agreement) -> Overview:
    """Return how the agreement stands: what its page has read already, else read anew."""
    return getattr(agreement, "overview", None) or overview_of(agreement)


class ReasonForm(DeedForm):
    """Why. It stands on the timeline."""

    reason = forms.CharField(
        max_length=300,
        label="Why?",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        error_messages={"required": "Say why in a few words: it stands on the timeline."},
    )

    def field_of(self, refusal: Refusal) -> str | None:
        """A missing reason stands at its field."""
        return "reason" if refusal.code == "reason_needed" else None


class NoteForm(DeedForm):
    """A note that only staff read."""

    text = forms.CharField(
        max_length=300,
        label="Note",
        help_text="Customers do not see it.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField", "autofocus": True}),
    )


class WaiveForm(ReasonForm):
    """Which charge is let go."""

    target = forms.ChoiceField(label="Charge", widget=forms.RadioSelect)
    field_order = ["target", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        charges = standing_now(self.obj).lease.account.charges()
        self.fields["target"].choices = [
            (target, f"{target_words(target)}: {amount_text(debt.outstanding, self.obj.currency)}")
            for target, debt in charges
            if debt.outstanding
        ]


class DeferForm(ReasonForm):
    """Which payment gets more time, and until when."""

    number = forms.TypedChoiceField(label="Payment", coerce=int)
    to = forms.DateField(
        label="Until", help_text="Charges, fees and default count from this day.", widget=AdminDateWidget
    )
    field_order = ["number", "to", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        overview = standing_now(self.obj)
        self.fields["number"].choices = [
            (row.number, f"{row.number}: {amount_text(row.outstanding, self.obj.currency)}, due {row.due_on:%d %b %Y}")
            for row in overview.rows
            if row.outstanding
        ]

    def field_of(self, refusal: Refusal) -> str | None:
        """Refusals about the day or the payment stand at their field."""
        return {"day_impossible": "to", "nothing_to_defer": "number"}.get(refusal.code) or super().field_of(refusal)


class LostForm(ReasonForm):
    """What the machine was worth."""

    market_value = forms.DecimalField(
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        label="What the machine was worth",
        help_text="The customer owes the lower of this and the price of owning it today.",
    )
    field_order = ["market_value", "reason"]

    def field_of(self, refusal: Refusal) -> str | None:
        """An impossible value stands at its field."""
        return "market_value" if refusal.code == "amount_impossible" else super().field_of(refusal)


class ReinstateForm(DeedForm):
    """Which machine the customer gets."""

    serial = forms.CharField(
        max_length=100,
        label="Serial number",
        help_text="A free machine of the same kind. Scan it.",
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True, "autocomplete": "off"}),
    )

    def field_of(self, refusal: Refusal) -> str | None:
        """A wrong serial number stands at its field."""
        return "serial" if refusal.code.startswith("serial_") else None


def _note(agreement: Agreement, *, by: Any, text: str) -> str:
    add_note(agreement, text=text, by=by)
    return "The note is on the timeline."


def _waive(agreement: Agreement, *, by: Any, target: str, reason: str) -> str:
    waive_fee(agreement, target=target, by=by, reason=reason)
    return "Let go. The customer gets a letter."


def _defer(agreement: Agreement, *, by: Any, number: int, to: date, reason: str) -> str:
    defer_payment(agreement, number=number, to=to, by=by, reason=reason)
    return f"Payment {number} may come until {to:%d %b %Y}. The customer gets a letter."


def _recall(agreement: Agreement, *, by: Any, reason: str) -> str:
    returned = hand_back(agreement, by=by, reason=reason)
    return f"The customer is asked to send the machine: return {returned.code}."


def _lose(agreement: Agreement, *, by: Any, market_value: Decimal, reason: str) -> str:
    after = declare_lost(agreement, market_value=market_value, by=by, reason=reason)
    owed = amount_text(overview_of(after).cost_to_finish, after.currency)
    return f"Declared lost. {owed} is owed in place of all that was unpaid; the customer gets a letter."


def _propose(agreement: Agreement, *, by: Any, reason: str) -> str:
    propose_write_off(agreement, by=by, reason=reason)
    return "Proposed. Somebody else must approve it."


def _approve(agreement: Agreement, *, by: Any) -> str:
    approve_write_off(agreement, by=by)
    return "Written off."


def _reinstate(agreement: Agreement, *, by: Any, serial: str) -> str:
    reinstate(agreement, serial=serial, by=by)
    return "Taken up again. What was void is owed again, from today."


def _allows(action: Action) -> Callable[[Agreement], bool]:
    return lambda agreement: action in standing_now(agreement).actions


def _may_be_written_off(agreement: Agreement) -> bool:
    return Action.WRITE_OFF in standing_now(agreement).actions


DEEDS = (
    Deed(
        name="waive",
        label="Let a charge go",
        permission="rentals.ease_agreement",
        run=_waive,
        offered=_allows(Action.WAIVE_FEE),
        form=WaiveForm,
    ),
    Deed(
        name="defer",
        label="Give more time",
        permission="rentals.ease_agreement",
        run=_defer,
        offered=_allows(Action.DEFER),
        form=DeferForm,
    ),
    Deed(
        name="note",
        label="Write a note",
        permission="rentals.note_agreement",
        run=_note,
        offered=lambda agreement: True,
        form=NoteForm,
    ),
    Deed(
        name="reinstate",
        label="Take up again",
        permission="rentals.reinstate_agreement",
        run=_reinstate,
        offered=_allows(Action.REINSTATE),
        form=ReinstateForm,
        is_main=True,
    ),
    Deed(
        name="recall",
        label="Ask for the machine",
        permission="rentals.recall_agreement",
        run=_recall,
        offered=lambda agreement: agreement.state == AgreementState.DEFAULTED,
        form=ReasonForm,
        question="Charging stops, and the customer gets a letter with what to do.",
    ),
    Deed(
        name="lose",
        label="Declare lost",
        permission="rentals.end_agreement",
        run=_lose,
        offered=_allows(Action.DECLARE_LOST),
        form=LostForm,
        is_danger=True,
    ),
    Deed(
        name="propose_write_off",
        label="Propose to write off",
        permission="rentals.end_agreement",
        run=_propose,
        offered=lambda agreement: _may_be_written_off(agreement) and proposed_write_off(agreement) is None,
        form=ReasonForm,
        question=WRITE_OFF,
        is_danger=True,
    ),
    Deed(
        name="approve_write_off",
        label="Approve the write-off",
        permission="rentals.end_agreement",
        run=_approve,
        offered=lambda agreement: _may_be_written_off(agreement) and proposed_write_off(agreement) is not None,
        question=WRITE_OFF,
        is_danger=True,
    ),
)
