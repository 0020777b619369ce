from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="break",
            options={"ordering": ["due_at"], "permissions": [("resolve_break", "Can resolve breaks")]},
        ),
    ]
