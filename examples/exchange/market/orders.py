"""The market: orders, and who takes whose."""

import uuid
from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Sum

from market.ledger import account, lock, post
from market.models import Account, Order


def pays(side: str, price: Decimal, amount: Decimal) -> tuple[str, Decimal]:
    """What an order gives away."""
    return ("USDT", price * amount) if side == Order.BUY else ("BTC", amount)


@transaction.atomic
def place(owner: AbstractBaseUser, side: str, price: Decimal, amount: Decimal) -> Order:
    """Holds what the order may cost, trades with the best orders of the other side, and leaves the rest in the book."""
    lock()
    order = Order.objects.create(owner=owner, side=side, price=price, remaining=amount)
    asset, cost = pays(side, price, amount)
    post(f"hold for order {order.pk}", (account(owner, asset), account(owner, asset, Account.HELD), cost))
    others = Order.objects.filter(remaining__gt=0).exclude(side=side)
    if side == Order.BUY:
        others = others.filter(price__lte=price).order_by("price", "pk")
    else:
        others = others.filter(price__gte=price).order_by("-price", "pk")
    for other in others:
        if not order.remaining:
            break
        trade(order, other)
    return order


def trade(taker: Order, maker: Order) -> None:
    """Exchanges what both have, at the price of the one that was there first."""
    amount = min(taker.remaining, maker.remaining)
    buyer, seller = (taker, maker) if taker.side == Order.BUY else (maker, taker)
    held_usdt = account(buyer.owner, "USDT", Account.HELD)
    moves = [
        (account(seller.owner, "BTC", Account.HELD), account(buyer.owner, "BTC"), amount),
        (held_usdt, account(seller.owner, "USDT"), maker.price * amount),
    ]
    if spared := (buyer.price - maker.price) * amount:
        moves.append((held_usdt, account(buyer.owner, "USDT"), spared))
    post(f"trade {uuid.uuid4()}", *moves)
    for order in taker, maker:
        order.remaining -= amount
        order.save(update_fields=["remaining"])


def book(side: str, depth: int = 10) -> Iterable[dict[str, Decimal]]:
    """The best prices of a side and how much there is at each; it may be some seconds old."""
    best_first = F("price").desc() if side == Order.BUY else F("price").asc()
    waiting = Order.objects.using(settings.READ_DATABASE).filter(side=side, remaining__gt=0)
    return waiting.values("price").annotate(amount=Sum("remaining")).order_by(best_first)[:depth]
