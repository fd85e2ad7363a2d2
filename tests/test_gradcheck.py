import numpy as np
import pytest

from rnncourse.gradcheck import central_difference, complex_step, relative_error


def cubic(value):
    return (value**3).sum()


def test_complex_step_is_exact_to_rounding(rng):
    value = rng.standard_normal((2, 3))
    assert relative_error(complex_step(cubic, value), 3 * value**2) < 1e-15


def test_central_difference_is_close(rng):
    value = rng.standard_normal((2, 3))
    assert relative_error(central_difference(lambda: cubic(value), value), 3 * value**2) < 1e-8


def test_central_difference_restores_the_value(rng):
    value = rng.standard_normal((2, 3))
    kept = value.copy()
    central_difference(lambda: cubic(value), value)
    np.testing.assert_array_equal(value, kept)


def test_relative_error_is_in_the_maximum_norm():
    assert relative_error(np.array([1.0, 4.5]), np.array([1.0, 5.0])) == pytest.approx(0.1)


def test_relative_error_of_zeros_is_absolute():
    assert relative_error(np.array([0.25]), np.array([0.0])) == 0.25


def test_relative_error_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"one shape, got \(2,\) and \(3,\)"):
        relative_error(np.zeros(2), np.zeros(3))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_relative_error_refuses_what_is_not_finite(bad):
    with pytest.raises(ValueError, match="every value must be finite"):
        relative_error(np.array([bad]), np.zeros(1))
