from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        from orders import listeners
        from payments.signals import bill_settled, payment_failed

        bill_settled.connect(listeners.claim_settled_bill, dispatch_uid="orders.claim_settled_bill")
        payment_failed.connect(listeners.write_about_failed_payment, dispatch_uid="orders.write_about_failed_payment")
