"""``python -m banditkit`` is ``banditkit``."""

import sys

from banditkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
