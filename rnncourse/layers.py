"""Layers: parameters, Keras' weight layout, and the one loop over time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.cells import Cache, rnn_step, rnn_step_backward
from rnncourse.init import glorot_uniform, orthogonal
from rnncourse.shapes import Array, check_shape


class Layer:
    """What all layers share: named parameters in Keras' order.

    Attributes
    ----------
    params : dict of ndarray, in the order of Keras' `get_weights`
    """

    params: dict[str, Array]

    def get_weights(self) -> list[Array]:
        """Return copies of the parameters in Keras' order."""
        return [value.copy() for value in self.params.values()]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Copy weights in, cast to the layer's dtype.

        Parameters
        ----------
        weights : one ndarray per parameter, in Keras' order, e.g. from `keras_layer.get_weights()`

        Raises
        ------
        ValueError
            If their number or a shape differs from the layer's; nothing is changed then.
        """
        where = f"{type(self).__name__}.set_weights"
        if len(weights) != len(self.params):
            raise ValueError(
                f"{where}: expected {len(self.params)} arrays ({', '.join(self.params)}), got {len(weights)}"
            )
        pairs = list(zip(self.params.items(), weights, strict=True))
        for (name, old), new in pairs:
            check_shape(where, name, np.asarray(new), old.shape)
        self.params = {name: np.array(new, dtype=old.dtype) for (name, old), new in pairs}

    def count_params(self) -> int:
        """Return the number of trainable numbers."""
        return sum(value.size for value in self.params.values())


class SimpleRNN(Layer):
    """The tanh recurrence h_t = tanh(x_t W_x + h_{t-1} W_h + b_h) over a batch of sequences.

    Parameters
    ----------
    input_dim : D, features per time step
    units : H, hidden units
    rng : numpy.random.Generator that draws the weights
    dtype : of parameters and states; float64 for gradient checks
    return_sequences : return every state (B, T, H), or only the last one (B, H)

    References
    ----------
    Chapter 02; Elman (1990). Weight layout of `keras.layers.SimpleRNN`.
    """

    def __init__(
        self,
        input_dim: int,
        units: int,
        *,
        rng: np.random.Generator,
        dtype: DTypeLike = "float32",
        return_sequences: bool = True,
    ) -> None:
        self.units = units
        self.return_sequences = return_sequences
        self.params = {
            "W_x": glorot_uniform((input_dim, units), rng=rng).astype(dtype),
            "W_h": orthogonal(units, rng=rng).astype(dtype),
            "b_h": np.zeros(units, dtype),
        }

    def forward(self, x: Array, state: Array | None = None) -> tuple[Array, list[Cache]]:
        """Run the recurrence over all time steps.

        Parameters
        ----------
        x : ndarray, shape (B, T, D), T at least 1
        state : ndarray, shape (B, H), the state before the first step; zeros if None

        Returns
        -------
        y : ndarray, shape (B, T, H), or (B, H) without `return_sequences`
        cache : what `backward` and `final_state` need

        Raises
        ------
        TypeError, ValueError
            If `x` or `state` is not an array of that shape.
        """
        input_dim = self.params["W_x"].shape[0]
        cure = "add a feature axis with x[:, :, None]" if isinstance(x, np.ndarray) and x.ndim == 2 else ""
        check_shape("SimpleRNN.forward", "x", x, ("B", "T", input_dim), cure)
        if state is None:
            state = np.zeros((len(x), self.units), self.params["b_h"].dtype)
        check_shape("SimpleRNN.forward", "state", state, (len(x), self.units))
        h, states, cache = state, [], []
        for t in range(x.shape[1]):
            h, step_cache = rnn_step(x[:, t], h, self.params)
            states.append(h)
            cache.append(step_cache)
        return (np.stack(states, axis=1) if self.return_sequences else h), cache

    def final_state(self, cache: list[Cache]) -> Array:
        """Return the state after the last step, shape (B, H)."""
        return cache[-1][-1]

    def backward(self, dy: Array, cache: list[Cache]) -> tuple[Array, dict[str, Array]]:
        """Backpropagate through time.

        Parameters
        ----------
        dy : ndarray, derivative of the loss by `forward`'s output, of the same shape
        cache : as returned by `forward`

        Returns
        -------
        dx : ndarray, shape (B, T, D)
        grads : dict with the keys of `params`, summed over batch and time

        Raises
        ------
        TypeError, ValueError
            If `dy` is not an array of that shape.

        References
        ----------
        Werbos (1990).
        """
        batch, time = len(cache[0][0]), len(cache)
        wanted = (batch, time, self.units) if self.return_sequences else (batch, self.units)
        check_shape("SimpleRNN.backward", "dy", dy, wanted)
        d_x: list[Array] = []
        d_h = np.zeros((batch, self.units), dy.dtype)
        grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        for t in reversed(range(time)):
            if self.return_sequences:
                d_h = d_h + dy[:, t]
            elif t == time - 1:
                d_h = dy
            d_x_t, d_h, step_grads = rnn_step_backward(d_h, cache[t], self.params)
            d_x.append(d_x_t)
            grads = {name: grads[name] + step_grads[name] for name in grads}
        return np.stack(d_x[::-1], axis=1), grads


class Dense(Layer):
    """The read-out y = h W_y + b_y, applied to the last axis.

    Parameters
    ----------
    input_dim : H, features in
    units : O, outputs
    rng : numpy.random.Generator that draws the weights
    dtype : of the parameters

    References
    ----------
    Chapter 02, the read-out. Weight layout of `keras.layers.Dense`.
    """

    def __init__(self, input_dim: int, units: int, *, rng: np.random.Generator, dtype: DTypeLike = "float32") -> None:
        self.params = {
            "W_y": glorot_uniform((input_dim, units), rng=rng).astype(dtype),
            "b_y": np.zeros(units, dtype),
        }

    def forward(self, h: Array) -> tuple[Array, Array]:
        """Apply the read-out.

        Parameters
        ----------
        h : ndarray, shape (..., H)

        Returns
        -------
        y : ndarray, shape (..., O)
        cache : what `backward` needs

        Raises
        ------
        TypeError, ValueError
            If `h` is not an array of that shape.
        """
        axes = ("B", "T")[: max(np.ndim(h) - 1, 0)]
        check_shape("Dense.forward", "h", h, (*axes, self.params["W_y"].shape[0]))
        return h @ self.params["W_y"] + self.params["b_y"], h

    def backward(self, dy: Array, cache: Array) -> tuple[Array, dict[str, Array]]:
        """Send the derivative of the loss back through the read-out.

        Parameters
        ----------
        dy : ndarray, shape (..., O)
        cache : as returned by `forward`

        Returns
        -------
        d_h : ndarray, shape (..., H)
        grads : dict with the keys of `params`, summed over all leading axes
        """
        check_shape("Dense.backward", "dy", dy, (*cache.shape[:-1], self.params["W_y"].shape[1]))
        h_rows, dy_rows = cache.reshape(-1, cache.shape[-1]), dy.reshape(-1, dy.shape[-1])
        grads = {"W_y": h_rows.T @ dy_rows, "b_y": dy_rows.sum(axis=0)}
        return dy @ self.params["W_y"].T, grads
