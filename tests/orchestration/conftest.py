"""The ERP on loopback belongs to the tests of the connectors; those of the shell speak to it too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "ingestion" / "connectors"))
