from django.apps import AppConfig


class CartsConfig(AppConfig):
    name = "carts"
    verbose_name = "Carts"

    def ready(self) -> None:
        from accounts.signals import signed_in
        from carts import listeners

        signed_in.connect(listeners.merge_guest_cart, dispatch_uid="carts.merge_guest_cart")
        signed_in.connect(listeners.merge_guest_wishlist, dispatch_uid="carts.merge_guest_wishlist")
