"""The worker process, which does not wait as long for a provider as the real one does."""

from __future__ import annotations

from batch import provider, sent
from batch.worker import main

if __name__ == "__main__":
    provider.LONGEST_POLL_S = 1.0
    sent.SETTLE_S = 1.0
    main()
