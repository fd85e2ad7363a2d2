"""Data for the chapters: IMDB from a file, everything else generated from a seed."""

from rnncourse.data.imdb import (
    INDEX_FROM,
    PAD,
    START,
    UNKNOWN,
    decode_review,
    imdb_folder,
    load_imdb,
    load_word_index,
)
from rnncourse.data.synthetic import (
    ToyGrammar,
    adding_problem,
    brackets,
    chronological_split,
    copy_task,
    delayed_recall,
    sine,
    windows,
)

__all__ = [
    "INDEX_FROM",
    "PAD",
    "START",
    "UNKNOWN",
    "ToyGrammar",
    "adding_problem",
    "brackets",
    "chronological_split",
    "copy_task",
    "decode_review",
    "delayed_recall",
    "imdb_folder",
    "load_imdb",
    "load_word_index",
    "sine",
    "windows",
]
