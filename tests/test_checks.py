import re
from collections.abc import Callable

import numpy as np
import pytest

from rnncourse.checks import check_close, check_shape, check_unchanged

WANTED = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
AXES = {"B": 2, "T": 5, "H": 4}
RAGGED = np.empty(2, dtype=object)
RAGGED[:] = [WANTED, WANTED[0]]


def message_of(call: Callable[[], None]) -> str:
    with pytest.raises(AssertionError) as failure:
        call()
    return str(failure.value)


@pytest.mark.parametrize(
    "got",
    [
        WANTED,
        WANTED.tolist(),
        tuple(WANTED.tolist()[0]),
        WANTED.astype("float32"),
        WANTED.astype("int32"),
        WANTED.astype("uint8"),
        WANTED[:, ::-1][:, ::-1],
        WANTED.view(np.matrix),
        np.ma.masked_array(WANTED, mask=True),
        WANTED * (1 + 1e-6),
    ],
    ids=lambda got: f"{type(got).__name__}-{getattr(got, 'dtype', '')}",
)
def test_right_numbers_pass_in_any_container(got):
    check_close("h", got, WANTED if np.ndim(got) == 2 else WANTED[0])


@pytest.mark.parametrize("got", [57, 57.0, np.int64(57), np.array(57), np.float32(57)])
def test_right_scalars_pass(got):
    check_close("n", got, 57, rtol=0, atol=0)


def test_empty_arrays_pass():
    check_close("h", np.zeros((2, 0, 3)), np.zeros((2, 0, 3)))


@pytest.mark.parametrize("place", ["got", "wanted"])
def test_float32_is_allowed_its_rounding(place):
    off = np.float64(1 + 5e-5)
    values = {"got": off, "wanted": 1.0}
    with pytest.raises(AssertionError):
        check_close("h", **values)
    check_close("h", **values | {place: np.float32(values[place])})


def test_ndarray_subclass_cannot_compare_for_itself():
    class Agreeable(np.ndarray):
        def __array_ufunc__(self, *args, **kwargs):
            return np.bool_(True)

    with pytest.raises(AssertionError, match="wanted 1;"):
        check_close("h", np.zeros((2, 3)).view(Agreeable), np.ones((2, 3)))


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (None, "h: got None; is a `return` missing at the end of your function?"),
        ("tanh", "h: got type str instead of real numbers"),
        (np.tanh, "h: got type ufunc instead of real numbers"),
        ({"h": 1}, "h: got type dict instead of real numbers"),
        (NotImplemented, "h: got type NotImplementedType instead of real numbers"),
        (True, "h: got type bool instead of real numbers"),
        (WANTED > 2, "h: got dtype bool instead of real numbers"),
        (WANTED + 0j, "h: got dtype complex128 instead of real numbers"),
        (WANTED.astype(object), "h: got dtype object instead of numbers; convert it with .astype(float)"),
        ([1.0, None], "h: got dtype object instead of numbers; entry [1] is of type NoneType"),
        (RAGGED, "h: got dtype object instead of numbers; entry [0] is of type ndarray"),
        ((WANTED, None), "h: got a tuple of length 2; return the array alone, without a comma"),
        ([[1.0], [1.0, 2.0]], "h: got a list whose parts differ in shape; return one array of numbers"),
        ((WANTED, WANTED), "h: got a tuple of length 2; return the array alone, without a comma"),
        ((WANTED,), "h: got a tuple of length 1; return the array alone, without a comma"),
    ],
    ids=lambda value: str(type(value).__name__) if not isinstance(value, str) else None,
)
@pytest.mark.parametrize(
    "check",
    [lambda got: check_close("h", got, WANTED), lambda got: check_shape("h", got, (2, 3))],
    ids=["close", "shape"],
)
def test_what_is_not_numbers_is_named(check, got, message):
    assert message_of(lambda: check(got)) == message


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5, 2, 4), "h: the axes are (T, B, H) instead of (B, T, H): got shape (5, 2, 4), wanted (2, 5, 4)"),
        ((4, 5, 2), "h: the axes are (H, T, B) instead of (B, T, H): got shape (4, 5, 2), wanted (2, 5, 4)"),
        ((2, 4), "h: axis T is missing: got shape (2, 4), wanted (2, 5, 4)"),
        ((5, 4), "h: axis B is missing: got shape (5, 4), wanted (2, 5, 4)"),
        ((2, 6, 5, 4), "h: axis 1 of size 6 is one too many: got shape (2, 6, 5, 4), wanted (2, 5, 4)"),
        ((2, 6, 4), "h: axis T has size 6 instead of 5: got shape (2, 6, 4), wanted (2, 5, 4)"),
        ((7, 5, 6), "h: axis B has size 7 instead of 2: got shape (7, 5, 6), wanted (2, 5, 4)"),
        ((), "h: got shape (), wanted (2, 5, 4)"),
    ],
)
def test_wrong_shape_is_explained_with_letters(shape, message):
    assert message_of(lambda: check_shape("h", np.zeros(shape), AXES)) == message


