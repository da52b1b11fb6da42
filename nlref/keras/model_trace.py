"""`trace`: a Keras model computed in NumPy beside Keras, layer by layer."""

import functools
import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nlref.keras.conversion import Converted, NotConverted, as_numpy, convert, numpy_dtype
from nlref.keras.difference import Difference, difference
from nlref.keras.installed import import_keras
from nlref.keras.model_inputs import arrays_for, batches, graph_of, random_inputs
from nlref.keras.operations import numpy_operation
from nlref.keras.trace_report import LayerTrace, Trace

TOLERANCES = {"float64": 1e-11, "float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2}
"""What a layer that computes in this dtype may differ by, divided by the largest entry of its output if above 1."""

Progress = Callable[[int, int, str], None]


def trace(
    model: Any,
    x: Any = None,
    *,
    tolerance: float | None = None,
    dtype: str = "float64",
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Trace:
    """Compute every layer of a Keras model in NumPy as well, in inference, and say where the two part.

    Each layer is computed twice in NumPy: on the very input that Keras gave it, which shows what the layer itself does,
    and on what NumPy made of the layers before, which shows how differences add up. NumPy computes in float64 with the
    weights as Keras uses them, so that the difference is Keras' rounding; where Keras computes in 16 bits, the inputs
    and weights are the rounded ones. A layer that nlref does not know is named, and its output taken from Keras.

    Parameters
    ----------
    model : a Sequential or functional Keras model, built; models in it are gone through as well
    x : an array, a list of them for several inputs, or a dict by the names of the inputs, the samples first; eight
        random samples if not given
    tolerance : what an entry of a layer's output may differ by, divided by the largest entry where that is above 1; by
        the dtype that it computes in if not given: 1e-5 in float32, 1e-11 in float64, 1e-2 in float16, 5e-2 in bfloat16
    dtype : what NumPy computes in, "float64" or "float32"
    batch_size : how many samples are computed at once
    progress : called as ``progress(done, all, name)`` before each layer

    Returns
    -------
    Trace
        A row for each layer; prints as a table; ``passed`` says that no layer is above its tolerance.

    Raises
    ------
    TypeError
        ``model`` is not a Keras model.
    ValueError
        The model is not built or is a class of its own, whose layers cannot be followed; the data do not fit it.

    >>> import keras
    >>> from nlref.keras import trace
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="gelu")])
    >>> trace(model, [[1.0, 2.0, 3.0]]).passed
    True
    """
    graph = followed(model)
    if dtype not in ("float64", "float32"):
        raise ValueError(f"trace: dtype must be 'float64' or 'float32', not {dtype!r}")
    if tolerance is not None and not tolerance >= 0:
        raise ValueError(f"trace: tolerance must be a number from 0 on, not {tolerance}")
    if batch_size < 1:
        raise ValueError(f"trace: batch_size must be at least 1, not {batch_size}")
    arrays = random_inputs(model) if x is None else arrays_for(model, x)
    walk = _Walk(graph, dtype, progress, -(-len(arrays[0]) // batch_size))
    for start, batch in batches(arrays, batch_size):
        walk.batch(batch, start)
    return Trace(model.name, len(arrays[0]), x is None, tuple(walk.rows(tolerance)))


def followed(model: Any) -> Any:
    """The graph of a model's layers.

    Raises
    ------
    TypeError, ValueError
        There is none: as in `trace`.
    """
    keras = import_keras()
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"trace: give a Keras model, not a {type(model).__name__}"
            + ("; put the layer into keras.Sequential" if isinstance(model, keras.Layer) else "")
        )
    if isinstance(model, keras.Sequential) and model._functional is None:
        raise ValueError(
            f"trace: the model {model.name} is not built: begin it with keras.Input, or call it once"
        )
    graph = graph_of(model)
    if not hasattr(graph, "_run_through_graph") or not getattr(graph, "operations", None):
        raise ValueError(
            f"trace: {type(model).__name__} is a model class of its own, whose layers cannot be followed; make it a "
            "Sequential or functional model, or trace the parts that are"
        )
    return graph


@dataclass(frozen=True)
class _Value:
    """What flows along an edge of the graph: Keras' tensor, and what NumPy has computed in its place."""

    keras: Any
    numpy: np.ndarray
    masked: bool = True  # whether a mask that Keras' tensor carries counts


@dataclass
class _Row:
    """What is found about one call of one layer, over all batches."""

    trace: LayerTrace
    own: Difference | None = None
    cumulative: Difference | None = None
    notes: list[str] = field(default_factory=list)

    def add(self, own: Difference | None, cumulative: Difference | None) -> None:
        if own is not None:
            self.own = own if self.own is None else self.own.merged(own)
        if cumulative is not None:
            self.cumulative = cumulative if self.cumulative is None else self.cumulative.merged(cumulative)


class _Walk:
    """One walk through a model's graph for each batch."""

    def __init__(self, graph: Any, dtype: str, progress: Progress | None, batches: int) -> None:
        self.keras = import_keras()
        self.graph, self.dtype, self.progress = graph, dtype, progress
        self._recurrent = self.keras.layers.SimpleRNN, self.keras.layers.LSTM, self.keras.layers.GRU
        self.found: dict[str, _Row] = {}
        self.converted: dict[int, Converted | NotConverted] = {}
        self.total = batches * _calls(graph)
        self.done = 0

    def batch(self, arrays: list[np.ndarray], start: int) -> None:
        self.start = start
        self.calls: dict[str, int] = {}
        values = [
            _Value(self.keras.ops.convert_to_tensor(array, dtype=tensor.dtype), self._wide(array))
            for array, tensor in zip(arrays, self.graph.inputs, strict=True)
        ]
        self._through(self.graph, values, "")

    def rows(self, tolerance: float | None) -> list[LayerTrace]:
        rows = []
        for row in self.found.values():
            limit = TOLERANCES.get(row.trace.dtype, 0.0) if tolerance is None else tolerance
            notes = tuple(dict.fromkeys(row.notes))
            rows.append(
                replace(row.trace, own=row.own, cumulative=row.cumulative, notes=notes, tolerance=limit)
            )
        return rows

    def _through(self, graph: Any, values: list[_Value], path: str) -> Any:
        return graph._run_through_graph(
            values, operation_fn=lambda operation: functools.partial(self._call, operation, path)
        )

    def _call(self, operation: Any, path: str, *args: Any, **keywords: Any) -> Any:
        """One operation on `_Value`s, in Keras and in NumPy."""
        tree = self.keras.tree
        given = [value for value in tree.flatten(args) if isinstance(value, _Value)]
        name = f"{path}{operation.name}"
        if isinstance(operation, self.keras.Model) and hasattr(graph_of(operation), "_run_through_graph"):
            return self._through(graph_of(operation), given, f"{name}/")
        if self.progress is not None:
            self.progress(self.done, self.total, name)
        self.done += 1
        if "training" in _parameters(operation):
            keywords["training"] = False
        result = self._in_keras(operation, name, args, keywords, lambda value: value.keras)
        outputs = tree.flatten(result)
        number = self.calls[name] = self.calls.get(name, 0) + 1
        key = name if number == 1 else f"{name} ({number})"
        row = self.found.get(key)
        if row is None:
            dtype = getattr(operation, "compute_dtype", None) or _dtype(outputs[0])
            shape = (None, *outputs[0].shape[1:])
            row = self.found[key] = _Row(LayerTrace(key, type(operation).__name__, shape, str(dtype)))
        try:
            if isinstance(operation, self.keras.Layer):
                values = self._in_numpy(operation, row, given, keywords, outputs)
            else:
                values = [self._operation(operation, row, args, keywords, outputs)]
        except NotConverted as reason:
            computed = self._in_keras(operation, name, args, keywords, self._own_tensor)
            values = [self._wide(as_numpy(tensor)) for tensor in tree.flatten(computed)]
            if not isinstance(operation, self.keras.Layer) and as_numpy(outputs[0]).dtype.kind == "b":
                del self.found[key]  # the mask that an Embedding made: no step of the computation
            else:
                row.notes.append(f"taken from Keras: {reason}")
                if values[0].dtype.kind not in "USO":
                    row.add(None, self._difference(outputs[0], values[0]))
        return tree.pack_sequence_as(
            result, [_Value(tensor, value) for tensor, value in zip(outputs, values, strict=True)]
        )

    def _in_keras(self, operation: Any, name: str, args: Any, keywords: Any, choose: Callable) -> Any:
        def chosen(value: Any) -> Any:
            return choose(value) if isinstance(value, _Value) else value

        map_structure = self.keras.tree.map_structure
        try:
            return operation(*map_structure(chosen, args), **map_structure(chosen, keywords))
        except Exception as error:
            raise ValueError(f"{name}: Keras cannot compute it: {_first_line(error)}") from error

    def _in_numpy(
        self, operation: Any, row: _Row, given: list[_Value], keywords: dict[str, Any], outputs: list[Any]
    ) -> list[np.ndarray]:
        """What NumPy makes of NumPy's own input, an array for each output; the differences go into the row.

        Raises
        ------
        NotConverted
            NumPy has nothing for this operation, or not for how it is called here.
        """
        converted = self._counterpart(operation)
        others = {name: value for name, value in keywords.items() if value is not None and name != "training"}
        mask = others.pop("mask", None)
        if isinstance(operation, self._recurrent):
            given = [*given, *self.keras.tree.flatten(others.pop("initial_state", []))]
            if len(given) > 1 and mask is None and _mask_of(given[0].keras) is not None:
                row.notes.append("Keras leaves out the mask of a layer that is given its initial states")
                given = [_Value(value.keras, value.numpy, masked=False) for value in given]
        if others:
            raise NotConverted(f"it is called with {', '.join(others)}")
        if mask is None:
            masks = [_mask_of(value.keras) if value.masked else None for value in given]
        else:
            masks = [as_numpy(mask.keras if isinstance(mask, _Value) else mask).astype(bool)]
        rounded_to = numpy_dtype(getattr(operation, "compute_dtype", None) or self.dtype)
        inputs = [as_numpy(value.keras) for value in given]
        inputs = [x if x.dtype.kind in "iub" else x.astype(rounded_to) for x in inputs]
        try:
            with np.errstate(all="ignore"):
                own = _several(converted.function([self._wide(x) for x in inputs], masks))
                cumulative = _several(converted.function([value.numpy for value in given], masks))
        except (TypeError, ValueError, NotImplementedError) as error:
            raise NotConverted(_first_line(error)) from error
        row.notes.extend(converted.notes)
        for output, a, b in zip(outputs, own, cumulative, strict=True):
            row.add(self._difference(output, a), self._difference(output, b))
        return cumulative

    def _operation(
        self, operation: Any, row: _Row, args: Any, keywords: dict[str, Any], outputs: list[Any]
    ) -> np.ndarray:
        """As `_in_numpy`, for what is no layer and whose arguments may be numbers."""
        function = numpy_operation(operation)
        if function is None or keywords or as_numpy(outputs[0]).dtype.kind in "iub":
            raise NotConverted(f"nlref has no operation {type(operation).__name__}")

        def of(choose: Callable[[_Value], np.ndarray]) -> np.ndarray:
            given = [choose(value) if isinstance(value, _Value) else value for value in args]
            with np.errstate(all="ignore"):
                return function(*given)

        try:
            own = of(lambda value: self._wide(as_numpy(value.keras)))
            cumulative = of(lambda value: value.numpy)
        except (TypeError, ValueError) as error:
            raise NotConverted(_first_line(error)) from error
        row.add(self._difference(outputs[0], own), self._difference(outputs[0], cumulative))
        return cumulative

    def _counterpart(self, operation: Any) -> Converted:
        if id(operation) not in self.converted:
            try:
                self.converted[id(operation)] = convert(operation, self.dtype)
            except NotConverted as reason:
                self.converted[id(operation)] = reason
        converted = self.converted[id(operation)]
        if isinstance(converted, NotConverted):
            raise converted
        return converted

    def _difference(self, keras: Any, numpy: np.ndarray) -> Difference:
        return difference(as_numpy(keras), numpy, self.start)

    def _own_tensor(self, value: _Value) -> Any:
        """What NumPy has, as a tensor that Keras' layer takes, with Keras' mask."""
        tensor = self.keras.ops.convert_to_tensor(value.numpy, dtype=_dtype(value.keras))
        mask = getattr(value.keras, "_keras_mask", None)
        if mask is not None:
            tensor._keras_mask = mask
        return tensor

    def _wide(self, array: np.ndarray) -> np.ndarray:
        return array if array.dtype.kind in "iubUSO" else array.astype(self.dtype)


def _calls(graph: Any) -> int:
    """How many operations one walk through the graph calls."""
    calls = 0
    for node in itertools.chain.from_iterable(graph._nodes_by_depth.values()):
        inner = graph_of(node.operation)
        if not node.is_input:
            calls += _calls(inner) if hasattr(inner, "_run_through_graph") else 1
    return calls


def _parameters(operation: Any) -> Any:
    return inspect.signature(operation.call).parameters


def _dtype(tensor: Any) -> str:
    return import_keras().backend.standardize_dtype(tensor.dtype)


def _mask_of(tensor: Any) -> np.ndarray | None:
    mask = getattr(tensor, "_keras_mask", None)
    return None if mask is None else as_numpy(mask).astype(bool)


def _several(result: Any) -> list[np.ndarray]:
    return list(result) if isinstance(result, tuple | list) else [result]


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
