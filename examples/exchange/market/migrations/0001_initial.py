
from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import market.models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asset", models.CharField(choices=[("BTC", "BTC"), ("USDT", "USDT")], max_length=8)),
                ("kind", models.CharField(choices=[("available", "available"), ("held", "held")], default="available", max_length=9)),
                ("owner", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.FileField(upload_to=market.models.picture_name)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("owner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("side", models.CharField(choices=[("buy", "buy"), ("sell", "sell")], max_length=4)),
                ("price", models.DecimalField(decimal_places=2, max_digits=18)),
                ("remaining", models.DecimalField(decimal_places=8, max_digits=18)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("owner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=18, max_digits=36)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="market.account")),
                ("transfer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="market.transfer")),
            ],
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(condition=models.Q(("remaining__gt", 0)), fields=["side", "price"], name="open_orders"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(fields=("owner", "asset", "kind"), name="one_account_of_a_kind"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner", None)), fields=("asset", "kind"), name="one_account_of_the_house"),
        ),
    ]
