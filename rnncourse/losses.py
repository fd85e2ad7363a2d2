"""Losses, each returned together with its derivative by the model's output.

A position is one sequence (B) or one time step of one (B, T). Every loss is the mean over
positions, weighted by `sample_weight` where given: weight 0 leaves a padded step out.
The output may be complex, for the complex step of `gradcheck`.
"""

import numpy as np

from rnncourse.shapes import Array, Size, check_numbers, check_shape


def mse(y: Array, target: Array, sample_weight: Array | None = None) -> tuple[float, Array]:
    """Return the mean of (y - target)^2 over positions and outputs.

    Parameters
    ----------
    y : ndarray, shape (B, O) or (B, T, O)
    target : ndarray, of the shape of `y`
    sample_weight : ndarray of numbers or bools from 0 up, shape (B,) or (B, T)

    Returns
    -------
    loss : float (complex if `y` is)
    dy : ndarray, derivative of the loss by `y`, of its shape and dtype

    Raises
    ------
    TypeError, ValueError
        If an argument is not an array of that shape and kind, holds NaN or infinity, or all weights are 0.
    """
    _check_output("mse", "y", y)
    _check_real("mse", "target", target, y.shape)
    shares = _shares("mse", y, sample_weight)
    error = y - target.astype(y.dtype, copy=False)
    return (shares * error**2).sum().item(), 2 * shares * error


def softmax_cross_entropy(logits: Array, labels: Array, sample_weight: Array | None = None) -> tuple[float, Array]:
    """Return the mean of -log softmax(logits)[label] over positions, without overflow.

    Parameters
    ----------
    logits : ndarray, shape (B, C) or (B, T, C)
    labels : ndarray of int from 0 to C - 1, shape (B,) or (B, T)
    sample_weight, returns and errors : as in `mse`

    References
    ----------
    Bridle (1990) for the softmax; softmax(a) = softmax(a - max a) keeps exp from overflowing.
    """
    where = "softmax_cross_entropy"
    _check_output(where, "logits", logits)
    n_classes = logits.shape[-1]
    check_shape(where, "labels", labels, logits.shape[:-1], "give one class number per position, not one-hot rows")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{where}: labels must hold integers, got {labels.dtype}; convert them with .astype(int)")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"{where}: labels must be from 0 to {n_classes - 1}, got {labels.min()} to {labels.max()}; "
            "number the classes from 0, or give the last layer more units"
        )
    shares = _shares(where, logits, sample_weight) * n_classes
    shifted = logits - logits.real.max(axis=-1, keepdims=True)
    exp = np.exp(shifted)
    total = exp.sum(axis=-1, keepdims=True)
    chosen = labels[..., None]
    losses = np.log(total) - np.take_along_axis(shifted, chosen, axis=-1)
    dy = exp / total
    np.put_along_axis(dy, chosen, np.take_along_axis(dy, chosen, axis=-1) - 1, axis=-1)
    return (shares * losses).sum().item(), shares * dy


def sigmoid_cross_entropy(logits: Array, labels: Array, sample_weight: Array | None = None) -> tuple[float, Array]:
    """Return the mean of -y log s - (1 - y) log(1 - s), s = sigmoid(logits), over positions and outputs.

    Parameters
    ----------
    logits : ndarray, shape (B, O) or (B, T, O)
    labels : ndarray of numbers or bools from 0 to 1, of the shape of `logits`
    sample_weight, returns and errors : as in `mse`

    References
    ----------
    `tf.nn.sigmoid_cross_entropy_with_logits`: max(a, 0) - a y + `log(1 + exp(-|a|))` with a = logits.
    """
    where = "sigmoid_cross_entropy"
    _check_output(where, "logits", logits)
    cure = "add the axis of the outputs with labels[..., None]" if np.ndim(labels) == logits.ndim - 1 else ""
    _check_real(where, "labels", labels, logits.shape, cure)
    if labels.min() < 0 or labels.max() > 1:
        raise ValueError(f"{where}: labels must be from 0 to 1, got {labels.min()} to {labels.max()}")
    shares = _shares(where, logits, sample_weight)
    y = labels.astype(logits.dtype, copy=False)
    positive = logits.real > 0
    exp = np.exp(np.where(positive, -logits, logits))
    losses = np.where(positive, logits, 0) - logits * y + np.log1p(exp)
    return (shares * losses).sum().item(), shares * (np.where(positive, 1, exp) / (1 + exp) - y)


def _check_output(where: str, name: str, value: Array) -> None:
    axes = ("B", "T")[: max(np.ndim(value) - 1, 1)]
    check_numbers(where, name, value, (*axes, "O"))


def _check_real(where: str, name: str, value: Array, wanted: tuple[Size, ...], cure: str = "") -> None:
    check_shape(where, name, value, wanted, cure)
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{where}: {name} must hold real numbers, got {value.dtype}")
    if value.dtype.kind == "f":
        check_numbers(where, name, value, wanted)


def _shares(where: str, y: Array, sample_weight: Array | None) -> Array:
    """Return the share of each entry of `y` in the mean, shape (B, 1) or (B, T, 1)."""
    if sample_weight is None:
        return np.full((*y.shape[:-1], 1), 1 / y.size, y.dtype)
    _check_real(where, "sample_weight", sample_weight, y.shape[:-1])
    weight = sample_weight.astype(float)
    if weight.min() < 0:
        raise ValueError(f"{where}: sample_weight must not be negative, got {weight.min()}")
    if not weight.any():
        raise ValueError(f"{where}: sample_weight must not be 0 everywhere; leave out batches that are only padding")
    shares: Array = weight[..., None] / (weight.sum() * y.shape[-1])
    return shares.astype(y.dtype)
