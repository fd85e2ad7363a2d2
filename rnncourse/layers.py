"""Layers: parameters in Keras' weight layout, around the time loops of `loops`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnncourse.init import glorot_uniform, orthogonal
from rnncourse.loops import GRULoop, GRUResetBeforeLoop, Loop, LSTMLoop, RNNLoop
from rnncourse.shapes import Array, check_numbers, check_shape

State = Array | tuple[Array, Array]
Mask = NDArray[np.bool_]


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
        """Copy weights in, in place, cast to the layer's dtype.

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
        for (_, old), new in pairs:
            old[...] = new

    def count_params(self) -> int:
        """Return the number of trainable numbers."""
        return sum(value.size for value in self.params.values())


class Recurrent(Layer):
    """A recurrent layer over a batch of sequences; see SimpleRNN, LSTM and GRU.

    Parameters
    ----------
    input_dim : D, features per time step
    units : H, hidden units
    rng : numpy.random.Generator that draws the weights
    dtype : of parameters, states and outputs; float64 for gradient checks
    return_sequences : return every state (B, T, H), or only the last one (B, H)
    """

    n_gates: ClassVar[int]
    n_states: ClassVar[int] = 1
    loop: type[Loop]

    def __init__(
        self,
        input_dim: int,
        units: int,
        *,
        rng: np.random.Generator,
        dtype: DTypeLike = "float32",
        return_sequences: bool = True,
    ) -> None:
        for name, size in (("input_dim", input_dim), ("units", units)):
            if size < 1:
                raise ValueError(f"{type(self).__name__}: {name} must be at least 1, got {size}")
        self.units = units
        self.return_sequences = return_sequences
        columns = self.n_gates * units
        self.params = {
            "W_x": glorot_uniform((input_dim, columns), rng=rng).astype(dtype),
            "W_h": orthogonal((units, columns), rng=rng).astype(dtype),
            "b_h": np.zeros(columns, dtype),
        }

    def forward(self, x: Array, state: State | None = None, mask: Mask | None = None) -> tuple[Array, Loop]:
        """Run the recurrence over all time steps.

        Parameters
        ----------
        x : ndarray, shape (B, T, D), T at least 1
        state : before the first step, zeros if None; shape (B, H), for an LSTM the pair (h, c)
        mask : ndarray of bool, shape (B, T); where False, the step is skipped and the state carried through

        Returns
        -------
        y : ndarray, shape (B, T, H), or (B, H) without `return_sequences`
        cache : what `backward` and `final_state` need

        Raises
        ------
        TypeError, ValueError
            If an argument is not an array of that shape and kind, or holds NaN or infinity.
        """
        where = f"{type(self).__name__}.forward"
        cure = "add a feature axis with x[:, :, None]" if np.ndim(x) == 2 else ""
        check_numbers(where, "x", x, ("B", "T", self.params["W_x"].shape[0]), cure)
        if mask is not None:
            check_shape(where, "mask", mask, x.shape[:2])
            if mask.dtype != bool:
                raise TypeError(f"{where}: mask must hold bools, got {mask.dtype}; write mask != 0")
        states = [self._cast(part) for part in self._unpack_state(where, state, len(x))]
        cache = self.loop(self._cast(x), states, self.params, mask)
        h = cache.states[0]
        return h[1:].transpose(1, 0, 2).copy() if self.return_sequences else h[-1].copy(), cache

    def final_state(self, cache: Loop) -> State:
        """Return the state after the last step: shape (B, H), for an LSTM the pair (h, c)."""
        final = [states[-1].copy() for states in cache.states]
        return final[0] if len(final) == 1 else (final[0], final[1])

    def backward(self, dy: Array, cache: Loop) -> tuple[Array, dict[str, Array]]:
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
            If `dy` is not an array of that shape and kind, or holds NaN or infinity.

        References
        ----------
        Werbos (1990).
        """
        time, batch, _ = cache.x.shape
        wanted = (batch, time, self.units) if self.return_sequences else (batch, self.units)
        check_numbers(f"{type(self).__name__}.backward", "dy", dy, wanted)
        d_h = self._cast(dy)
        return cache.backward(d_h if self.return_sequences else d_h[:, None])

    def _cast(self, value: Array) -> Array:
        """Give a real array the layer's dtype; leave a complex one, which a gradient check sent."""
        return value if np.iscomplexobj(value) else value.astype(self.params["W_x"].dtype, copy=False)

    def _unpack_state(self, where: str, state: State | None, batch: int) -> list[Array]:
        names = ["state"] if self.n_states == 1 else ["state[0]", "state[1]"]
        if state is None:
            return [np.zeros((batch, self.units)) for _ in names]
        if self.n_states == 2 and not (isinstance(state, tuple | list) and len(state) == 2):
            raise TypeError(f"{where}: state must be the pair (h, c), got {type(state).__name__}")
        parts: list[Array] = [state] if self.n_states == 1 else list(state)  # type: ignore[list-item]
        for name, part in zip(names, parts, strict=True):
            check_numbers(where, name, part, (batch, self.units))
        return parts


