"""Answers for the worker's tests, in a module of their own that its process can import."""

from __future__ import annotations

import os
import time

import numpy as np


def stub(request):
    match request["do"]:
        case "sleep":
            time.sleep(60)
        case "fill":
            np.ones(1 << 28)  # 2 GiB
        case "die":
            os._exit(1)
        case "recurse":
            return stub(request)
        case "fail":
            raise KeyError("two\nlines")
    return {"pid": os.getpid(), "said": request["do"]}
