"""Live events: for their time, what holds a hashtag concerns a brand whatever the brand's query says."""

from datetime import datetime

import msgspec

from rules.mention import Mention
from rules.query.compiled import Query


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What `query` finds, written from `since` on and before `until`, concerns the brand."""

    query: Query
    since: datetime
    until: datetime

    def hears(self, mention: Mention) -> bool:
        """Whether a mention was written while the event went on; one without a time, when it was seen."""
        return self.since <= min(mention.created_at or mention.observed_at, mention.observed_at) < self.until
