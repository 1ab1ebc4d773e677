"""Double entry: nothing appears and nothing is lost, it moves from one account to another."""

from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Sum

from market.models import Account, Entry, Transfer

Move = tuple[Account, Account, Decimal]

# Any number, as long as nobody else takes it.
LOCK = 1_100_585_369


class InsufficientFunds(Exception):
    """There is less on the account than what shall leave it."""


def account(owner: AbstractBaseUser | None, asset: str, kind: str = Account.AVAILABLE) -> Account:
    """The account, made when it is first named."""
    return Account.objects.get_or_create(owner=owner, asset=asset, kind=kind)[0]


def balance(of: Account) -> Decimal:
    """What is on the account."""
    return Entry.objects.filter(account=of).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def lock() -> None:
    """Lets one transaction at a time move anything: two that run at once would both see what only one may spend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def post(key: str, *moves: Move) -> bool:
    """Moves amounts from the first account to the second one, all or none; False if it has been done before."""
    lock()
    transfer, new = Transfer.objects.get_or_create(key=key)
    if not new:
        return False
    for source, target, amount in moves:
        if amount <= 0 or source.asset != target.asset:
            raise ValueError(f"no move: {amount} {source.asset} to an account of {target.asset}")
        if source.owner_id is not None and balance(source) < amount:
            raise InsufficientFunds(source.asset)
        Entry.objects.bulk_create(
            [Entry(transfer=transfer, account=source, amount=-amount), Entry(transfer=transfer, account=target, amount=amount)]
        )
    return True
