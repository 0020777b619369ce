"""Forms of those who wait for an offer and of those who say what they think of one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import EmailField
from catalog.models import Watch
from catalog.reviewing import BEST, LENGTHS

STARS = {
    5: _("Very good"),
    4: _("Good"),
    3: _("As it should be"),
    2: _("Rather poor"),
    1: _("Poor"),
}


class WatchForm(forms.Form):
    """Which offer, what to wait for, and where to write. An account with a verified e-mail leaves the last one out."""

    sku = forms.CharField(max_length=40, widget=forms.HiddenInput)
    kind = forms.ChoiceField(choices=Watch.Kind.choices, widget=forms.HiddenInput)
    email = EmailField()

    def __init__(self, *args: Any, asks_email: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not asks_email:
            del self.fields["email"]


def _text(label: str, name: str, widget: forms.Widget, help_text: str, required: str) -> forms.CharField:
    longest = LENGTHS[name][1]
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=longest,
        widget=widget,
        error_messages={
            "required": required,
            "max_length": _("Write at most %(limit_value)d characters; these are %(show_value)d."),
        },
    )


class ReviewForm(forms.Form):
    """What somebody thinks of a thing that they bought."""

    rating = forms.TypedChoiceField(
        label=_("Stars"),
        coerce=int,
        choices=[(number, words) for number, words in STARS.items() if number <= BEST],
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose one to five stars")),
    )
    title = _text(
        _("In a few words"),
        "title",
        forms.TextInput(attrs={"autocomplete": "off"}),
        _("Such as: quiet, quick, a tired battery"),
        _("Sum it up in a few words"),
    )
    body = _text(
        _("Your review"),
        "body",
        forms.Textarea(attrs={"rows": 6}),
        _("What is good, what is not, what you use it for"),
        _("Write what it is like"),
    )
    author_name = _text(
        _("Your name, as others see it"),
        "author_name",
        forms.TextInput(attrs={"autocomplete": "nickname"}),
        _("It need not be your real one"),
        _("Choose a name that others see"),
    )
