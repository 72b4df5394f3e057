"""``python -m etwidgets`` is the command ``etwidgets``."""

import sys

from etwidgets.cli import main

if __name__ == "__main__":
    sys.exit(main())
