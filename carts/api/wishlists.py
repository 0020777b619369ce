"""The wish list over the API: an account's own, or a guest's by the secret in X-Wishlist-Code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from carts.api.serializers import CartSerializer, KeepSerializer, SharedWishlistSerializer, WishlistSerializer
from carts.api.viewsets import CART_CODE, cart_of, priced_cart, secret_code
from carts.baskets import open_cart
from carts.models import Wishlist
from carts.wishlists import (
    add_wish,
    dismiss_notices,
    find_shared_wishlist,
    find_wishlist,
    merge_wishlists,
    move_to_cart,
    open_wishlist,
    remove_wish,
    share,
    unshare,
    wishes_of,
)
from catalog.api.refusals import naming_skus
from catalog.models import Variant
from core.api.errors import InvalidRequest
from core.api.views import ApiViewSet
from core.refusals import Refusal

CODE_HEADER = "X-Wishlist-Code"
WISHLIST_CODE = OpenApiParameter(
    CODE_HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A guest's secret list code. Accounts need none: their token finds their list.",
)
NOT_YOURS = "There is no list with this code. Leave the header out and a new list is opened."


def wishlist_of(request: Request) -> Wishlist | None:
    """Return the caller's list, None when they have none yet. A guest's code that opens no list is 404."""
    code = secret_code(request, CODE_HEADER)
    wishlist = find_wishlist(user=request.user, code=code)
    if wishlist is None and code is not None and not request.user.is_authenticated:
        raise NotFound(NOT_YOURS, code="wishlist_not_found")
    return wishlist


def standing_wishlist_of(request: Request) -> Wishlist:
    """Return the caller's list, which must be there: 404 otherwise."""
    wishlist = wishlist_of(request)
    if wishlist is None:
        raise NotFound("You have no list yet.", code="wishlist_not_found")
    return wishlist


@contextmanager
def unknown_wish_is_404() -> Iterator[None]:
    """Let what is not on the list be an address that is not there."""
    try:
        yield
    except Refusal as refusal:
        if refusal.code == "wish_unknown":
            raise NotFound(refusal.message, code=refusal.code) from refusal
        raise


