"""Automatic differentiation for Python and NumPy that shows every step.

>>> import numpy as np, wengert as wg
>>> def f(x):
...     return np.log(x[0]) + x[0] * x[1] - np.sin(x[1])
>>> wg.grad(f)(np.array([2., 5.]))
array([5.5       , 1.71633781])

Reading order of the code: `wlist` (the record), `value` (dispatch), `primitive` and `rules` (the derivative table),
`nodes`, `tensors` and `dual` (reverse and forward mode), `tracing`, `api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wengert import operators as _operators  # noqa: F401  # declares the table and gives tensors their operators
from wengert.api import grad, hvp, jvp, tape, trace, value_and_grad, vjp
from wengert.constructors import (
    arange,
    eye,
    full,
    linspace,
    manual_seed,
    ones,
    ones_like,
    rand,
    randn,
    zeros,
    zeros_like,
)
from wengert.declaration import elementwise
from wengert.errors import (
    ArgumentError,
    CheckError,
    DeclarationError,
    DegenerateError,
    DtypeError,
    EscapedValueError,
    ExpressionError,
    GraphError,
    IllFormedListError,
    LostDerivativeError,
    MissingPackageError,
    NoAttributeError,
    NoRuleError,
    ShapeError,
    TraceError,
    WengertError,
)
from wengert.jacobians import hessian, jacobian
from wengert.pytorch import cat, mm, pow, relu, sigmoid  # PyTorch's names
from wengert.tensors import Tensor, no_grad, tensor
from wengert.transforms import adjoint, tangent
from wengert.updating import gather, index_add, index_update
from wengert.wlist import Tape, WengertList

if TYPE_CHECKING:
    from wengert import linalg, numeric, optimize, plot, special, stats
    from wengert.checker import check
    from wengert.control import call, cond, fori_loop, scan, switch, while_loop
    from wengert.native import compile  # the name that the field has for it
    from wengert.native.threads import get_threads, set_threads
    from wengert.show import compare, explain, source
    from wengert.show.graphs import graph, make_dot
    from wengert.show.swell import expression_swell
    from wengert.simplification import simplify
    from wengert.symbolic import derivative, from_sympy, latex, to_sympy
    from wengert.vectorisation import vmap

__version__ = "0.1.0"

# Loaded when first used: name → module that has it (or that it is).
_LAZY = {
    "call": "wengert.control",
    "check": "wengert.checker",
    "compare": "wengert.show",
    "compile": "wengert.native",
    "cond": "wengert.control",
    "derivative": "wengert.symbolic",
    "explain": "wengert.show",
    "expression_swell": "wengert.show.swell",
    "fori_loop": "wengert.control",
    "from_sympy": "wengert.symbolic",
    "get_threads": "wengert.native.threads",
    "graph": "wengert.show.graphs",
    "latex": "wengert.symbolic",
    "linalg": "wengert.linalg",
    "load_ipython_extension": "wengert.notebook",
    "make_dot": "wengert.show.graphs",
    "numeric": "wengert.numeric",
    "optimize": "wengert.optimize",
    "plot": "wengert.plot",
    "scan": "wengert.control",
    "set_threads": "wengert.native.threads",
    "simplify": "wengert.simplification",
    "source": "wengert.show",
    "special": "wengert.special",
    "stats": "wengert.stats",
    "switch": "wengert.control",
    "to_sympy": "wengert.symbolic",
    "unload_ipython_extension": "wengert.notebook",
    "vmap": "wengert.vectorisation",
    "while_loop": "wengert.control",
}

# NumPy's functions under their names, for `import wengert as torch` and those who want one import.
_NUMPY = frozenset(
    """
    abs absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin bool cbrt ceil clip
    complex64 complex128 concatenate conj cos cosh cumsum divide dot e exp exp2 expm1 flip float32 float64 floor
    hypot imag inf inner int32 int64 isfinite isnan log log10 log1p log2 logaddexp matmul max maximum mean min
    minimum moveaxis multiply nan outer pi power prod ravel real reciprocal reshape sign sin sinc sinh sqrt square
    squeeze stack std subtract sum swapaxes tan tanh transpose tril triu var vstack where
    """.split()
)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        module = import_module(_LAZY[name])
        return module if _LAZY[name] == f"wengert.{name}" else getattr(module, name)
    if name in _NUMPY:
        return getattr(np, name)
    raise AttributeError(f"module 'wengert' has no attribute {name!r}")


def __dir__() -> list[str]:
    # The two need IPython, which asks for them itself.
    return sorted({*globals(), *_LAZY, *_NUMPY} - {"load_ipython_extension", "unload_ipython_extension"})


__all__ = [
    "ArgumentError",
    "CheckError",
    "DeclarationError",
    "DegenerateError",
    "DtypeError",
    "EscapedValueError",
    "ExpressionError",
    "GraphError",
    "IllFormedListError",
    "LostDerivativeError",
    "MissingPackageError",
    "NoAttributeError",
    "NoRuleError",
    "ShapeError",
    "Tape",
    "Tensor",
    "TraceError",
    "WengertError",
    "WengertList",
    "adjoint",
    "arange",
    "call",
    "cat",
    "check",
    "compare",
    "compile",
    "cond",
    "derivative",
    "elementwise",
    "explain",
    "expression_swell",
    "eye",
    "fori_loop",
    "from_sympy",
    "full",
    "gather",
    "get_threads",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "index_add",
    "index_update",
    "jacobian",
    "jvp",
    "latex",
    "linalg",
    "linspace",
    "make_dot",
    "manual_seed",
    "mm",
    "no_grad",
    "numeric",
    "ones",
    "ones_like",
    "optimize",
    "plot",
    "pow",
    "rand",
    "randn",
    "relu",
    "scan",
    "set_threads",
    "sigmoid",
    "simplify",
    "source",
    "special",
    "stats",
    "switch",
    "tangent",
    "tape",
    "tensor",
    "to_sympy",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
    "zeros",
    "zeros_like",
]
