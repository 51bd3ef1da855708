from config.model import Duration, Model
from config.spec import Spec


class Options(Model):
    urls: tuple[str, ...]
    """Addresses of the feeds."""
    every: Duration = "5m"
    brands: tuple[str, ...] | None = None


SPEC = Spec(kind="feed", summary="Read feeds.", options=Options, example={"urls": ["https://example.org/rss"]})
