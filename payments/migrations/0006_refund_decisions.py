# Who decides about a refund, who sends it, and by which reference.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def forget_empty_references(apps, schema_editor):
    """An empty reference is none: of several empty texts only one could stay under a unique key."""
    apps.get_model("payments", "Refund").objects.filter(reference="").update(reference=None)


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0005_default_card_and_riel_rate'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='refund',
            options={'ordering': ['-id'], 'permissions': [('approve_refund', 'Can approve refunds of others'), ('transfer_refund', 'Can record refunds sent by hand')]},
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_state_known',
        ),
        migrations.AddField(
            model_name='refund',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refund',
            name='by_hand',
            field=models.BooleanField(default=False, editable=False, help_text='Staff send it; no provider can.'),
        ),
        migrations.AddField(
            model_name='refund',
            name='finished_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refund',
            name='from_surplus',
            field=models.BooleanField(default=False, editable=False, help_text='It gives back what nobody asked for, no part of what paid a bill.'),
        ),
        migrations.AlterField(
            model_name='refund',
            name='reference',
            field=models.CharField(blank=True, help_text="The bank's reference, when it was made by hand.", max_length=100, null=True),
        ),
        migrations.RunPython(forget_empty_references, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='refund',
            name='reference',
            field=models.CharField(blank=True, help_text="The bank's reference, when it was made by hand.", max_length=100, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name='refund',
            name='state',
            field=models.CharField(choices=[('proposed', 'Waiting for a second person'), ('requested', 'To be sent'), ('by_hand', 'To be sent by hand'), ('pending', 'On its way'), ('done', 'Done'), ('failed', 'Failed'), ('withdrawn', 'Withdrawn')], default='requested', max_length=10),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['state', 'requested_at'], name='refund_by_state'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'requested', 'by_hand', 'pending', 'done', 'failed', 'withdrawn'])), name='refund_state_known'),
        ),
    ]
