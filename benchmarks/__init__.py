"""One file for each figure; run with ``make bench``."""
