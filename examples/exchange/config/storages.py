"""Where files are kept: static ones that everybody may read, and what users upload, which nobody may without a signed link."""

from django.conf import settings
from django.utils.functional import cached_property

try:
    from storages.backends.s3 import S3ManifestStaticStorage, S3Storage
except ImportError:  # django-storages before 1.14
    from storages.backends.s3boto3 import S3Boto3Storage as S3Storage
    from storages.backends.s3boto3 import S3ManifestStaticStorage


class Static(S3ManifestStaticStorage):
    """Files whose names carry a digest of them: old and new pods find theirs, and browsers may keep them."""

    bucket_name = settings.AWS_STATIC_BUCKET_NAME
    custom_domain = settings.AWS_STATIC_CUSTOM_DOMAIN
    object_parameters = {"CacheControl": "public, max-age=31536000, immutable"}

    def get_object_parameters(self, name: str) -> dict[str, str]:
        """What is said about the object; the manifest keeps its name while its content changes."""
        if name == self.manifest_name:
            return {"CacheControl": "no-cache"}
        return super().get_object_parameters(name)


class Media(S3Storage):
    """Uploads. Pods reach the store by one name and browsers by another, and a signed link holds for one name only."""

    bucket_name = settings.AWS_MEDIA_BUCKET_NAME
    endpoint_url = settings.AWS_MEDIA_ENDPOINT_URL
    region_name = settings.AWS_MEDIA_REGION_NAME
    access_key = settings.AWS_MEDIA_ACCESS_KEY_ID
    secret_key = settings.AWS_MEDIA_SECRET_ACCESS_KEY
    file_overwrite = False
    querystring_expire = 300

    @cached_property
    def public(self) -> S3Storage:
        """The same bucket by its public name. It only signs; a new one for each link would cost a tenth of a second."""
        return S3Storage(
            bucket_name=self.bucket_name,
            endpoint_url=settings.AWS_MEDIA_PUBLIC_URL,
            region_name=self.region_name,
            access_key=self.access_key,
            secret_key=self.secret_key,
            querystring_expire=self.querystring_expire,
        )

    def url(self, *args: object, **kwargs: object) -> str:
        """A link for a browser."""
        return self.public.url(*args, **kwargs)
