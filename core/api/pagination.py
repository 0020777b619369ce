"""Pages of API lists."""

from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from core.api.errors import InvalidRequest

LARGEST_PAGE = 100


class Pages(PageNumberPagination):
    """Numbered pages of at most 100 rows; `?page=` and `?page_size=`. A page past the end is 404."""

    page_size = 24
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE

    def get_page_size(self, request: Request) -> int:
        """Return the page's size; unlike the framework, refuse a senseless one instead of changing it silently."""
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LARGEST_PAGE):  # noqa: PLR2004
            detail = f"Ask for 1 to {LARGEST_PAGE} rows a page."
            raise InvalidRequest([{"parameter": "page_size", "code": "out_of_range", "detail": detail}])
        return int(text)
