"""Vectors of float32 numbers in registers, for kernels that numba compiles; knows no projection.

numba's own vectorizer keeps the sums of the projection loops in memory; this type keeps them in registers,
which doubles the speed. It is built on the internals of numba and llvmlite, and is the only module that
touches them: ``tests/test_private_dependencies.py`` says when a newer version breaks it.

numba keeps compiled kernels on disk and compiles them again when the file of a kernel changes, not when this
one does: after a change here, ``touch etwidgets/engine/kernels.py``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic

_FLOAT = ir.FloatType()


class Lanes(types.Type):
    """As many float32 numbers as the block has slices, in registers."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Lanes({width})")


@register_default(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, ir.VectorType(_FLOAT, lanes.width))


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any, width: int) -> Any:
    data = cgutils.create_struct_proxy(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), ir.VectorType(_FLOAT, width).as_pointer())


def _load(context: Any, builder: Any, array_type: Any, array: Any, index: Any, width: int) -> Any:
    loaded = builder.load(_address(context, builder, array_type, array, index, width))
    loaded.align = 4
    return loaded


def _splat(builder: Any, number: Any, width: int) -> Any:
    undefined = ir.Constant(ir.VectorType(_FLOAT, width), ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
    return builder.shuffle_vector(first, undefined, zeros)


@intrinsic(prefer_literal=True)
def load_lanes(_typing: Any, array: Any, index: Any, width: Any) -> Any:
    """``array[index : index + width]``."""
    if not isinstance(width, types.IntegerLiteral):
        return None
    lanes = Lanes(width.literal_value)

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _load(context, builder, signature.args[0], values[0], values[1], lanes.width)

    return lanes(array, types.intp, width), code


@intrinsic
def store_lanes(_typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """``array[index : index + width] = lanes``."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        width = signature.args[2].width
        stored = builder.store(
            values[2], _address(context, builder, signature.args[0], values[0], values[1], width)
        )
        stored.align = 4
        return context.get_dummy_value()

    return types.none(array, types.intp, lanes), code


@intrinsic
def add_scaled(_typing: Any, sums: Any, array: Any, index: Any, weight: Any) -> Any:
    """``sums + weight * array[index : index + width]``, rounded once."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        total, vector, position, factor = values
        width = signature.args[0].width
        loaded = _load(context, builder, signature.args[1], vector, position, width)
        fused = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(total.type, [total.type] * 3), f"llvm.fma.v{width}f32"
        )
        return builder.call(fused, [loaded, _splat(builder, factor, width), total])

    return sums(sums, array, types.intp, types.float32), code


@intrinsic
def clip_lanes(_typing: Any, lanes: Any, lowest: Any, highest: Any) -> Any:
    """``min(max(lanes, lowest), highest)``."""

    def code(_context: Any, builder: Any, signature: Any, values: Any) -> Any:
        inside, lower, upper = values
        for sign, limit in (("<", lower), (">", upper)):
            bound = _splat(builder, limit, signature.args[0].width)
            inside = builder.select(builder.fcmp_ordered(sign, inside, bound), bound, inside)
        return inside

    return lanes(lanes, types.float32, types.float32), code
