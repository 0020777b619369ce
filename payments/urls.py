"""Addresses of the providers' webhooks."""

from django.urls import path

from payments.webhooks import receive

app_name = "payments"

urlpatterns = [path("webhooks/<slug:provider>/", receive, name="webhook")]