def test_wrong_shape_is_explained_without_letters():
    wanted = "h: the axes are (1, 0) instead of (0, 1): got shape (3, 2), wanted (2, 3)"
    assert message_of(lambda: check_shape("h", np.zeros((3, 2)), (2, 3))) == wanted
    assert message_of(lambda: check_close("h", WANTED.T, WANTED)) == wanted


def test_close_explains_a_wrong_shape_with_letters_too():
    wanted = "h: the axes are (H, B) instead of (B, H): got shape (3, 2), wanted (2, 3)"
    assert message_of(lambda: check_close("h", WANTED.T, WANTED, axes="BH")) == wanted


def test_right_shape_passes():
    check_shape("h", np.zeros((2, 5, 4)), AXES)
    check_shape("h", [[1, 2, 3]], (1, 3))
    check_shape("n", 3, ())


def test_close_does_not_broadcast():
    with pytest.raises(AssertionError, match=r"^h: axis 0 is missing: got shape \(3,\), wanted \(2, 3\)$"):
        check_close("h", np.ones(3), np.ones((2, 3)))


def test_worst_entry_is_shown():
    got = WANTED + np.array([[0, 0.1, 0], [-0.5, 0, 0]])
    assert (
        message_of(lambda: check_close("h", got, WANTED)) == "h: entry [1, 0] is 3.5, wanted 4; 2 of 6 entries differ"
    )


def test_worst_entry_is_found_among_unsigned_integers():
    got = np.array([0, 9], dtype="uint8")
    assert message_of(lambda: check_close("n", got, np.array([3, 8]))).startswith("n: entry [0] is 0, wanted 3")


def test_whole_numbers_in_place_of_real_ones_are_named_before_any_mistake():
    got = np.zeros(WANTED.shape, dtype="int32")
    message = message_of(lambda: check_close("h", got, WANTED, mistakes={"the bias is missing": 0 * WANTED}))
    assert message == "h: got whole numbers of dtype int32; make the array with dtype=float"


def test_scalar_has_no_index():
    assert message_of(lambda: check_close("n", 52, 57)) == "n: got 52, wanted 57"


def test_tolerance_zero_counts_exactly():
    with pytest.raises(AssertionError, match="got 1000001, wanted 1000000"):
        check_close("n", 1_000_001, 1_000_000, rtol=0, atol=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_first_entry_that_is_not_finite_is_shown(bad):
    got = WANTED + np.array([[100, 0, 0], [0, bad, bad]])
    assert message_of(lambda: check_close("h", got, WANTED)).startswith(f"h: entry [1, 1] is {bad}; look for")
    assert message_of(lambda: check_close("h", bad, 1.0)).startswith(f"h: got {bad}; look for")


def test_huge_entries_raise_no_warning():
    with pytest.raises(AssertionError, match="entry"):
        check_close("h", np.array([-1.7e308, 1.0]), np.array([1.7e308, 1.0]), mistakes={"sign": [1.7e308, 2.0]})


def test_a_matching_mistake_is_named():
    mistakes = {"the bias is missing": WANTED - 1, "tanh is missing": WANTED + 1}
    got = message_of(lambda: check_close("h", (WANTED - 1).tolist(), WANTED, mistakes=mistakes))
    assert got == "h: the bias is missing"


def test_a_mistake_may_have_another_shape():
    with pytest.raises(AssertionError, match=r"^h: the first axis is summed$"):
        check_close("h", WANTED.sum(0), WANTED, mistakes={"the first axis is summed": WANTED.sum(0)})


def test_two_mistakes_with_one_value_are_both_named():
    mistakes = {"the bias is missing": 3, "the weights are missing": 3, "other": 4}
    assert message_of(lambda: check_close("n", 3, 5, mistakes=mistakes)) == (
        "n: the bias is missing or the weights are missing"
    )


def test_a_mistake_that_changes_nothing_is_no_mistake():
    check_close("h", WANTED, WANTED, mistakes={"the bias is missing": WANTED})


def test_an_unknown_mistake_falls_back_to_the_worst_entry():
    with pytest.raises(AssertionError, match=re.escape("h: entry [1, 2] is 12, wanted 6; 6 of 6 entries differ")):
        check_close("h", 2 * WANTED, WANTED, mistakes={"the bias is missing": WANTED - 1})


def test_unchanged_input_passes():
    check_unchanged("x", WANTED.copy(), WANTED)


def test_changed_input_is_named():
    after = WANTED.copy()
    after[0, 0] = 7
    message = message_of(lambda: check_unchanged("x", WANTED, after))
    assert message == "x: your function overwrites its input x; work on x.copy() instead"


def test_every_message_is_one_sentence():
    calls = [
        lambda: check_close("h", None, 1),
        lambda: check_close("h", np.nan, 1),
        lambda: check_close("h", WANTED.T, WANTED),
        lambda: check_unchanged("x", 1, 2),
    ]
    for call in calls:
        message = message_of(call)
        assert "\n" not in message
        assert not message.endswith(".")
