"""What the exchange remembers."""

import uuid

from django.conf import settings
from django.db import models

ASSETS = [("BTC", "BTC"), ("USDT", "USDT")]


def amount() -> models.DecimalField:
    """An amount of any asset: no coin has more decimals."""
    return models.DecimalField(max_digits=36, decimal_places=18)


class Account(models.Model):
    """Where an asset lies. One without an owner is the house's own."""

    AVAILABLE, HELD = "available", "held"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    asset = models.CharField(max_length=8, choices=ASSETS)
    kind = models.CharField(max_length=9, choices=[(AVAILABLE, AVAILABLE), (HELD, HELD)], default=AVAILABLE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "asset", "kind"], name="one_account_of_a_kind"),
            models.UniqueConstraint(fields=["asset", "kind"], condition=models.Q(owner=None), name="one_account_of_the_house"),
        ]


class Transfer(models.Model):
    """A movement between accounts. Its key is what it is for, so that a task that runs twice moves nothing twice."""

    key = models.CharField(max_length=200, unique=True)
    created = models.DateTimeField(auto_now_add=True)


class Entry(models.Model):
    """One account's part of a transfer. Per transfer and asset all entries are zero together, which the database itself checks."""

    transfer = models.ForeignKey(Transfer, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    amount = amount()


class Order(models.Model):
    """An order of the market BTC/USDT that waits for somebody to take it."""

    BUY, SELL = "buy", "sell"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    side = models.CharField(max_length=4, choices=[(BUY, BUY), (SELL, SELL)])
    price = models.DecimalField(max_digits=18, decimal_places=2)
    remaining = models.DecimalField(max_digits=18, decimal_places=8)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["side", "price"], condition=models.Q(remaining__gt=0), name="open_orders")]


def picture_name(_picture: "Picture", _name: str) -> str:
    """Nothing of a user's file name reaches the store."""
    return f"pictures/{uuid.uuid4()}"


class Picture(models.Model):
    """A picture that a user uploaded; a task looks at it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    file = models.FileField(upload_to=picture_name)
    created = models.DateTimeField(auto_now_add=True)
    digest = models.CharField(max_length=64, blank=True)
