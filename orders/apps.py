from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        from orders import listeners
        from payments.signals import bill_refunded, bill_settled, dispute_changed, payment_failed

        bill_settled.connect(listeners.claim_settled_bill, dispatch_uid="orders.claim_settled_bill")
        payment_failed.connect(listeners.write_about_failed_payment, dispatch_uid="orders.write_about_failed_payment")
        bill_refunded.connect(listeners.follow_refunded_bill, dispatch_uid="orders.follow_refunded_bill")
        dispute_changed.connect(listeners.follow_disputed_bill, dispatch_uid="orders.follow_disputed_bill")