class SimpleRNN(Recurrent):
    """The tanh recurrence h_t = tanh(x_t W_x + h_{t-1} W_h + b_h); arguments as `Recurrent`.

    References
    ----------
    Chapter 02; Elman (1990). Weight layout of `keras.layers.SimpleRNN`.
    """

    n_gates = 1
    loop = RNNLoop


class LSTM(Recurrent):
    """Long short-term memory with a forget gate, whose bias starts at 1; arguments as `Recurrent`.

    References
    ----------
    Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000); Jozefowicz, Zaremba and
    Sutskever (2015) for the bias of 1. Weight layout of `keras.layers.LSTM`: i, f, c, o.
    """

    n_gates = 4
    n_states = 2
    loop = LSTMLoop

    def __init__(self, input_dim: int, units: int, *, rng: np.random.Generator, **options: Any) -> None:
        super().__init__(input_dim, units, rng=rng, **options)
        self.params["b_h"][units : 2 * units] = 1


class GRU(Recurrent):
    """Gated recurrent unit; arguments as `Recurrent`.

    Parameters
    ----------
    reset_after : apply the reset gate after the recurrent product, with a bias row of its own;
        False applies it to the state before

    References
    ----------
    Cho et al. (2014). Weight layout of `keras.layers.GRU`: z, r, h; b_h has shape (2, 3H) with
    `reset_after`, (3H,) without.
    """

    n_gates = 3

    def __init__(
        self, input_dim: int, units: int, *, rng: np.random.Generator, reset_after: bool = True, **options: Any
    ) -> None:
        super().__init__(input_dim, units, rng=rng, **options)
        self.reset_after = reset_after
        self.loop = GRULoop if reset_after else GRUResetBeforeLoop
        if reset_after:
            self.params["b_h"] = np.zeros((2, 3 * units), self.params["b_h"].dtype)


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
        h : ndarray, shape (B, H) or (B, T, H)

        Returns
        -------
        y : ndarray, shape (B, O) or (B, T, O)
        cache : what `backward` needs

        Raises
        ------
        TypeError, ValueError
            If `h` is not an array of that shape and kind, or holds NaN or infinity.
        """
        axes = ("B", "T")[: max(np.ndim(h) - 1, 1)]
        check_numbers("Dense.forward", "h", h, (*axes, self.params["W_y"].shape[0]))
        return h @ self.params["W_y"] + self.params["b_y"], h

    def backward(self, dy: Array, cache: Array) -> tuple[Array, dict[str, Array]]:
        """Send the derivative of the loss back through the read-out.

        Parameters
        ----------
        dy : ndarray, of the shape of `forward`'s output
        cache : as returned by `forward`

        Returns
        -------
        d_h : ndarray, shape (B, H) or (B, T, H)
        grads : dict with the keys of `params`, summed over batch and time

        Raises
        ------
        TypeError, ValueError
            If `dy` is not an array of that shape and kind, or holds NaN or infinity.
        """
        check_numbers("Dense.backward", "dy", dy, (*cache.shape[:-1], self.params["W_y"].shape[1]))
        h_rows, dy_rows = cache.reshape(-1, cache.shape[-1]), dy.reshape(-1, dy.shape[-1])
        grads = {"W_y": h_rows.T @ dy_rows, "b_y": dy_rows.sum(axis=0)}
        return dy @ self.params["W_y"].T, grads


class Embedding(Layer):
    """A table with one row of D numbers per code.

    Parameters
    ----------
    input_dim : V, number of codes
    output_dim : D, numbers per code
    rng : numpy.random.Generator that draws the weights, uniform in (-0.05, 0.05) as in Keras
    dtype : of the parameters

    References
    ----------
    Bengio et al. (2003). Weight layout of `keras.layers.Embedding`.
    """

    def __init__(
        self, input_dim: int, output_dim: int, *, rng: np.random.Generator, dtype: DTypeLike = "float32"
    ) -> None:
        self.params = {"E": rng.uniform(-0.05, 0.05, (input_dim, output_dim)).astype(dtype)}

    def forward(self, codes: NDArray[np.integer]) -> tuple[Array, NDArray[np.integer]]:
        """Look the rows up.

        Parameters
        ----------
        codes : ndarray of int, shape (B, T), each at least 0 and below V

        Returns
        -------
        y : ndarray, shape (B, T, D)
        cache : what `backward` needs

        Raises
        ------
        TypeError, ValueError
            If `codes` is not an array of that shape and kind, or a code is outside the table.
        """
        check_shape("Embedding.forward", "codes", codes, ("B", "T"))
        if codes.dtype.kind not in "iu":
            raise TypeError(f"Embedding.forward: codes must hold integers, got {codes.dtype}")
        size = len(self.params["E"])
        if codes.min() < 0 or codes.max() >= size:
            raise ValueError(
                f"Embedding.forward: codes must be from 0 to {size - 1}, got {codes.min()} to {codes.max()}; "
                "raise input_dim, or load the data with a smaller num_words"
            )
        return self.params["E"][codes], codes

    def backward(self, dy: Array, cache: NDArray[np.integer]) -> tuple[None, dict[str, Array]]:
        """Add up the derivatives of each code's row.

        Parameters
        ----------
        dy : ndarray, shape (B, T, D)
        cache : as returned by `forward`

        Returns
        -------
        None : codes have no derivative
        grads : dict with the key of `params`, shape (V, D)

        Raises
        ------
        TypeError, ValueError
            If `dy` is not an array of that shape and kind, or holds NaN or infinity.
        """
        size, output_dim = self.params["E"].shape
        check_numbers("Embedding.backward", "dy", dy, (*cache.shape, output_dim))
        codes = cache.ravel()
        order = np.argsort(codes, kind="stable")
        present, first = np.unique(codes[order], return_index=True)
        gradient = np.zeros((size, output_dim), dy.dtype)
        gradient[present] = np.add.reduceat(dy.reshape(-1, output_dim)[order], first, axis=0)
        return None, {"E": gradient}


class Composite(Layer):
    """Layers that act as one: `params` joins theirs, with the part's name before a dot."""

    parts: Mapping[str, Layer]

    @property
    def params(self) -> dict[str, Array]:  # type: ignore[override]
        """The parts' own arrays, so that in-place updates reach them."""
        return {f"{part}.{name}": v for part, layer in self.parts.items() for name, v in layer.params.items()}


