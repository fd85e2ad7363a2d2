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

    Raises
    ------
    ValueError
        If the shape is not two sizes of at least 1.

    References
    ----------
    Glorot and Bengio (2010), equation (16).
    """
    _check_sizes("glorot_uniform", shape)
    limit = np.sqrt(6.0 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def orthogonal(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Draw a matrix with orthonormal rows (or columns, if it has more rows), uniformly over all of them.

    Parameters
    ----------
    shape : (rows, columns)
    rng : numpy.random.Generator

    Returns
    -------
    weights : ndarray of float64, of the given shape; weights @ weights.T = I for rows <= columns

    Raises
    ------
    ValueError
        If the shape is not two sizes of at least 1.

    References
    ----------
    Saxe, McClelland and Ganguli (2014).
    """
    _check_sizes("orthogonal", shape)
    rows, columns = max(shape), min(shape)
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    q *= np.sign(np.diag(r))
    return q if shape[0] >= shape[1] else q.T


def _check_sizes(where: str, shape: tuple[int, int]) -> None:
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"{where}: shape must be two sizes of at least 1, got {shape}")
