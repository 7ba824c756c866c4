"""What numba leaves out for functions that nothing but kernels call.

Numba readies every function for calls from Python and from C, for every literal number that it
is given, and brings it into machine code on its own, though each kernel takes in what it calls
and is optimized as a whole. For functions that are called by kernels alone, all of that is lost:
it made up half of the time that kernels took to compile. What a kernel computes is the same.

Numba's dispatchers and code libraries are not public; no other module but this one and ``cache``
touches them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numba
from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher

__all__ = ["Callee", "inlined", "linked"]

_ENVIRONMENT = "_ZN08NumbaEnv"  # begin of the name of what a function knows of Python


class _Linked(JITCodeLibrary):  # type: ignore[misc]  # numba is untyped
    """Code that goes into that of its callers, and is no machine code of its own."""

    _final_module: Any

    def _finalize_final_module(self) -> None:
        whole = self._final_module
        for function in whole.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.external:
                function.linkage = "linkonce_odr"
        self._shared_module = whole
        kept = (v.name for v in whole.global_variables if v.name.startswith(_ENVIRONMENT))
        text = "\n".join(f'@"{name}" = common global ptr null' for name in kept)
        self._final_module = llvm.parse_assembly(text)
        self._final_module.name = whole.name
        super()._finalize_final_module()


class _Inlined(_Linked):
    """The same, not yet optimized: it loses its shape in its callers anyway."""

    def _optimize_final_module(self) -> None:
        pass


class _LinkedCompiler(Compiler):  # type: ignore[misc]  # numba is untyped
    library: type[_Linked] = _Linked

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        library = self.library(self.state.targetctx.codegen(), func.__qualname__)
        library.enable_object_caching()
        self.state.library = library
        return super().compile_extra(func)


class _InlinedCompiler(_LinkedCompiler):
    library = _Inlined


class Callee(CPUDispatcher):  # type: ignore[misc]  # numba is untyped
    """A function that kernels call."""

    _for_python: Any = None

    def __call__(self, *args: Any) -> Any:
        """Call it from Python, for which it is compiled in a form of its own."""
        if self._for_python is None:
            options = {"error_model": "numpy", "_nrt": self.targetoptions["_nrt"]}
            self._for_python = numba.njit(**options)(self.py_func)
        return self._for_python(*args)

    def get_call_template(self, args: tuple[Any, ...], kws: dict[str, Any]) -> Any:
        """Return how a call is typed; a literal number is a number like any other."""
        plain = {name: types.unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(map(types.unliteral, args)), plain)


def inlined(py_func: Callable[..., Any]) -> Callee:
    """Return a function that is inlined into whatever calls it."""
    options = {"nopython": True, "error_model": "numpy", "forceinline": True, "_nrt": False}
    return _callee(py_func, options, _InlinedCompiler)


def linked(py_func: Callable[..., Any], *, allocates: bool) -> Callee:
    """Return a function that is called as it is."""
    options = {"nopython": True, "error_model": "numpy", "nogil": True, "_nrt": allocates}
    return _callee(py_func, options, _LinkedCompiler)


def _callee(
    py_func: Callable[..., Any], options: dict[str, Any], compiler: type[_LinkedCompiler]
) -> Callee:
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "boundscheck": None}
    return Callee(py_func, targetoptions=options, pipeline_class=compiler)
