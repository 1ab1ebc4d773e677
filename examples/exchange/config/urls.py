"""The paths."""

from django.contrib.auth import views as auth
from django.urls import include, path

from config.metrics import metrics
from market import views

urlpatterns = [
    path("", views.home, name="home"),
    path("signup/", views.signup, name="signup"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("orders/", views.order, name="order"),
    path("pictures/", views.picture, name="picture"),
    path("language/", include("django.conf.urls.i18n")),
    # No way leads here from outside: the ingress does not answer it.
    path("metrics", metrics),
]
