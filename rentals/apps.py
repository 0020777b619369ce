from django.apps import AppConfig


class RentalsConfig(AppConfig):
    name = "rentals"
    verbose_name = "Rentals"

    def ready(self) -> None:
        from catalog.signals import prices_changed
        from orders import signals
        from payments.signals import bill_settled, dispute_changed
        from rentals import listeners

        for signal, listener in (
            (signals.order_placed, listeners.draft_when_placed),
            (signals.order_confirmed, listeners.start_when_confirmed),
            (signals.shipment_dispatched, listeners.send_when_dispatched),
            (signals.shipment_delivered, listeners.deliver_when_delivered),
            (signals.shipment_returned, listeners.cancel_when_refused),
            (signals.lines_cancelled, listeners.end_when_called_off),
            (signals.return_inspected, listeners.settle_when_inspected),
            (prices_changed, listeners.unpublish_when_prices_change),
            (bill_settled, listeners.claim_settled_bill),
            (dispute_changed, listeners.follow_dispute),
        ):
            signal.connect(listener, dispatch_uid=f"rentals.{listener.__name__}")
