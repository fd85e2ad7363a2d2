"""Train the models of chapter 11 with three seeds and record what comes out.

Run it from anywhere: `python book/results/imdb.py`. It trains what `imdb.json` lacks.
"""

import sys
from pathlib import Path

from rnncourse.records import train_missing

HERE = Path(__file__).parent
NOTEBOOK = HERE.parent / "11_imdb.ipynb"
RECORD = HERE / "imdb.json"
SEEDS = range(3)

if __name__ == "__main__":
    try:
        train_missing(NOTEBOOK, RECORD, SEEDS)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
