"""What the rental endpoints take and give."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.models import RentalPlan
from core import clock
from core.api.fields import InstantField, MoneyField
from core.api.queries import PageQuery
from core.api.serializers import StrictSerializer
from rentals.flow import AgreementState
from rentals.overview import Overview, RowState

MOST_DAYS_AWAY = 731


class QuoteQuery(StrictSerializer):
    """Which term, and from which day dates count."""

    months = serializers.ChoiceField(
        choices=RentalPlan.Months.choices, required=False, help_text="Only this term; without it, every term offered."
    )
    delivered_on = serializers.DateField(
        required=False, help_text="As if the machine were delivered on this day; without it, today. Amounts stay."
    )

    def validate_delivered_on(self, day: date) -> date:
        """Refuse days that no machine is delivered on: the calendar of payments ends somewhere."""
        if abs((day - clock.today()).days) > MOST_DAYS_AWAY:
            raise serializers.ValidationError("Choose a day within two years from today.")
        return day


class MonthSerializer(serializers.Serializer):
    """One payment made on its day, and where the customer stands the day after."""

    number = serializers.IntegerField()
    due = serializers.DateField()
    payment = MoneyField(read_only=True)
    paid = MoneyField(read_only=True)
    to_own = MoneyField(read_only=True, help_text="What owning the machine costs the day after this payment.")
    to_finish = MoneyField(read_only=True, help_text="What is left to the end.")


class StepUpSerializer(serializers.Serializer):
    """When same as cash ends, the price of owning goes up."""

    day = serializers.DateField()
    before = MoneyField(read_only=True)
    to_own = MoneyField(read_only=True)


class OfferSerializer(serializers.Serializer):
    """What a plan comes to when every payment is made on its day."""

    currency = serializers.CharField()
    payments = serializers.IntegerField()
    first_payment = MoneyField(read_only=True, help_text="Due with the order.")
    last_payment = MoneyField(read_only=True)
    total = MoneyField(read_only=True, help_text="Total to own.")
    cash_price = MoneyField(read_only=True)
    cost_of_rental = MoneyField(read_only=True)
    counted_from = serializers.DateField()
    same_as_cash_until = serializers.DateField(allow_null=True)
    step_up = StepUpSerializer(allow_null=True)
    months = MonthSerializer(many=True)


class PlanQuoteSerializer(serializers.Serializer):
    """One plan on which a variant is offered."""

    months = serializers.IntegerField(source="plan.months")
    monthly_price = MoneyField(read_only=True, source="plan.monthly_price")
    offer = OfferSerializer()


class RentalQuoteSerializer(serializers.Serializer):
    """What a variant is rented for; no plans: it is only sold."""

    sku = serializers.CharField()
    plans = PlanQuoteSerializer(many=True)


class AgreementListQuery(PageQuery):
    """Filters of the caller's own agreements."""

    state = serializers.ChoiceField(choices=AgreementState.choices, required=False)


class BuyoutSerializer(serializers.Serializer):
    """What owning the machine costs today, and what it is made of."""

    basis = serializers.CharField()
    amount = MoneyField(read_only=True)
    rent_part = MoneyField(read_only=True)
    charges = MoneyField(read_only=True)
    waived = MoneyField(read_only=True, help_text="Rent that buying now saves.")


class InstalmentSerializer(serializers.Serializer):
    """One payment of the schedule as it stands."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    amount = MoneyField(read_only=True)
    paid = MoneyField(read_only=True)
    outstanding = MoneyField(read_only=True)
    state = serializers.ChoiceField(choices=[(one.value, one.value) for one in RowState])
    late_fee = MoneyField(read_only=True)
    late_fee_unpaid = MoneyField(read_only=True)


class AgreementSummarySerializer(serializers.Serializer):
    """A rental, and the numbers that always stand together: cost to finish and cost to own it now."""

    code = serializers.CharField(source="agreement.code")
    state = serializers.ChoiceField(choices=AgreementState.choices, source="agreement.state")
    order = serializers.CharField(source="agreement.line.order.code")
    sku = serializers.CharField(source="agreement.line.sku")
    machine = serializers.CharField(source="agreement.line.name")
    currency = serializers.CharField(source="agreement.currency")
    cash_price = MoneyField(read_only=True, source="agreement.cash_price")
    total = MoneyField(read_only=True, source="agreement.total")
    paid = MoneyField(read_only=True)
    due_now = MoneyField(read_only=True)
    cost_to_finish = MoneyField(read_only=True)
    cost_to_own = serializers.SerializerMethodField(help_text="Today's price of owning it; null when it has none.")
    next_due_on = serializers.SerializerMethodField(help_text="When the next payment falls due; null without one.")
    days_past_due = serializers.IntegerField()

    @extend_schema_field(MoneyField(read_only=True, allow_null=True))
    def get_cost_to_own(self, overview: Overview) -> str | None:
        return None if overview.buyout is None else f"{overview.buyout.amount:.2f}"

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_next_due_on(self, overview: Overview) -> str | None:
        return overview.next_due.due_on.isoformat() if overview.next_due else None


class DisclosedItemSerializer(serializers.Serializer):
    """One of the twelve things to know before signing, in the words of page and contract."""

    key = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class AgreementSerializer(AgreementSummarySerializer):
    """A rental with everything its customer may know."""

    signed_at = InstantField(source="agreement.signed_at", allow_null=True)
    signed_name = serializers.CharField(source="agreement.signed_name")
    text_version = serializers.CharField(source="agreement.text_version")
    contract_sha256 = serializers.SerializerMethodField(
        help_text="Of the signed contract; before the signature, of the contract as it reads now."
    )
    policy_version = serializers.IntegerField(source="agreement.policy.version")
    delivered_on = serializers.DateField(source="agreement.delivered_on", allow_null=True)
    owned_since = serializers.DateField(source="agreement.owned_since", allow_null=True)
    reinstate_until = serializers.DateField(source="agreement.reinstate_until", allow_null=True)
    charges = MoneyField(read_only=True)
    credit = MoneyField(read_only=True)
    refund_due = MoneyField(read_only=True)
    buyout = BuyoutSerializer(allow_null=True)
    same_as_cash_until = serializers.DateField(allow_null=True)
    instalments = InstalmentSerializer(many=True, source="rows")
    disclosure = serializers.SerializerMethodField()
    offer = serializers.SerializerMethodField(help_text="As disclosed: dates count from the day of ordering.")

    def get_contract_sha256(self, overview: Overview) -> str:
        return self.context["contract_sha256"]

    @extend_schema_field(DisclosedItemSerializer(many=True))
    def get_disclosure(self, overview: Overview) -> Any:
        return DisclosedItemSerializer(self.context["disclosure"].items, many=True).data

    @extend_schema_field(OfferSerializer)
    def get_offer(self, overview: Overview) -> Any:
        return OfferSerializer(self.context["disclosure"].offer).data


class SignatureSerializer(StrictSerializer):
    """The signature. `contract_sha256` names the contract that was read: the one of the agreement's answer."""

    name = serializers.CharField(max_length=150, allow_blank=True)
    has_read = serializers.BooleanField(help_text="The customer has read the agreement and agrees to it.")
    contract_sha256 = serializers.CharField(max_length=64)
