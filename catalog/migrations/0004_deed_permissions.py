from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_read_model")]

    operations = [
        migrations.AlterModelOptions(
            name="unit",
            options={
                "ordering": ["id"],
                "permissions": [
                    ("receive_unit", "Can receive stock"),
                    ("shelve_unit", "Can put units on sale, to testing and to repair"),
                    ("scrap_unit", "Can scrap units and write them off"),
                ],
            },
        ),
    ]
