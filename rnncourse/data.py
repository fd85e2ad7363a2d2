"""Data for the chapters. IMDB is read here and never handed to Keras' hash check.

With an unknown hash and no network, `keras.datasets.imdb.load_data` deletes the
file it finds. So Keras is asked only when there is no file at all.
"""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PAD, START, UNKNOWN = 0, 1, 2
INDEX_FROM = 3

Reviews = list[NDArray[np.int32]]
Split = tuple[Reviews, NDArray[np.int64]]


def imdb_folder() -> Path | None:
    """Return the folder that holds `imdb.npz`, or None.

    The folder that the environment variable `RNNCOURSE_DATA` names comes first,
    then Keras' cache.

    Raises
    ------
    FileNotFoundError
        If `RNNCOURSE_DATA` is set and has no `imdb.npz`.
    """
    named = os.environ.get("RNNCOURSE_DATA")
    if named:
        if not (Path(named) / "imdb.npz").is_file():
            raise FileNotFoundError(
                f"imdb_folder: RNNCOURSE_DATA names {named}, which has no imdb.npz; "
                "correct the variable, or unset it to use Keras' cache"
            )
        return Path(named)
    cache = _keras_cache()
    return cache if (cache / "imdb.npz").is_file() else None


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
    arrays = _read_npz(path)
    train, test = (
        (_encode(arrays[f"x_{part}"], num_words), arrays[f"y_{part}"].astype(np.int64)) for part in ("train", "test")
    )
    return train, test


def load_word_index() -> dict[str, int]:
    """Load the table from word to rank (1 = most frequent).

    Raises
    ------
    FileNotFoundError
        If the table is neither on disk nor to be had from the network.
    ValueError
        If the file is damaged.
    """
    path = _imdb_file("imdb_word_index.json")
    try:
        index: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"load_word_index: {path} is damaged ({error}); delete it and load again") from error
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


def _keras_cache() -> Path:
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"


def _imdb_file(name: str) -> Path:
    folder = imdb_folder()
    path = (folder or _keras_cache()) / name
    if not path.is_file():
        _download(name)
    return path


def _download(name: str) -> None:
    from rnncourse.keras_bridge import import_keras

    imdb = import_keras().datasets.imdb
    fetch = imdb.load_data if name == "imdb.npz" else imdb.get_word_index
    try:
        fetch()
    except Exception as error:
        raise FileNotFoundError(
            f"load_imdb: {name} is not on this machine and could not be downloaded; connect to the network "
            "and run `rnncourse data`, or set RNNCOURSE_DATA to a folder that holds imdb.npz and imdb_word_index.json"
        ) from error


def _read_npz(path: Path) -> dict[str, NDArray]:
    wanted = ("x_train", "y_train", "x_test", "y_test")
    try:
        with np.load(path, allow_pickle=True) as file:
            return {name: file[name] for name in wanted}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"load_imdb: {path} is damaged or another data set ({error}); replace it, or delete it and load again"
        ) from error


def _encode(reviews: NDArray, num_words: int | None) -> Reviews:
    lengths = [len(review) + 1 for review in reviews]
    ends = np.cumsum(lengths)
    codes = np.concatenate([np.r_[START - INDEX_FROM, review] for review in reviews]).astype(np.int32) + INDEX_FROM
    if num_words is not None:
        codes[codes >= num_words] = UNKNOWN
    return np.split(codes, ends[:-1])
