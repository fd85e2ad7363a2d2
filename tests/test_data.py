import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rnncourse.keras_bridge
from rnncourse.data.imdb import (
    IMDB_FILES,
    NETWORK_PATIENCE,
    START,
    UNKNOWN,
    decode_review,
    imdb_folder,
    load_imdb,
    load_word_index,
)

WORDS = {"the": 1, "film": 2, "is": 3, "bad": 4, "good": 5}
TRAIN = [[1, 2, 3, 5], [4, 2]]
TEST = [[5], [1, 2, 3, 4], [2, 5, 1]]

REAL = imdb_folder()


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No data anywhere but where a test puts it, and no way to ask Keras for it."""

    def refuse():
        raise AssertionError("Keras must not be asked")

    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(rnncourse.keras_bridge, "import_keras", refuse)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny data set in the folder that `RNNCOURSE_DATA` names."""
    path = tmp_path / "data"
    path.mkdir()
    write_reviews(path / "imdb.npz")
    (path / "imdb_word_index.json").write_text(json.dumps(WORDS))
    monkeypatch.setenv("RNNCOURSE_DATA", str(path))
    return path


def write_reviews(path, **changes):
    arrays = {
        "x_train": ragged(TRAIN),
        "y_train": np.array([1, 0]),
        "x_test": ragged(TEST),
        "y_test": np.array([1, 0, 1]),
    }
    np.savez(path, **{name: array for name, array in (arrays | changes).items() if array is not None})


def ragged(rows):
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


def fake_keras(monkeypatch, get_file):
    class Keras:
        class utils:
            pass

    Keras.utils.get_file = staticmethod(get_file)
    monkeypatch.setattr(rnncourse.keras_bridge, "import_keras", lambda: Keras)


def test_reviews_are_coded_with_start_offset_and_unknown(folder):
    (x_train, y_train), (x_test, y_test) = load_imdb(num_words=8)
    assert [review.tolist() for review in x_train] == [[START, 4, 5, 6, UNKNOWN], [START, 7, 5]]
    assert [review.tolist() for review in x_test] == [[START, UNKNOWN], [START, 4, 5, 6, 7], [START, 5, UNKNOWN, 4]]
    assert (y_train.tolist(), y_test.tolist()) == ([1, 0], [1, 0, 1])
    assert x_train[0].dtype == np.int32
    assert y_train.dtype == np.int64


@pytest.mark.parametrize("num_words", [4, 7, 8, 9])
def test_coding_is_that_of_keras(folder, monkeypatch, num_words):
    imdb = pytest.importorskip("keras.src.datasets.imdb")
    monkeypatch.setattr(imdb, "get_file", lambda *args, **kwargs: str(folder / "imdb.npz"))
    for ours, keras in zip(load_imdb(num_words), imdb.load_data(num_words=num_words), strict=True):
        (x, y), (keras_x, keras_y) = ours, keras
        assert sorted(zip(map(list, x), y, strict=True)) == sorted(zip(keras_x, keras_y, strict=True))


def test_without_num_words_every_word_is_kept(folder):
    (x_train, _), _ = load_imdb()
    assert [decode_review(review, load_word_index()) for review in x_train] == ["the film is good", "bad film"]


def test_decode_marks_unknown_words_and_drops_padding():
    assert decode_review(np.array([0, 0, 1, 4, 2, 99]), WORDS) == "the [?] [?]"


@pytest.mark.parametrize("num_words", [-1, 0, 3])
def test_too_small_a_vocabulary_is_refused(folder, num_words):
    with pytest.raises(ValueError, match=f"num_words must be above 3, got {num_words}; 10_000 is usual"):
        load_imdb(num_words)


def test_named_folder_comes_before_keras_cache(folder, tmp_path, monkeypatch):
    cache = tmp_path / "keras" / "datasets"
    cache.mkdir(parents=True)
    (cache / "imdb.npz").write_text("other")
    (cache / "imdb_word_index.json").write_text("other")
    assert imdb_folder() == folder
    assert load_word_index() == WORDS
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path / "no such folder"))
    assert imdb_folder() == cache


def test_folder_is_none_when_a_file_is_missing(folder):
    (folder / "imdb_word_index.json").unlink()
    assert imdb_folder() is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "y_test is not a file in the archive"),
        ({"x_train": np.zeros((2, 28, 28))}, r"x_train must be .* got shapes \(2, 28, 28\) and \(2,\), dtype float64"),
        ({"y_train": np.array([1, 0, 1])}, r"x_train must be .* got shapes \(2,\) and \(3,\)"),
        ({"y_test": np.array([1, 7, 0])}, r"y_test must hold 0 and 1 only, got \[0, 1, 7\]"),
        ({"x_train": ragged([]), "y_train": np.array([])}, r"x_train must be .* got shapes \(0,\)"),
        ({"x_train": ragged([["a"], [1]])}, "could not be promoted"),
    ],
)
def test_another_data_set_is_named_and_kept(folder, changes, message):
    path = folder / "imdb.npz"
    write_reviews(path, **changes)
    before = path.read_bytes()
    with pytest.raises(
        ValueError, match=rf"imdb\.npz does not hold the IMDB reviews \(.*{message}.*\); replace it, or"
    ):
        load_imdb()
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"PK", b"<html>404</html>", "half", "flipped"])
def test_a_damaged_file_is_named_and_kept(folder, damage):
    path = folder / "imdb.npz"
    whole = path.read_bytes()
    middle = len(whole) // 2
    if damage == "half":
        damage = whole[:middle]
    elif damage == "flipped":
        damage = whole[:130] + bytes(byte ^ 255 for byte in whole[130:middle]) + whole[middle:]
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"does not hold the IMDB reviews \(.*\); replace it, or delete it"):
        load_imdb()
    assert path.read_bytes() == damage


