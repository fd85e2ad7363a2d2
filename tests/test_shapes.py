import numpy as np
import pytest

from rnncourse.shapes import check_shape


@pytest.mark.parametrize(("shape", "wanted"), [((2, 3), (2, 3)), ((2, 3), ("B", 3)), ((1,), ("H",)), ((), ())])
def test_a_fitting_shape_passes(shape, wanted):
    check_shape("f", "x", np.zeros(shape), wanted)


@pytest.mark.parametrize(
    ("shape", "wanted", "message"),
    [
        ((2, 3), (2, 4), r"f: x must have shape \(2, 4\), got \(2, 3\)"),
        ((2, 3), ("B", "T", 3), r"f: x must have shape \(B, T, 3\), got \(2, 3\)"),
        ((0, 3), ("B", 3), r"f: x must have shape \(B, 3\), got \(0, 3\)"),
        ((2, 1), (2,), r"f: x must have shape \(2,\), got \(2, 1\)"),
    ],
)
def test_a_wrong_shape_is_named(shape, wanted, message):
    with pytest.raises(ValueError, match=message):
        check_shape("f", "x", np.zeros(shape), wanted)


def test_the_cure_is_part_of_the_message():
    with pytest.raises(ValueError, match=r"got \(2,\); add an axis$"):
        check_shape("f", "x", np.zeros(2), (2, 1), "add an axis")


def test_a_list_is_refused_with_the_cure():
    with pytest.raises(TypeError, match=r"f: x must be a NumPy array, got list; wrap it in np\.asarray"):
        check_shape("f", "x", [1.0], (1,))
