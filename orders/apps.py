from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        from orders import listeners
        from payments.signals import bill_settled

        bill_settled.connect(listeners.claim_settled_bill, dispatch_uid="orders.claim_settled_bill")