@pytest.mark.parametrize("text", ["", "[1, 2]", "{}", '{"the": 1, "film": "2"}', '{"the": 1, "film": 3}', '{"the": 1'])
def test_another_word_index_is_named_and_kept(folder, text):
    path = folder / "imdb_word_index.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"does not hold IMDB's word index \(.*\); replace it, or delete it and load"):
        load_word_index()
    assert path.read_text() == text


def test_a_missing_file_is_downloaded_once_into_keras_cache(tmp_path, monkeypatch, capfd):
    def get_file(name, origin, *, file_hash, cache_dir, cache_subdir):
        print("Downloading data from", origin)
        assert origin.endswith(f"/{name}")
        assert file_hash == IMDB_FILES[name]
        assert socket.getdefaulttimeout() == NETWORK_PATIENCE
        write_reviews(Path(cache_dir) / name)
        return str(Path(cache_dir) / name)

    fake_keras(monkeypatch, get_file)
    first = load_imdb()
    fake_keras(monkeypatch, None)
    assert load_imdb()[0][1].tolist() == first[0][1].tolist()
    assert [path.name for path in (tmp_path / "keras/datasets").iterdir()] == ["imdb.npz"]
    assert socket.getdefaulttimeout() is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("reason", [KeyboardInterrupt, OSError])
def test_an_interrupted_download_leaves_nothing(tmp_path, monkeypatch, reason):
    def get_file(name, origin, *, cache_dir, **_):
        (Path(cache_dir) / name).write_bytes(b"PK half a file")
        raise reason

    fake_keras(monkeypatch, get_file)
    with pytest.raises(KeyboardInterrupt if reason is KeyboardInterrupt else FileNotFoundError):
        load_imdb()
    assert list((tmp_path / "keras/datasets").iterdir()) == []


def test_without_data_and_network_one_sentence_names_both_cures(tmp_path, monkeypatch):
    def get_file(*_, **__):
        raise OSError("Name or service not known")

    fake_keras(monkeypatch, get_file)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("RNNCOURSE_DATA", str(empty))
    cures = r"connect to the network and run `rnncourse data`, or set RNNCOURSE_DATA to a folder that holds imdb\.npz"
    with pytest.raises(FileNotFoundError, match=rf"imdb\.npz is not in {empty} and {tmp_path}.*; {cures}") as caught:
        load_imdb()
    assert "\n" not in str(caught.value)


def test_a_mistyped_folder_is_named_instead_of_a_download(monkeypatch):
    def get_file(*_, **__):
        pytest.fail("started a download")

    fake_keras(monkeypatch, get_file)
    monkeypatch.setenv("RNNCOURSE_DATA", "/no/such/folder")
    for load in (load_imdb, load_word_index):
        with pytest.raises(FileNotFoundError, match=r"^RNNCOURSE_DATA=/no/such/folder: no such folder; correct"):
            load()


def test_real_keras_fails_quietly_without_network(tmp_path):
    """Behind a proxy that does not exist: no chatter, no traceback of Keras, nothing left behind."""
    code = "from rnncourse.data import load_imdb\ntry: load_imdb()\nexcept FileNotFoundError as e: print('caught', e)"
    environment = {"HOME": str(tmp_path), "KERAS_HOME": str(tmp_path / "k"), "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("caught load_imdb: imdb.npz is not in")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert list((tmp_path / "k/datasets").iterdir()) == []


@pytest.fixture(scope="module")
def real():
    if REAL is None:
        pytest.skip("IMDB is not on this machine: set RNNCOURSE_DATA or run `rnncourse data`")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNNCOURSE_DATA", str(REAL))
        return load_imdb(10_000), load_word_index()


def test_real_file_has_its_sizes_and_balance(real):
    for x, y in real[0]:
        assert len(x) == 25_000
        assert y.mean() == 0.5


def test_real_codes_stay_below_num_words_and_start_with_start(real):
    (x_train, _), (x_test, _) = real[0]
    codes = np.concatenate(x_train + x_test)
    assert codes.max() == 9_999
    assert codes.min() == START
    assert np.count_nonzero(codes == START) == 50_000


def test_real_words_of_praise_are_more_frequent_in_positive_reviews(real):
    ((x_train, y_train), _), index = real
    praised = np.array([index["wonderful"] + 3 in review for review in x_train])
    assert praised[y_train == 1].mean() > 2 * praised[y_train == 0].mean()
