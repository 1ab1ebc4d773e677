"""The page as a browser behind the ingress has it."""

import base64
import hashlib
from urllib.error import HTTPError
from urllib.request import urlopen

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, TestCase, override_settings, tag
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from market.models import Order, Picture

# one pixel
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
HOST = "exchange.example"


def run_tasks() -> None:
    """Does what Django-Q would do."""
    for row in OrmQ.objects.all():
        task = row.task()
        import_string(task["func"])(*task["args"])
        row.delete()


@tag("store")  # wants an object store; a pipeline without one leaves it out
@override_settings(ALLOWED_HOSTS=[HOST], CSRF_TRUSTED_ORIGINS=[])
class Page(TestCase):
    """A browser, with all that Django checks of one."""

    @classmethod
    def setUpTestData(cls) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)

    def setUp(self) -> None:
        self.client = Client(enforce_csrf_checks=True, HTTP_HOST=HOST, HTTP_X_FORWARDED_PROTO="https", HTTP_ACCEPT_LANGUAGE="en")

    def post(self, path: str, /, **data: object) -> HttpResponse:
        """Sends a form of the page, and follows to where it leads."""
        self.client.get("/login/" if "sessionid" not in self.client.cookies else "/", secure=True)
        data["csrfmiddlewaretoken"] = self.client.cookies["csrftoken"].value
        origin = f"https://{HOST}"
        return self.client.post(path, data, follow=True, secure=True, HTTP_ORIGIN=origin, HTTP_REFERER=origin + "/")

    def sign_up(self) -> None:
        answer = self.post("/signup/", username="sara", password1="a-long-password", password2="a-long-password")
        self.assertEqual(answer.redirect_chain, [("/", 302)])
        run_tasks()

    def test_anybody_sees_the_book(self) -> None:
        answer = self.client.get("/")
        self.assertContains(answer, "No orders", count=2)
        self.assertNotContains(answer, "Balance")
        self.assertEqual(answer["X-Frame-Options"], "DENY")

    def test_the_page_speaks_persian(self) -> None:
        answer = self.client.get("/", HTTP_ACCEPT_LANGUAGE="fa")
        self.assertContains(answer, 'dir="rtl"')
        self.assertContains(answer, "دفتر سفارش")

    def test_a_stylesheet_with_a_digest_in_its_name(self) -> None:
        page = self.client.get("/").content.decode()
        link = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
        self.assertRegex(link, r"/market/style\.[0-9a-f]{12}\.css$")

    def test_a_form_of_another_site_is_refused(self) -> None:
        answer = self.client.post("/signup/", {}, HTTP_ORIGIN="https://elsewhere.example")
        self.assertEqual(answer.status_code, 403)

    def test_cookies_travel_by_https_only(self) -> None:
        self.sign_up()
        for name in "csrftoken", "sessionid":
            self.assertTrue(self.client.cookies[name]["secure"], name)

    def test_a_new_user_gets_something_and_trades(self) -> None:
        self.sign_up()
        self.assertContains(self.client.get("/"), "100000")
        self.post("/orders/", side="sell", price="65000", amount="0.25")
        self.assertContains(self.client.get("/"), "65000.00")
        self.assertContains(self.post("/orders/", side="sell", price="65000", amount="2"), "You have not enough BTC.")
        self.assertContains(self.post("/orders/", side="sell", price="nothing", amount="2"), "Enter a number.")
        self.assertEqual(Order.objects.count(), 1)

    def test_an_upload_lands_in_the_store_and_a_task_reads_it_back(self) -> None:
        self.sign_up()
        self.post("/pictures/", file=SimpleUploadedFile("../../passport.gif", PIXEL, "image/gif"))
        self.assertContains(self.client.get("/"), "not examined yet")
        run_tasks()
        picture = Picture.objects.get()
        self.assertEqual(picture.digest, hashlib.sha256(PIXEL).hexdigest())
        self.assertRegex(picture.file.name, r"^pictures/[0-9a-f-]{36}$")
        with urlopen(picture.file.url) as answer:  # a signed link, as a browser follows it
            self.assertEqual(answer.read(), PIXEL)
        with self.assertRaisesMessage(HTTPError, "403"):
            urlopen(picture.file.url.partition("?")[0])

    def test_what_is_no_picture_is_refused(self) -> None:
        self.sign_up()
        answer = self.post("/pictures/", file=SimpleUploadedFile("page.png", b"<script>", "image/png"))
        self.assertContains(answer, "This is no picture")
        self.assertFalse(Picture.objects.exists())

    def test_strangers_send_nothing(self) -> None:
        self.assertEqual(self.post("/orders/", side="buy").redirect_chain[0][0].partition("?")[0], "/login/")
        self.assertFalse(User.objects.exists())
