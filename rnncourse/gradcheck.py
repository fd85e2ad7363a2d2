"""Numerical gradients, to hold every hand-written gradient against."""

from collections.abc import Callable

import numpy as np

from rnncourse.shapes import Array

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
    """
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
    """Return max |got - wanted| / max |wanted|, the error in the maximum norm.

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
    scale = np.max(np.abs(wanted))
    return float(np.max(np.abs(got - wanted)) / (scale if scale > 0 else 1.0))
