"""Initial weights, drawn as Keras draws them."""

import numpy as np

from rnncourse.shapes import Array


def glorot_uniform(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Draw from U(-a, a) with a = sqrt(6 / (fan_in + fan_out)).

    Parameters
    ----------
    shape : (fan_in, fan_out)
    rng : numpy.random.Generator

    Returns
    -------
    weights : ndarray of float64, of the given shape

    References
    ----------
    Glorot and Bengio (2010), equation (16).
    """
    limit = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def orthogonal(size: int, *, rng: np.random.Generator) -> Array:
    """Draw a random orthogonal matrix, uniformly over all of them.

    Parameters
    ----------
    size : number of rows and of columns
    rng : numpy.random.Generator

    Returns
    -------
    weights : ndarray of float64, shape (size, size), with weights @ weights.T = I

    References
    ----------
    Saxe, McClelland and Ganguli (2014).
    """
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return q * np.sign(np.diag(r))
