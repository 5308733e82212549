"""Many lists compiled into one shared library, to be called like the lists themselves."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess

import numpy as np

from wengert.show.c_source import c_source
from wengert.wlist import ArrayType

COMPILER = shutil.which("cc")
FLAGS = ["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC"]
_STATIC_FUNCTION = re.compile(r"^static [\w ]+?(\w+)\(", re.MULTILINE)
_WORKSPACE = re.compile(r"^ \* +\w+ +(\w+)\[(\d+)\] +workspace", re.MULTILINE)
_GUARD = np.full(64, 0xFF, np.uint8)  # what stands behind a workspace and must stay
_C_TYPES = {
    "float64": "double", "float32": "float", "complex128": "double complex", "complex64": "float complex",
    "bool": "bool", **{f"{u}int{n}": f"{u}int{n}_t" for u in ("", "u") for n in (8, 16, 32, 64)},
}  # fmt: skip


class Compiled:
    """A list as a function of C: called with arrays, it gives the code that C returned and the outputs."""

    def __init__(self, call, lst, text):
        self.call, self.list, self.text = call, lst, text

    def __call__(self, *inputs):
        arrays = [np.array(x, v.dtype, order="C") for x, v in zip(inputs, self.list.inputs, strict=True)]
        kept = [a.copy() for a in arrays]
        types = [ArrayType.of(x) for x in self.list.outputs]
        outputs = [np.frombuffer(b"\xff" * (t.size * t.dtype.itemsize), t.dtype).copy().reshape(t.shape) for t in types]
        works = [np.full(size + _GUARD.size, 0xFF, np.uint8) for size in workspace_bytes(self.text)]
        pointers = [a.ctypes.data for a in (*arrays, *outputs, *works)]
        code = self.call((ctypes.c_void_p * max(len(pointers), 1))(*pointers))
        for before, after in zip(kept, arrays, strict=True):
            np.testing.assert_array_equal(before, after)  # inputs stay as they are
        for work in works:
            np.testing.assert_array_equal(work[-_GUARD.size :], _GUARD)
        return code, outputs


def workspace_bytes(text):
    """The bytes that each workspace of a file needs, by what the file says of it."""
    kinds = [(int("".join(filter(str.isdigit, kind)) or "8"), int(n)) for kind, n in _WORKSPACE.findall(text)]
    return [bits // 8 * n for bits, n in kinds]


def compiled(lists, folder, *flags, optimisation="-O1"):
    """The lists, each compiled with all warnings as errors."""
    texts = [c_source(lst, f"f{k}") for k, lst in enumerate(lists)]
    source, library = folder / "lists.c", folder / f"lists{len(list(folder.iterdir()))}.so"
    source.write_text("\n".join(_apart(text, lst, k) for k, (text, lst) in enumerate(zip(texts, lists, strict=True))))
    command = [COMPILER, *FLAGS, optimisation, *flags, str(source), "-o", str(library), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    loaded = ctypes.CDLL(str(library))
    return [
        Compiled(getattr(loaded, f"call_f{k}"), lst, t) for k, (lst, t) in enumerate(zip(lists, texts, strict=True))
    ]


def _apart(text, lst, k):
    """The file of one list, its own functions renamed, and a function that takes all parameters as pointers."""
    own = _STATIC_FUNCTION.findall(text)
    parameters = [_parameter(v.type, j) for j, v in enumerate(lst.inputs)]
    count = len(lst.inputs) + len(lst.outputs) + len(workspace_bytes(text))
    parameters += [f"p[{j}]" for j in range(len(lst.inputs), count)]
    return "\n".join([
        "#include <complex.h>\n#include <stdbool.h>\n#include <stdint.h>",
        *(f"#define {name} {name}_{k}" for name in own),
        text,
        *(f"#undef {name}" for name in own),
        f"int call_f{k}(void **p);\nint call_f{k}(void **p)\n{{",
        f"    (void)p;\n    return f{k}({', '.join(parameters)});\n}}\n",
    ])  # fmt: skip


def _parameter(kind, j):
    return f"p[{j}]" if kind.shape else f"*({_C_TYPES[kind.dtype.name]} *)p[{j}]"
