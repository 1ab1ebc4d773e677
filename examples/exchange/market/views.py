"""The page, and what it sends."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import UserCreationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_q.tasks import async_task

from market import orders
from market.forms import OrderForm, PictureForm
from market.ledger import InsufficientFunds, account, balance
from market.models import ASSETS, Account, Order, Picture


@require_GET
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The order book, and for whoever is logged in what is theirs."""
    context: dict[str, object] = {"bids": orders.book(Order.BUY), "asks": orders.book(Order.SELL)}
    if request.user.is_authenticated:
        accounts = [(asset, account(request.user, asset), account(request.user, asset, Account.HELD)) for asset, _name in ASSETS]
        context |= {
            "balances": [(asset, balance(available), balance(held)) for asset, available, held in accounts],
            "pictures": Picture.objects.filter(owner=request.user).order_by("-pk")[:5],
            "order_form": OrderForm(),
            "picture_form": PictureForm(),
        }
    return render(request, "market/home.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def signup(request: HttpRequest) -> HttpResponse:
    """A new user, who gets something to play with."""
    form = UserCreationForm(request.POST or None)
    if form.is_valid():
        # The queue is a table of the same database: user and task are both there, or neither is.
        with transaction.atomic():
            user = form.save()
            async_task("market.tasks.welcome", user.pk)
        login(request, user)
        return redirect("home")
    return render(request, "registration/signup.html", {"form": form})


@require_POST
@login_required
def order(request: HttpRequest) -> HttpResponse:
    """A new order."""
    form = OrderForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.errors.as_text())
        return redirect("home")
    try:
        orders.place(request.user, **form.cleaned_data)
    except InsufficientFunds as error:
        messages.error(request, _("You have not enough %(asset)s.") % {"asset": error})
    return redirect("home")


@require_POST
@login_required
def picture(request: HttpRequest) -> HttpResponse:
    """An upload; a task looks at it later."""
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, form.errors.as_text())
        return redirect("home")
    with transaction.atomic():
        uploaded = Picture.objects.create(owner=request.user, file=form.cleaned_data["file"])
        async_task("market.tasks.examine", uploaded.pk)
    return redirect("home")
