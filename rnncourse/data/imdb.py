"""Data for the chapters. IMDB is read here and never handed to Keras' hash check.

With an unknown hash and no network, `keras.datasets.imdb.load_data` deletes the
file it finds. So Keras is asked only when there is no file at all, and then it
downloads into a folder of its own: what is in place is always complete.
"""

import contextlib
import io
import json
import os
import pickle
import socket
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PAD, START, UNKNOWN = 0, 1, 2
INDEX_FROM = 3

IMDB_FILES = {
    "imdb.npz": "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    "imdb_word_index.json": "bfafd718b763782e994055a2d397834f",
}
"""Name and hash of each file, as `keras.datasets.imdb` downloads it."""
ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
NETWORK_PATIENCE = 10.0
"""Seconds without an answer after which a download gives up."""

DAMAGE = (OSError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile, zlib.error)
"""What NumPy, zip and JSON raise on a damaged file."""

Reviews = list[NDArray[np.int32]]
Split = tuple[Reviews, NDArray[np.int64]]


def imdb_folder() -> Path | None:
    """Return the folder that holds both IMDB files, or None.

    The folder that the environment variable `RNNCOURSE_DATA` names comes first,
    then Keras' cache.
    """
    for folder in _folders():
        if all((folder / name).is_file() for name in IMDB_FILES):
            return folder
    return None


def require_named_folder() -> None:
    """Raise FileNotFoundError if `RNNCOURSE_DATA` names no folder: it was mistyped, or not unpacked."""
    named = os.environ.get("RNNCOURSE_DATA")
    if named and not Path(named).expanduser().is_dir():
        raise FileNotFoundError(f"RNNCOURSE_DATA={named}: no such folder; correct it, or unset it to download IMDB")


def load_imdb(num_words: int | None = None) -> tuple[Split, Split]:
    """Load the Large Movie Review Dataset, as `keras.datasets.imdb.load_data` codes it.

    Each review starts with `START`; a word of rank r (1 = most frequent) is
    r + `INDEX_FROM`, or `UNKNOWN` where that is not below `num_words`. The order
    of the reviews is the file's.

    Parameters
    ----------
    num_words : size V of the vocabulary, the four special codes included; all words if None

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x is a list of ndarrays of int32, y an ndarray of int64 with 0 negative and 1 positive.

    Raises
    ------
    FileNotFoundError
        If the data is neither on disk nor to be had from the network; says how to get it.
    ValueError
        If `num_words` is too small, or the file is damaged or another data set.

    References
    ----------
    Maas et al. (2011).
    """
    if num_words is not None and num_words <= INDEX_FROM:
        raise ValueError(f"load_imdb: num_words must be above {INDEX_FROM}, got {num_words}; 10_000 is usual")
    path = _imdb_file("imdb.npz")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=True) as file:
            return _read_split(file, "train", num_words), _read_split(file, "test", num_words)
    except DAMAGE as error:
        raise ValueError(
            f"load_imdb: {path} does not hold the IMDB reviews ({error}); replace it, or delete it and load again"
        ) from error


def load_word_index() -> dict[str, int]:
    """Load the table from word to rank (1 = most frequent).

    Raises
    ------
    FileNotFoundError
        If the table is neither on disk nor to be had from the network.
    ValueError
        If the file is damaged or something else.
    """
    path = _imdb_file("imdb_word_index.json")
    try:
        index: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(index, dict) or sorted(index.values()) != list(range(1, len(index) + 1)) or not index:
            raise ValueError("wanted one rank from 1 to V for each of V words")
    except DAMAGE as error:
        raise ValueError(
            f"load_word_index: {path} does not hold IMDB's word index ({error}); "
            "replace it, or delete it and load again"
        ) from error
    return index


def decode_review(review: NDArray[np.int32], word_index: dict[str, int]) -> str:
    """Turn codes back into text; unknown words become `[?]`, start and padding vanish.

    Parameters
    ----------
    review : ndarray of int, shape (T,), as `load_imdb` codes it
    word_index : as `load_word_index` returns it
    """
    words = {rank + INDEX_FROM: word for word, rank in word_index.items()} | {UNKNOWN: "[?]"}
    return " ".join(words.get(int(code), "[?]") for code in review if code not in (PAD, START))


def _folders() -> list[Path]:
    named = os.environ.get("RNNCOURSE_DATA")
    return [Path(named).expanduser(), _keras_cache()] if named else [_keras_cache()]


def _keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"


def _imdb_file(name: str) -> Path:
    for folder in _folders():
        if (folder / name).is_file():
            return folder / name
    require_named_folder()
    try:
        return _download(name, _keras_cache())
    except Exception as error:
        looked = " and ".join(str(folder) for folder in _folders())
        raise FileNotFoundError(
            f"load_imdb: {name} is not in {looked} and could not be downloaded; connect to the network and run "
            "`rnncourse data`, or set RNNCOURSE_DATA to a folder that holds imdb.npz and imdb_word_index.json"
        ) from error


def _download(name: str, folder: Path) -> Path:
    from rnncourse.keras_bridge import import_keras

    get_file = import_keras().utils.get_file
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as unfinished, _impatient_and_quiet():
        file = get_file(name, ORIGIN + name, file_hash=IMDB_FILES[name], cache_dir=unfinished, cache_subdir="")
        return Path(file).replace(folder / name)


@contextlib.contextmanager
def _impatient_and_quiet() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_PATIENCE)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)


def _read_split(file: np.lib.npyio.NpzFile, part: str, num_words: int | None) -> Split:
    x, y = file[f"x_{part}"], file[f"y_{part}"]
    if x.ndim != 1 or x.dtype != object or x.shape != y.shape or not len(x):
        raise ValueError(
            f"x_{part} must be a 1-d array of lists with a label each, got shapes {x.shape} and {y.shape}, "
            f"dtype {x.dtype}"
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"y_{part} must hold 0 and 1 only, got {np.unique(y)[:5].tolist()}")
    return _encode(x, num_words), y.astype(np.int64)


def _encode(reviews: NDArray[np.object_], num_words: int | None) -> Reviews:
    ends = np.cumsum([len(review) + 1 for review in reviews])
    codes = np.concatenate([np.r_[START - INDEX_FROM, review] for review in reviews]).astype(np.int32) + INDEX_FROM
    if num_words is not None:
        codes[codes >= num_words] = UNKNOWN
    return np.split(codes, ends[:-1])
