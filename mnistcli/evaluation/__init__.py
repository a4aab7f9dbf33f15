"""How good answers are: scores, plots and a report."""

import logging

# When it is imported, it logs where it builds its caches.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
