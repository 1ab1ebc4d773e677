"""The ledger, and the market on it."""

from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import TestCase

from market import orders
from market.ledger import InsufficientFunds, account, balance, post
from market.models import Account, Entry, Order, Transfer
from market.tasks import welcome


class Ledger(TestCase):
    """What moves, and what must not."""

    def setUp(self) -> None:
        self.sara, self.omid = (User.objects.create(username=name) for name in ("sara", "omid"))
        for user in self.sara, self.omid:
            welcome(user.pk)

    def held(self, user: User, asset: str) -> tuple[Decimal, Decimal]:
        return balance(account(user, asset)), balance(account(user, asset, Account.HELD))

    def tearDown(self) -> None:
        sums = Entry.objects.values("account__asset").annotate(sum=Sum("amount"))
        self.assertEqual({row["account__asset"]: row["sum"] for row in sums}, {"BTC": 0, "USDT": 0})

    def test_a_task_that_runs_twice_gives_once(self) -> None:
        welcome(self.sara.pk)
        self.assertEqual(self.held(self.sara, "BTC"), (1, 0))

    def test_nobody_spends_what_is_not_there(self) -> None:
        with self.assertRaises(InsufficientFunds):
            post("too much", (account(self.sara, "BTC"), account(self.omid, "BTC"), Decimal("1.1")))
        self.assertFalse(Transfer.objects.filter(key="too much").exists())

    def test_an_asset_becomes_no_other(self) -> None:
        with self.assertRaises(ValueError):
            post("change", (account(self.sara, "BTC"), account(self.sara, "USDT"), Decimal(1)))

    def test_the_database_refuses_a_transfer_that_is_not_zero(self) -> None:
        with self.assertRaisesMessage(IntegrityError, "not zero together"), transaction.atomic():
            transfer = Transfer.objects.create(key="from nothing")
            Entry.objects.create(transfer=transfer, account=account(self.sara, "BTC"), amount=1)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as the end of a transaction does

    def test_orders_meet_at_the_price_of_the_first(self) -> None:
        orders.place(self.sara, Order.SELL, Decimal(50_000), Decimal("0.4"))
        orders.place(self.sara, Order.SELL, Decimal(40_000), Decimal("0.2"))
        rest = orders.place(self.omid, Order.BUY, Decimal(45_000), Decimal("0.5"))
        self.assertEqual(rest.remaining, Decimal("0.3"))
        # 0.2 for 40,000 each, and 0.3 at 45,000 that still wait
        self.assertEqual(self.held(self.omid, "USDT"), (100_000 - 8_000 - 13_500, 13_500))
        self.assertEqual(self.held(self.omid, "BTC"), (Decimal("1.2"), 0))
        self.assertEqual(self.held(self.sara, "USDT"), (108_000, 0))
        self.assertEqual(self.held(self.sara, "BTC"), (Decimal("0.4"), Decimal("0.4")))
        self.assertEqual(list(orders.book(Order.BUY)), [{"price": 45_000, "amount": Decimal("0.3")}])
        self.assertEqual(list(orders.book(Order.SELL)), [{"price": 50_000, "amount": Decimal("0.4")}])

    def test_an_order_that_nothing_covers_leaves_no_trace(self) -> None:
        with self.assertRaises(InsufficientFunds):
            orders.place(self.omid, Order.BUY, Decimal(100_001), Decimal(1))
        self.assertFalse(Order.objects.exists())