class WishlistViewSet(ApiViewSet):
    """The caller's one list."""

    permission_classes = [AllowAny]
    serializer_class = WishlistSerializer
    pagination_class = None
    queryset = Wishlist.objects.none()

    @extend_schema(
        tags=["wishlist"], operation_id="wishlist_show", parameters=[WISHLIST_CODE], responses=WishlistSerializer
    )
    def show(self, request: Request) -> Response:
        """What is on the list, newest first, with its price and stock of this moment. Without a list: an empty one."""
        return told(wishlist_of(request))

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_items_add",
        parameters=[WISHLIST_CODE],
        request=KeepSerializer,
        responses={201: WishlistSerializer},
    )
    def add(self, request: Request) -> Response:
        """Keep a variant. What is on the list already stays. A guest without a code gets a new list and its code."""
        sku = self.valid_body(KeepSerializer)["sku"]
        variant = Variant.objects.published().filter(sku=sku).first()
        if variant is None:
            raise NotFound("There is no article with this SKU.", code="sku_unknown")
        wishlist, new_code = wishlist_of(request), None
        if wishlist is None:
            wishlist, new_code = open_wishlist(user=request.user, code=None)
        add_wish(wishlist, variant)
        return told(wishlist, new_code=new_code, status=status.HTTP_201_CREATED)

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_items_remove",
        parameters=[WISHLIST_CODE],
        request=None,
        responses=WishlistSerializer,
    )
    def remove(self, request: Request, sku: str) -> Response:
        """Take a variant off the list."""
        wishlist = standing_wishlist_of(request)
        with unknown_wish_is_404():
            remove_wish(wishlist, sku)
        return told(wishlist)

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_items_move_to_cart",
        parameters=[WISHLIST_CODE, CART_CODE],
        request=None,
        responses={201: CartSerializer},
    )
    def move(self, request: Request, sku: str) -> Response:
        """Put one of a variant into the cart and take it off the list, both or neither. Answers with the cart."""
        wishlist = standing_wishlist_of(request)
        cart, new_code = cart_of(request), None
        if cart is None:
            cart, new_code = open_cart(user=request.user, code=None)
        with unknown_wish_is_404(), naming_skus():
            move_to_cart(wishlist, sku, cart=cart)
        return priced_cart(cart, new_code=new_code, status=status.HTTP_201_CREATED)

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_share",
        parameters=[WISHLIST_CODE],
        request=None,
        responses=WishlistSerializer,
    )
    def share(self, request: Request) -> Response:
        """Make a code by which everybody can see the list. A list that is shared keeps its code."""
        wishlist = standing_wishlist_of(request)
        wishlist.share_code = share(wishlist)
        return told(wishlist)

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_unshare",
        parameters=[WISHLIST_CODE],
        request=None,
        responses=WishlistSerializer,
    )
    def unshare(self, request: Request) -> Response:
        """Let the code that was given away die."""
        wishlist = standing_wishlist_of(request)
        unshare(wishlist)
        wishlist.share_code = None
        return told(wishlist)

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_notices_dismiss",
        parameters=[WISHLIST_CODE],
        request=None,
        responses={204: OpenApiResponse(description="The notices are gone.")},
    )
    def dismiss(self, request: Request) -> Response:
        """The customer has read what bringing two lists together left out."""
        wishlist = wishlist_of(request)
        if wishlist is not None:
            dismiss_notices(wishlist)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WishlistMergeViewSet(ApiViewSet):
    """Bring a guest's list into the account's."""

    permission_classes = [IsAuthenticated]
    serializer_class = WishlistSerializer
    pagination_class = None
    queryset = Wishlist.objects.none()

    @extend_schema(
        tags=["wishlist"],
        operation_id="wishlist_merge",
        parameters=[OpenApiParameter(CODE_HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, required=True)],
        request=None,
        responses=WishlistSerializer,
    )
    def merge(self, request: Request) -> Response:
        """Join the guest's list with this code to the account's. `notices` say what did not fit; the code is spent."""
        code = secret_code(request, CODE_HEADER)
        if code is None:
            detail = "Send the guest's list code in the X-Wishlist-Code header."
            raise InvalidRequest([{"header": CODE_HEADER, "code": "required", "detail": detail}])
        guest_list = find_wishlist(user=None, code=code)
        if guest_list is None:
            raise NotFound("There is no guest's list with this code.", code="wishlist_not_found")
        return told(merge_wishlists(guest_list, request.user))


class SharedWishlistViewSet(ApiViewSet):
    """A list that somebody shares."""

    permission_classes = [AllowAny]
    serializer_class = SharedWishlistSerializer
    pagination_class = None
    queryset = Wishlist.objects.none()

    @extend_schema(tags=["wishlist"], operation_id="wishlist_shared", responses=SharedWishlistSerializer)
    def show(self, request: Request, share_code: str) -> Response:
        """What is on the list, to look at. Nothing is said about its owner."""
        wishlist = find_shared_wishlist(share_code)
        if wishlist is None:
            raise NotFound("Nobody shares a list under this code.", code="wishlist_not_found")
        body = SharedWishlistSerializer({"currency": settings.SHOP_CURRENCY, "items": wishes_of(wishlist)}).data
        return Response(body, headers={"Cache-Control": "no-store"})


def told(wishlist: Wishlist | None, *, new_code: str | None = None, status: int = status.HTTP_200_OK) -> Response:
    """Answer with the list; a new guest's code goes into the body and the X-Wishlist-Code header."""
    share_code = wishlist.share_code if wishlist is not None else None
    body: dict[str, Any] = {
        "code": new_code,
        "currency": settings.SHOP_CURRENCY,
        "share_code": share_code,
        "share_url": f"{settings.SITE_URL}/wishlist/shared/{share_code}/" if share_code else None,
        "items": wishes_of(wishlist),
        "notices": wishlist.notices if wishlist is not None else [],
    }
    headers = {CODE_HEADER: new_code} if new_code else {}
    return Response(WishlistSerializer(body).data, status=status, headers=headers)
