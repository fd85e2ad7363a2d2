"""The equations of one time step, each directly followed by its backward step.

A row is one example, so `x @ W_x` is the transpose of the textbook's `W_x x`.
"""

import numpy as np

from rnncourse.shapes import Array, Params

Cache = tuple[Array, ...]


def rnn_step(x: Array, h: Array, params: Params) -> tuple[Array, Cache]:
    """Advance a tanh RNN by one step: h_next = tanh(x W_x + h W_h + b_h).

    Parameters
    ----------
    x : ndarray, shape (B, D)
    h : ndarray, shape (B, H)
    params : mapping with W_x (D, H), W_h (H, H), b_h (H,)

    Returns
    -------
    h_next : ndarray, shape (B, H)
    cache : what `rnn_step_backward` needs

    References
    ----------
    Chapter 02, the recurrence; Elman (1990).
    """
    h_next = np.tanh(x @ params["W_x"] + h @ params["W_h"] + params["b_h"])
    return h_next, (x, h, h_next)


def rnn_step_backward(d_h_next: Array, cache: Cache, params: Params) -> tuple[Array, Array, dict[str, Array]]:
    """Send the total derivative of the loss back through one `rnn_step`.

    Parameters
    ----------
    d_h_next : ndarray, shape (B, H), derivative of the loss by h_next
    cache : as returned by `rnn_step`
    params : the mapping that `rnn_step` was given

    Returns
    -------
    d_x : ndarray, shape (B, D)
    d_h : ndarray, shape (B, H)
    grads : dict with the keys of `params`, this step's share of each gradient

    References
    ----------
    Werbos (1990).
    """
    x, h, h_next = cache
    d_a = d_h_next * (1 - h_next**2)
    grads = {"W_x": x.T @ d_a, "W_h": h.T @ d_a, "b_h": d_a.sum(axis=0)}
    return d_a @ params["W_x"].T, d_a @ params["W_h"].T, grads
