"""What users send."""

from decimal import Decimal

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from market.models import Order

# How files of these kinds begin. What a browser says of a file is anybody's word.
BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
LARGEST = 5 * 1024 * 1024


class OrderForm(forms.Form):
    """An order."""

    side = forms.ChoiceField(label=_("Side"), choices=[(Order.BUY, _("Buy")), (Order.SELL, _("Sell"))])
    price = forms.DecimalField(label=_("Price"), min_value=Decimal("0.01"), max_digits=18, decimal_places=2)
    amount = forms.DecimalField(label=_("Amount"), min_value=Decimal("0.00000001"), max_digits=18, decimal_places=8)


class PictureForm(forms.Form):
    """A picture."""

    file = forms.FileField(label=_("Picture"))

    def clean_file(self) -> UploadedFile:
        """Only pictures, and no large ones."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 5 MB."))
        beginning = file.read(8)
        file.seek(0)
        if not beginning.startswith(BEGINNINGS):
            raise forms.ValidationError(_("This is no picture: PNG, JPEG or GIF."))
        return file
