from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("mark_paid_order", "Can say that money for an order has arrived"),
                    ("pack_order", "Can start packing orders"),
                    ("dispatch_order", "Can send orders"),
                    ("cancel_order", "Can cancel orders"),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="shipment",
            options={
                "ordering": ["id"],
                "permissions": [
                    ("deliver_shipment", "Can confirm deliveries"),
                    ("return_shipment", "Can take back refused parcels"),
                ],
            },
        ),
    ]
