"""The equations of one time step, each directly followed by its backward step.

A row is one example, so `x @ W_x` is the transpose of the textbook's `W_x x`.
Names of the parameters are shared by all cells: W_x, W_h and b_h hold the gates
side by side, in Keras' order (LSTM: i, f, c, o; GRU: z, r, h).
"""

import numpy as np

from rnncourse.shapes import Array, Params, check_numbers

Cache = tuple[Array, ...]
LSTMState = tuple[Array, Array]


def _check_step(
    where: str, x: Array, states: dict[str, Array], params: Params, *, n_gates: int = 1, bias_rows: tuple[int, ...] = ()
) -> None:
    """Raise unless the arrays of one step fit together; see `check_numbers`."""
    check_numbers(where, "x", x, ("B", "D"))
    units: int | str = "H"
    for name, state in states.items():
        check_numbers(where, name, state, (len(x), units))
        units = state.shape[1]
    columns = n_gates * units
    check_numbers(where, "W_x", params["W_x"], (x.shape[1], columns))
    check_numbers(where, "W_h", params["W_h"], (units, columns))
    check_numbers(where, "b_h", params["b_h"], (*bias_rows, columns))


def sigmoid(a: Array) -> Array:
    """Return 1 / (1 + exp(-a)) as (1 + tanh(a / 2)) / 2, which cannot overflow.

    Parameters
    ----------
    a : ndarray of float or complex, any shape

    Returns
    -------
    s : ndarray, of the shape and dtype of `a`
    """
    s: Array = 0.5 * np.tanh(0.5 * a) + 0.5
    return s


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

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or holds NaN or infinity.

    References
    ----------
    Chapter 02, the recurrence; Elman (1990).
    """
    _check_step("rnn_step", x, {"h": h}, params)
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

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or holds NaN or infinity.

    References
    ----------
    Werbos (1990).
    """
    x, h, h_next = cache
    check_numbers("rnn_step_backward", "d_h_next", d_h_next, h.shape)
    d_a = d_h_next * (1 - h_next**2)
    grads = {"W_x": x.T @ d_a, "W_h": h.T @ d_a, "b_h": d_a.sum(axis=0)}
    return d_a @ params["W_x"].T, d_a @ params["W_h"].T, grads


def lstm_step(x: Array, state: LSTMState, params: Params) -> tuple[LSTMState, Cache]:
    """Advance an LSTM by one step.

    With i, f, o = sigmoid and g = tanh of their quarter of a = x W_x + h W_h + b_h:
    c_next = f c + i g and h_next = o tanh(c_next).

    Parameters
    ----------
    x : ndarray, shape (B, D)
    state : (h, c), each an ndarray of shape (B, H)
    params : mapping with W_x (D, 4H), W_h (H, 4H), b_h (4H,), gates in the order i, f, c, o

    Returns
    -------
    (h_next, c_next) : ndarrays, shape (B, H)
    cache : what `lstm_step_backward` needs

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or holds NaN or infinity.

    References
    ----------
    Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000) for the forget gate.
    """
    h, c = state
    _check_step("lstm_step", x, {"h": h, "c": c}, params, n_gates=4)
    a_i, a_f, a_g, a_o = np.split(x @ params["W_x"] + h @ params["W_h"] + params["b_h"], 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c_next = f * c + i * g
    tanh_c = np.tanh(c_next)
    return (o * tanh_c, c_next), (x, h, c, i, f, g, o, tanh_c)


def lstm_step_backward(
    d_state_next: LSTMState, cache: Cache, params: Params
) -> tuple[Array, LSTMState, dict[str, Array]]:
    """Send the total derivatives of the loss back through one `lstm_step`.

    Parameters
    ----------
    d_state_next : (d_h_next, d_c_next), each an ndarray of shape (B, H)
    cache : as returned by `lstm_step`
    params : the mapping that `lstm_step` was given

    Returns
    -------
    d_x : ndarray, shape (B, D)
    (d_h, d_c) : ndarrays, shape (B, H)
    grads : dict with the keys of `params`, this step's share of each gradient

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or holds NaN or infinity.

    References
    ----------
    Gers, Schmidhuber and Cummins (2000), with the exact gradient as in Greff et al. (2017).
    """
    d_h_next, d_c_next = d_state_next
    x, h, c, i, f, g, o, tanh_c = cache
    check_numbers("lstm_step_backward", "d_h_next", d_h_next, h.shape)
    check_numbers("lstm_step_backward", "d_c_next", d_c_next, h.shape)
    d_o = d_h_next * tanh_c
    d_c_total = d_c_next + d_h_next * o * (1 - tanh_c**2)
    d_f, d_i, d_g = d_c_total * c, d_c_total * g, d_c_total * i
    d_a = np.concatenate([d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o)], axis=1)
    grads = {"W_x": x.T @ d_a, "W_h": h.T @ d_a, "b_h": d_a.sum(axis=0)}
    return d_a @ params["W_x"].T, (d_a @ params["W_h"].T, d_c_total * f), grads


