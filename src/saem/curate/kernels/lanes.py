"""Sixty-four bytes at a time, as vectors of LLVM, which makes of them what the processor at hand has. (Little-endian ones.)"""
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BYTE, WORD = ir.IntType(8), ir.IntType(64)
LANES = ir.VectorType(BYTE, 64)


@intrinsic
def eight(_: Any, data: types.Array, at: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """Eight bytes from `at` on as one number, the first one lowest."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return _loaded(context, builder, signature, given, 0, 1, WORD)
    return types.uint64(data, at), made


@intrinsic
def marks(_: Any, data: types.Array, at: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """A bit for each of 64 bytes, set where it is not 0; the first one lowest."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        lanes = _loaded(context, builder, signature, given, 0, 1, LANES)
        return _bits(builder, builder.icmp_unsigned("!=", lanes, _all(0)))
    return types.uint64(data, at), made


@intrinsic
def agreeing(_: Any, data: types.Array, at: types.Integer, other: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """A bit for each of 64 bytes, set where those at `at` and at `other` are equal."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        one, two = (_loaded(context, builder, signature, given, 0, place, LANES) for place in (1, 2))
        return _bits(builder, builder.icmp_unsigned("==", one, two))
    return types.uint64(data, at, other), made


@intrinsic
def folded(_: Any, data: types.Array, at: types.Integer, out: types.Array, length: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """64 bytes of ASCII to `out`: digits, letters in lower case, 0 for all others. Returns bits of the bytes that are no ASCII."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        byte = _loaded(context, builder, signature, given, 0, 1, LANES)
        lower = builder.or_(byte, _all(0x20))
        is_letter = builder.icmp_unsigned("<", builder.sub(lower, _all(ord("a"))), _all(26))
        is_digit = builder.icmp_unsigned("<", builder.sub(byte, _all(ord("0"))), _all(10))
        kept = builder.select(is_letter, lower, builder.select(is_digit, byte, _all(0)))
        builder.store(kept, _place(context, builder, signature, given, 2, 3, LANES), align=1)
        return _bits(builder, builder.icmp_signed("<", byte, _all(0)))
    return types.uint64(data, at, out, length), made


@intrinsic
def fetched(_: Any, data: types.Array, at: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """Asks the memory for the 64 bytes there, which are needed soon."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place, number = _place(context, builder, signature, given, 0, 1, BYTE), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        builder.call(builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind), [place, number(0), number(3), number(1)])
        return context.get_dummy_value()
    return types.void(data, at), made


@intrinsic
def lowest(_: Any, bits: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """The place of the lowest bit that is set; of 0, 64."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 0))
    return types.uint64(bits), made


@intrinsic
def how_many(_: Any, bits: types.Integer) -> tuple[Any, Callable[..., Any]]:
    """The bits that are set."""
    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.ctpop(given[0])
    return types.uint64(bits), made


def _all(value: int) -> ir.Constant:
    return ir.Constant(LANES, [value] * 64)


def _bits(builder: Any, flags: Any) -> Any:
    return builder.bitcast(flags, WORD)


def _place(context: Any, builder: Any, signature: Any, given: Any, array: int, at: int, kind: ir.Type) -> Any:
    """A pointer to an element of one of the arguments."""
    start = context.make_array(signature.args[array])(context, builder, given[array]).data
    return builder.bitcast(cgutils.gep(builder, start, given[at]), kind.as_pointer())


def _loaded(context: Any, builder: Any, signature: Any, given: Any, array: int, at: int, kind: ir.Type) -> Any:
    return builder.load(_place(context, builder, signature, given, array, at, kind), align=1)