class Bidirectional(Composite):
    """One layer reads from the left, one from the right; their outputs stand side by side.

    As in Keras, masked steps of a returned sequence are 0 here, while a recurrent layer
    by itself repeats its last output there.

    Parameters
    ----------
    forward_layer, backward_layer : two layers with the same `return_sequences`

    References
    ----------
    Schuster and Paliwal (1997). Weight layout of `keras.layers.Bidirectional`.
    """

    def __init__(self, forward_layer: Recurrent, backward_layer: Recurrent) -> None:
        if forward_layer.return_sequences != backward_layer.return_sequences:
            raise ValueError("Bidirectional: both layers need the same return_sequences")
        self.left, self.right = forward_layer, backward_layer
        self.parts = {"forward": forward_layer, "backward": backward_layer}

    def forward(
        self, x: Array, state: tuple[State, State] | None = None, mask: Mask | None = None
    ) -> tuple[Array, tuple[Loop, Loop]]:
        """Run both layers; arguments as in `Recurrent.forward`, `state` one per direction.

        Returns
        -------
        y : ndarray, shape (B, T, 2H), or (B, 2H) without `return_sequences`
        cache : what `backward` needs
        """
        left_state, right_state = state or (None, None)
        left, left_cache = self.left.forward(x, left_state, mask)
        right, right_cache = self.right.forward(x[:, ::-1], right_state, None if mask is None else mask[:, ::-1])
        if self.right.return_sequences:
            right = right[:, ::-1]
        y = np.concatenate([left, right], axis=-1)
        if mask is not None and self.right.return_sequences:
            y[~mask] = 0
        return y, (left_cache, right_cache)

    def final_state(self, cache: tuple[Loop, Loop]) -> tuple[State, State]:
        """Return the state of each direction after its last step."""
        return self.left.final_state(cache[0]), self.right.final_state(cache[1])

    def backward(self, dy: Array, cache: tuple[Loop, Loop]) -> tuple[Array, dict[str, Array]]:
        """Backpropagate through both layers; as `Recurrent.backward`."""
        mask = cache[0].mask
        if mask is not None and self.right.return_sequences:
            dy = np.where(mask[:, :, None], dy, 0)
        d_left, d_right = np.split(dy, [self.left.units], axis=-1)
        if self.right.return_sequences:
            d_right = d_right[:, ::-1]
        dx_left, grads_left = self.left.backward(d_left, cache[0])
        dx_right, grads_right = self.right.backward(d_right, cache[1])
        grads = {f"forward.{k}": v for k, v in grads_left.items()}
        return dx_left + dx_right[:, ::-1], grads | {f"backward.{k}": v for k, v in grads_right.items()}