def gru_step(x: Array, h: Array, params: Params, *, reset_after: bool = True) -> tuple[Array, Cache]:
    """Advance a GRU by one step: h_next = z h + (1 - z) g.

    z, r = sigmoid(x W_x + h W_h + b_h) in their third of the columns; the candidate is
    g = tanh(x W_x + r (h W_h + b_rec) + b_in) with `reset_after`, where b_h has the rows
    b_in and b_rec, and g = tanh(x W_x + (r h) W_h + b_h) without.

    Parameters
    ----------
    x : ndarray, shape (B, D)
    h : ndarray, shape (B, H)
    params : mapping with W_x (D, 3H), W_h (H, 3H), gates in the order z, r, h, and
        b_h (2, 3H) with `reset_after`, (3H,) without
    reset_after : apply the reset gate after the recurrent product, not before

    Returns
    -------
    h_next : ndarray, shape (B, H)
    cache : what `gru_step_backward` needs

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or holds NaN or infinity.

    References
    ----------
    Cho et al. (2014), version 1 for `reset_after=True` and version 3 for False.
    """
    _check_step("gru_step", x, {"h": h}, params, n_gates=3, bias_rows=(2,) if reset_after else ())
    units = h.shape[1]
    W_h = params["W_h"]
    b_in, b_rec = params["b_h"] if reset_after else (params["b_h"], np.zeros(3 * units, W_h.dtype))
    a = x @ params["W_x"] + b_in
    rec = h @ W_h[:, : 2 * units] + b_rec[: 2 * units]
    z, r = np.split(sigmoid(a[:, : 2 * units] + rec), 2, axis=1)
    rec_g = h @ W_h[:, 2 * units :] + b_rec[2 * units :] if reset_after else (r * h) @ W_h[:, 2 * units :]
    g = np.tanh(a[:, 2 * units :] + (r * rec_g if reset_after else rec_g))
    return z * h + (1 - z) * g, (x, h, z, r, g, rec_g)


def gru_step_backward(
    d_h_next: Array, cache: Cache, params: Params, *, reset_after: bool = True
) -> tuple[Array, Array, dict[str, Array]]:
    """Send the total derivative of the loss back through one `gru_step`.

    Parameters
    ----------
    d_h_next : ndarray, shape (B, H)
    cache : as returned by `gru_step`
    params, reset_after : what `gru_step` was given

    Returns
    -------
    d_x : ndarray, shape (B, D)
    d_h : ndarray, shape (B, H)
    grads : dict with the keys of `params`, this step's share of each gradient

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or holds NaN or infinity.

    References
    ----------
    Cho et al. (2014).
    """
    x, h, z, r, g, rec_g = cache
    check_numbers("gru_step_backward", "d_h_next", d_h_next, h.shape)
    W_zr, W_g = np.split(params["W_h"], [2 * h.shape[1]], axis=1)
    d_a_g = d_h_next * (1 - z) * (1 - g**2)
    d_a_z = d_h_next * (h - g) * z * (1 - z)
    d_rec_g = d_a_g * r if reset_after else d_a_g
    d_h_by_g = d_rec_g @ W_g.T
    d_r = d_a_g * rec_g if reset_after else d_h_by_g * h
    d_zr = np.concatenate([d_a_z, d_r * r * (1 - r)], axis=1)
    d_a, d_rec = np.hstack([d_zr, d_a_g]), np.hstack([d_zr, d_rec_g])
    d_h = d_h_next * z + d_zr @ W_zr.T + (d_h_by_g if reset_after else d_h_by_g * r)
    h_seen = h if reset_after else r * h
    grads = {
        "W_x": x.T @ d_a,
        "W_h": np.hstack([h.T @ d_zr, h_seen.T @ d_rec_g]),
        "b_h": np.stack([d_a.sum(axis=0), d_rec.sum(axis=0)]) if reset_after else d_a.sum(axis=0),
    }
    return d_a @ params["W_x"].T, d_h, grads
