import numpy as np
import pytest

from rnncourse import GRU, LSTM, Bidirectional, Dense, Embedding, Sequential
from rnncourse.gradcheck import (
    central_difference,
    complex_step,
    directional_difference,
    layer_gradients,
    relative_error,
    replaced,
    worst_entry,
)


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


def test_directional_difference_is_the_slope_along_the_direction(rng):
    value, direction = rng.standard_normal((2, 2, 3))
    got = directional_difference(lambda: cubic(value), value, direction)
    assert got == pytest.approx((3 * value**2 * direction).sum(), rel=1e-8)


def test_directional_difference_restores_the_value_even_after_an_error(rng):
    value = rng.standard_normal((2, 3))
    kept = value.copy()
    directional_difference(lambda: cubic(value), value, np.ones((2, 3)))
    np.testing.assert_array_equal(value, kept)
    with pytest.raises(ZeroDivisionError):
        directional_difference(lambda: 1 / 0, value, np.ones((2, 3)))
    np.testing.assert_array_equal(value, kept)


@pytest.mark.parametrize(
    ("direction", "message"),
    [
        (np.ones(3), r"direction must have shape \(2, 3\), got \(3,\)"),
        (np.full((2, 3), np.nan), r"direction must be finite, got nan at \(0, 0\)"),
    ],
)
def test_directional_difference_refuses_a_wrong_direction(direction, message):
    with pytest.raises(ValueError, match=message):
        directional_difference(lambda: 0.0, np.zeros((2, 3)), direction)


def test_worst_entry_is_relative_to_its_own_array():
    wanted = {"large": np.array([100.0, -400.0]), "small": np.array([[0.5], [1.0]])}
    got = {"large": np.array([102.0, -400.0]), "small": np.array([[0.25], [1.0]])}
    worst = worst_entry(got, wanted)
    assert (worst.name, worst.index, worst.error, worst.got, worst.wanted) == ("small", (0, 0), 0.25, 0.25, 0.5)
    assert str(worst) == "small[0, 0]: got 0.25, wanted 0.5, relative error 2.5e-01"


@pytest.mark.parametrize(
    ("got", "error", "message"),
    [
        ({}, ValueError, r"wanted gradients of \['W'\], got \[\]"),
        ({"W": np.ones(2), "b": np.ones(2)}, ValueError, r"wanted gradients of \['W'\], got \['W', 'b'\]"),
        ({"W": np.ones(3)}, ValueError, r"got\['W'\] must have shape \(2,\), got \(3,\)"),
        ({"W": np.array([0, np.inf])}, ValueError, r"got\['W'\] must be finite, got inf at \(1,\)"),
        ({"W": [0.0, 0.0]}, TypeError, r"got\['W'\] must be a NumPy array, got list"),
    ],
)
def test_worst_entry_refuses_what_it_cannot_compare(got, error, message):
    with pytest.raises(error, match=message):
        worst_entry(got, {"W": np.ones(2)})


def test_worst_entry_refuses_to_compare_nothing():
    with pytest.raises(ValueError, match=r"wanted gradients of \[\], got \[\]"):
        worst_entry({}, {})


def stack(rng):
    halves = (LSTM(3, 5, rng=rng, dtype="float64", return_sequences=False) for _ in range(2))
    embedding, dense = Embedding(7, 3, rng=rng, dtype="float64"), Dense(10, 6, rng=rng, dtype="float64")
    return Sequential([embedding, Bidirectional(*halves), dense])


def test_layer_gradients_covers_input_and_parameters_with_state_and_mask(rng):
    layer = GRU(3, 5, rng=rng, dtype="float64")
    x, dy, state = (rng.standard_normal(shape) for shape in ((2, 4, 3), (2, 4, 5), (2, 5)))
    mask = np.array([[True, False, True, True], [True, True, True, False]])
    got, wanted = layer_gradients(layer, x, dy, state=state, mask=mask)
    assert list(wanted) == ["x", "W_x", "W_h", "b_h"]
    worst = worst_entry(got, wanted)
    assert worst.error < 1e-12, worst
    other, _ = layer_gradients(layer, x, dy)
    assert worst_entry(other, wanted).error > 1e-3


def test_layer_gradients_reaches_into_joined_layers(rng):
    model = stack(rng)
    got, wanted = layer_gradients(model, rng.integers(0, 7, (2, 4)), rng.standard_normal((2, 6)))
    assert wanted.keys() == model.params.keys()
    assert all(value.any() for value in wanted.values())
    worst = worst_entry(got, wanted)
    assert worst.error < 1e-12, worst


class Faulty(Dense):
    """Its gradient is wrong in one entry."""

    def backward(self, dy, cache):
        d_h, grads = super().backward(dy, cache)
        grads["W_y"][1, 2] += 0.5
        return d_h, grads


def test_layer_gradients_exposes_one_wrong_entry(rng):
    layer = Faulty(4, 3, rng=rng, dtype="float64")
    worst = worst_entry(*layer_gradients(layer, rng.standard_normal((2, 4)), rng.standard_normal((2, 3))))
    assert (worst.name, worst.index) == ("W_y", (1, 2))
    assert worst.got - worst.wanted == pytest.approx(0.5)


def test_replaced_swaps_the_owners_array_and_puts_it_back_even_after_an_error(rng):
    model = stack(rng)
    kept = dict(model.params)
    value = np.zeros((5, 20), complex)

    def look_and_fail():
        with replaced(model, "1.backward.W_h", value):
            assert model.layers[1].right.params["W_h"] is value
            assert model.layers[1].left.params["W_h"] is kept["1.forward.W_h"]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        look_and_fail()
    assert all(model.params[name] is array for name, array in kept.items())


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_differences_refuse_coarse_numbers(dtype):
    value = np.ones(2, dtype)
    with pytest.raises(TypeError, match=f"central_difference: value must be of float64, got {dtype}"):
        central_difference(lambda: cubic(value), value)
    with pytest.raises(TypeError, match=f"directional_difference: value must be of float64, got {dtype}"):
        directional_difference(lambda: cubic(value), value, np.ones(2))
