"""Numerical gradients, to hold every hand-written gradient against."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.shapes import Array, Params, check_numbers

COMPLEX_STEP = 1e-30


def central_difference(loss: Callable[[], float], value: Array, step: float = 1e-6) -> Array:
    """Estimate the gradient of `loss` by `value` with (f(v + s) - f(v - s)) / 2s.

    Parameters
    ----------
    loss : function without arguments that reads `value` and returns a number
    value : ndarray of float64, changed entry by entry and restored
    step : distance s; the error is smallest near 1e-6 for float64

    Returns
    -------
    gradient : ndarray of float64, of the shape of `value`

    Raises
    ------
    TypeError
        If `value` is not of float64: in coarser numbers the difference drowns in rounding.
    """
    _check_float64("central_difference", value)
    gradient = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        kept = value[index]
        value[index] = kept + step
        above = loss()
        value[index] = kept - step
        below = loss()
        value[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


def directional_difference(loss: Callable[[], float], value: Array, direction: Array, step: float = 1e-6) -> float:
    """Estimate the slope of `loss` along one direction, at the price of two calls of `loss` for any size.

    It must equal (gradient * direction).sum().

    Parameters
    ----------
    loss, value, step : as in `central_difference`
    direction : ndarray of the shape of `value`, say rng.standard_normal(value.shape)
    """
    _check_float64("directional_difference", value)
    check_numbers("directional_difference", "direction", direction, value.shape)
    kept = value.copy()
    try:
        value += step * direction
        above = loss()
        value[...] = kept - step * direction
        return (above - loss()) / (2 * step)
    finally:
        value[...] = kept


def complex_step(loss: Callable[[Array], complex], value: Array) -> Array:
    """Compute the gradient of an analytic `loss` by `value`, exact to rounding.

    Parameters
    ----------
    loss : function of an array shaped like `value`; must accept complex numbers
        and use neither absolute values nor comparisons
    value : ndarray of float64, not changed

    Returns
    -------
    gradient : ndarray of float64, of the shape of `value`

    References
    ----------
    Squire and Trapp (1998), equation (1): f'(v) = Im f(v + i s) / s.
    """
    gradient = np.zeros(value.shape)
    for index in np.ndindex(value.shape):
        shifted = value.astype(complex)
        shifted[index] += 1j * COMPLEX_STEP
        gradient[index] = np.imag(loss(shifted)) / COMPLEX_STEP
    return gradient


def relative_error(got: Array, wanted: Array) -> float:
    """Return `max |got - wanted| / max |wanted|`, the error in the maximum norm.

    Parameters
    ----------
    got, wanted : ndarrays of one shape

    Raises
    ------
    ValueError
        If the shapes differ, or a value is not finite.
    """
    got, wanted = np.asarray(got), np.asarray(wanted)
    if got.shape != wanted.shape:
        raise ValueError(f"relative_error: both arrays must have one shape, got {got.shape} and {wanted.shape}")
    if not (np.isfinite(got).all() and np.isfinite(wanted).all()):
        raise ValueError("relative_error: every value must be finite, got NaN or infinity")
    return float(np.max(np.abs(got - wanted))) / _scale(wanted)


@dataclass(frozen=True)
class Entry:
    """Two values of one entry of a gradient; `error` is relative to the largest wanted one of that array."""

    name: str
    index: tuple[int, ...]
    error: float
    got: float
    wanted: float

    def __str__(self) -> str:
        place = f"{self.name}{list(self.index)}"
        return f"{place}: got {self.got:.6g}, wanted {self.wanted:.6g}, relative error {self.error:.1e}"


def worst_entry(got: Params, wanted: Params) -> Entry:
    """Return the entry with the largest relative error; names, shapes and finite numbers must match.

    Parameters
    ----------
    got, wanted : mappings from names to ndarrays
    """
    if not wanted or got.keys() != wanted.keys():
        raise ValueError(f"worst_entry: wanted gradients of {sorted(wanted)}, got {sorted(got)}")
    entries = []
    for name, value in wanted.items():
        check_numbers("worst_entry", f"wanted[{name!r}]", value, value.shape)
        check_numbers("worst_entry", f"got[{name!r}]", got[name], value.shape)
        distance = np.abs(got[name] - value)
        index = tuple(int(i) for i in np.unravel_index(np.argmax(distance), value.shape))
        error = float(distance[index]) / _scale(value)
        entries.append(Entry(name, index, error, float(got[name][index]), float(value[index])))
    return max(entries, key=lambda entry: entry.error)


def layer_gradients(layer: Any, x: Array, dy: Array, **arguments: Any) -> tuple[dict[str, Array], dict[str, Array]]:
    """Compute the derivatives of (y * dy).sum() by input and parameters, once by `backward`, once by the complex step.

    Parameters
    ----------
    layer : one layer, or several joined in one; of float64
    x : ndarray, the input; of codes, which have no derivative, or of float64
    dy : ndarray, of the shape of the output
    **arguments : what else `layer.forward` takes, say state and mask

    Returns
    -------
    got, wanted : dicts with the keys of `layer.params`, and "x" unless `x` holds codes
    """

    def loss(value: Array) -> complex:
        return complex((layer.forward(value, **arguments)[0] * dy).sum())

    def loss_of(name: str) -> Callable[[Array], complex]:
        def loss_with(value: Array) -> complex:
            with replaced(layer, name, value):
                return loss(x)

        return loss_with

    d_x, grads = layer.backward(dy, layer.forward(x, **arguments)[1])
    wanted = {name: complex_step(loss_of(name), value) for name, value in layer.params.items()}
    return (grads, wanted) if d_x is None else ({"x": d_x} | grads, {"x": complex_step(loss, x)} | wanted)


@contextmanager
def replaced(layer: Any, name: str, value: Array) -> Iterator[None]:
    """Let `layer` compute with `value` in place of one parameter, inside a with block.

    Unlike writing into the array, this admits complex values. A parameter of joined layers, such as
    "0.forward.W_h", is replaced in the layer that owns it, found by way of the mappings `parts`.
    """
    while hasattr(layer, "parts"):
        part, _, name = name.partition(".")
        layer = layer.parts[part]
    kept = layer.params[name]
    layer.params[name] = value
    try:
        yield
    finally:
        layer.params[name] = kept


def _scale(wanted: Array) -> float:
    return float(np.max(np.abs(wanted))) or 1.0


def _check_float64(where: str, value: Array) -> None:
    if value.dtype != np.float64:
        raise TypeError(f"{where}: value must be of float64, got {value.dtype}; build the layer with dtype='float64'")