class Sequential(Composite):
    """Layers one after the other, as in Keras.

    Parameters
    ----------
    layers : in the order of the data; recurrent ones get the mask and a state each
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        self.layers = list(layers)
        self.parts = {str(i): layer for i, layer in enumerate(self.layers)}

    def forward(
        self, x: Array, state: Sequence[Any] | None = None, mask: Mask | None = None
    ) -> tuple[Array, list[Any]]:
        """Run the layers.

        Parameters
        ----------
        x : ndarray, what the first layer takes
        state : one entry per layer, as `final_state` returns it
        mask : ndarray of bool, shape (B, T)

        Returns
        -------
        y : ndarray, what the last layer returns
        cache : what `backward` and `final_state` need
        """
        caches = []
        for i, layer in enumerate(self.layers):
            if isinstance(layer, Recurrent | Bidirectional):
                x, cache = layer.forward(x, None if state is None else state[i], mask)
            else:
                x, cache = layer.forward(x)
            caches.append(cache)
        return x, caches

    def final_state(self, cache: list[Any]) -> list[Any]:
        """Return one entry per layer, None for a layer without a state."""
        return [
            layer.final_state(part) if isinstance(layer, Recurrent | Bidirectional) else None
            for layer, part in zip(self.layers, cache, strict=True)
        ]

    def backward(self, dy: Array, cache: list[Any]) -> tuple[Array | None, dict[str, Array]]:
        """Send the derivative of the loss back through the layers.

        Returns
        -------
        dx : ndarray, or None if the first layer takes codes
        grads : dict with the keys of `params`
        """
        grads: dict[str, Array] = {}
        for i, (layer, part) in reversed(list(enumerate(zip(self.layers, cache, strict=True)))):
            dy, layer_grads = layer.backward(dy, part)
            grads |= {f"{i}.{name}": value for name, value in layer_grads.items()}
        return dy, grads
