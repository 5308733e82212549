"""The ledger names every public function of the installed libraries, and what it says of them is so."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import scipy
from scipy import stats

import wengert as wg
from laws.calling import ALL_CALLS
from laws.examples import LEFT_OUT, PRIMITIVES, examples_of
from wengert.ledger import STATUSES, entry_of, ledger, parsed, public_module
from wengert.primitive import Primitive
from wengert.registry import handler_of, load_families, no_rule, table

load_families()

CLASSES = {"numpy.ufunc": np.ufunc, "numpy.ndarray": np.ndarray}
LIBRARIES = [
    *("numpy", "numpy.lib.stride_tricks", "numpy.linalg", "numpy.fft", "numpy.polynomial"),
    *(f"numpy.polynomial.{name}" for name in ("polynomial", "chebyshev", "legendre", "hermite", "hermite_e")),
    *("numpy.polynomial.laguerre", "numpy.polynomial.polyutils", "scipy.special", "scipy.linalg", "scipy.stats"),
]
DENSITIES = ("logpdf", "logpmf")
ENTRIES = [entry for entries in ledger().values() for entry in entries.values()]
# Those functions of SciPy that know plain arrays only are offered by wengert under their own names.
CALLED = {call.name.replace("wengert.", "scipy.") for call in ALL_CALLS}


def public_names(library):
    """What a library offers, less the modules that have a table of their own."""
    if library in CLASSES:
        return {name for name in dir(CLASSES[library]) if not name.startswith("_")}
    module = import_module(library)
    if module is stats:
        return {
            f"{name}.{density}"
            for name in stats.__all__
            for density in DENSITIES
            if hasattr(getattr(stats, name), density)
        }
    names = set(getattr(module, "__all__", dir(module))) | (set(dir(np)) if module is np else set())
    return {name for name in names if not name.startswith("_") and f"{library}.{name}" not in LIBRARIES}


def found(entry):
    """The object that an entry is about; raises ``AttributeError`` where this version has none."""
    target = CLASSES.get(entry.library) or import_module(entry.library)
    for part in entry.name.split("."):
        target = getattr(target, part)
    return target


def exists(entry):
    try:
        found(entry)
    except AttributeError:
        return False
    return True


def version_of(library):
    return parts((np if library.startswith("numpy") else scipy).__version__)


def parts(version):
    return tuple(int(part) for part in version.split(".")[:2])


def is_expected(entry):
    """Whether the installed version has the name."""
    version = version_of(entry.library)
    after = not entry.since or version >= parts(entry.since)
    return after and (not entry.until or version < parts(entry.until))


PRESENT = [entry for entry in ENTRIES if is_expected(entry) and exists(entry)]


def with_status(*statuses):
    return [entry for entry in PRESENT if entry.status in statuses]


def name_of(entry):
    return entry.full_name


def handler(entry):
    try:
        return handler_of(found(entry))
    except TypeError:  # not hashable
        return None


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [*LIBRARIES, *CLASSES])
def test_every_public_name_is_in_the_ledger(library):
    unmarked = public_names(library) - set(ledger().get(library, {}))
    assert not unmarked, f"{library} has names that the ledger does not mark: {' '.join(sorted(unmarked))}"


@pytest.mark.parametrize("library", [*LIBRARIES, *CLASSES])
def test_every_entry_exists_in_the_versions_it_names(library):
    entries = ledger().get(library, {}).values()
    public = public_names(library)
    gone = sorted(e.name for e in entries if is_expected(e) and not e.optional and not exists(e))
    early = sorted(e.name for e in entries if not is_expected(e) and e.name in public)
    assert not gone, f"{library} has no longer (mark them with until): {' '.join(gone)}"
    assert not early, f"{library} has against since and until: {' '.join(early)}"


def test_every_table_is_of_a_library_that_is_compared():
    assert set(ledger()) <= {*LIBRARIES, *CLASSES}


def test_versions_since_the_oldest_one_allowed_are_told_apart():
    allowed = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    oldest = {
        package: parts(f"{bound}.0")
        for package, _, bound in (text.partition(">=") for text in allowed["project"]["dependencies"])
    }
    for entry in ENTRIES:
        for bound in filter(None, (entry.since, entry.until)):
            assert parts(bound) > oldest[entry.library.partition(".")[0]], entry


# --- what it says ----------------------------------------------------------------------------------------------


def row_of(entry):
    """The row of the table that a function arrives at, under its own name or that of another public function."""
    own = handler(entry)
    if isinstance(own, Primitive):
        return own
    same = [other for other in PRESENT if other.name == entry.name or (own is not None and handler(other) is own)]
    rows = [table.primitives.get(getattr(found(other), "__name__", "")) for other in same]
    return next((row for row in rows if row is not None), None)


@pytest.mark.parametrize("entry", with_status("rule"), ids=name_of)
def test_a_rule_is_a_row_of_the_table(entry):
    row = row_of(entry)
    assert row is not None
    assert not row.is_flat


@pytest.mark.parametrize("entry", with_status("rule", "composed"), ids=name_of)
def test_what_has_a_derivative_is_tried(entry):
    """Under its own name or another one of the same function, by a call or as an example of its row."""
    target = found(entry)
    called = entry.full_name in CALLED or CALLED & {other.full_name for other in PRESENT if found(other) is target}
    row = row_of(entry)
    has_example = row is not None and row.name in PRIMITIVES and row.name not in LEFT_OUT and any(examples_of(row))
    by_hand = row is not None and "tested in tests/rules" in LEFT_OUT.get(row.name, "")
    assert called or has_example or by_hand, f"no call of {entry.full_name} in tests/laws/calls"


@pytest.mark.parametrize("entry", with_status("flat"), ids=name_of)
def test_what_is_flat_works_on_values(entry):
    assert handler(entry) is not None or entry.full_name in CALLED
    prim = handler(entry)
    assert not isinstance(prim, Primitive) or prim.is_flat


@pytest.mark.parametrize("entry", with_status("refused"), ids=name_of)
def test_what_is_refused_is_not_handled(entry):
    assert handler(entry) is None
    assert entry.full_name not in CALLED


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.status == "refused"], ids=name_of)
def test_a_refusal_has_a_reason_and_a_remedy(entry):
    assert entry.reason
    assert entry.remedy.endswith(".")
    assert not entry.reason.endswith(".")


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.status == "not differentiable"], ids=name_of)
def test_what_is_not_differentiable_has_a_reason(entry):
    assert entry.reason


def test_every_call_is_of_a_name_in_the_ledger():
    assert not sorted(CALLED - {entry.full_name for entry in ENTRIES})


# --- the error -------------------------------------------------------------------------------------------------


def is_dispatched(function):
    return isinstance(function, np.ufunc) or hasattr(function, "_implementation")


def test_the_error_for_a_refused_function_says_why_and_what_to_do():
    refused = [(found(entry), entry) for entry in with_status("refused") if is_dispatched(found(entry))]
    for function, entry in [*refused, (np.emath.sqrt, ledger()["numpy"]["emath"])]:
        error = no_rule(function)
        assert isinstance(error, wg.NoRuleError)
        assert error.why.lower() == f"{entry.reason.lower()}."
        assert error.remedy == entry.remedy


def test_the_error_for_a_function_that_is_not_differentiable():
    with pytest.raises(wg.NoRuleError) as caught:
        np.is_busday(wg.tensor([1.0, 2.0]))
    assert caught.value.what == "np.is_busday is not differentiable: about dates."
    assert caught.value.remedy == "Give it np.asarray(x.detach())."
    assert caught.value.where.file == __file__


def test_the_error_for_a_function_that_the_ledger_does_not_know():
    ufunc = np.frompyfunc(lambda x: x, 1, 1)
    with pytest.raises(wg.NoRuleError, match="has no derivative rule") as caught:
        ufunc(wg.tensor([1.0, 2.0]))
    assert "Write it with functions that have one" in caught.value.remedy


COPYING = {
    "numpy.lib.stride_tricks": lambda t: np.lib.stride_tricks.as_strided(t, (2,), (8,)),
    "numpy.polynomial.hermite": lambda t: np.polynomial.hermite.hermmul(t, t),
    "numpy.polynomial.polynomial": lambda t: np.polynomial.polynomial.polymul(t, t),
}


@pytest.mark.parametrize(("library", "call"), COPYING.items(), ids=COPYING)
def test_the_error_of_a_function_that_asks_no_protocol_has_the_remedy_too(library, call):
    with pytest.raises(wg.LostDerivativeError) as caught:
        call(wg.tensor([1.0, 2.0], requires_grad=True))
    name = re.search(r"(\w+)\(t", caught.value.where.text)[1]
    assert caught.value.remedy.startswith(ledger()[library][name].remedy)
    assert "x.detach()" in caught.value.remedy


def test_a_module_is_found_where_it_is_public():
    assert public_module("numpy.lib._index_tricks_impl") == "numpy"
    assert public_module("scipy.linalg._decomp_qr") == "scipy.linalg"
    assert public_module("numpy.polynomial.chebyshev") == "numpy.polynomial.chebyshev"


def test_a_function_is_looked_up_by_itself_and_not_by_its_name():
    assert entry_of(np.fft.fft).full_name == "numpy.fft.fft"
    assert entry_of(np.abs).full_name == "numpy.absolute"

    def fft(x):
        return x

    fft.__module__ = "numpy.fft"
    assert entry_of(fft) is None


# --- the file --------------------------------------------------------------------------------------------------


def test_a_line_is_read():
    entry = parsed("numpy", "f", "refused: it does not, e.g. here. Write it so. Or so.")
    assert (entry.status, entry.reason, entry.remedy) == ("refused", "it does not, e.g. here", "Write it so. Or so.")
    assert parsed("numpy", "f", "rule").reason == ""
    assert parsed("numpy", "f", "composed, since 2.2").since == "2.2"
    assert parsed("numpy", "f", "flat, until 2.4: an old name. Use g.").until == "2.4"
    assert parsed("numpy", "f", "not differentiable, optional: a dtype").optional


@pytest.mark.parametrize("line", ["", "ruled", "rule since 2.2", "Rule", "refused because"])
def test_a_line_without_status_is_refused(line):
    with pytest.raises(ValueError, match=r"numpy\.f = .* does not begin with one of rule, composed"):
        parsed("numpy", "f", line)


def test_all_statuses_occur():
    assert {entry.status for entry in ENTRIES} == set(STATUSES)
