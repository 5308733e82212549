"""Names that C accepts: those of the list, as far as it can."""

from __future__ import annotations

import re
import unicodedata

from wengert.show.c_source.prelude import FUNCTIONS

__all__ = ["Names"]

_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    asm typeof bool true false complex imaginary I NULL NAN INFINITY main errno assert signgam
    """
_LIBRARY = """
    acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 exp10 expm1 frexp ilogb ldexp log log10
    log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma gamma ceil floor nearbyint rint
    lrint llrint round lround llround trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin fma
    drem significand scalb
    cabs carg cimag conj cproj creal cexp clog cpow csqrt cacos casin catan ccos csin ctan cacosh casinh catanh ccosh
    csinh ctanh
    """
# What compilers know as functions of other headers, and the Bessel functions that some have in <math.h>.
_BUILT_IN = """
    j0 j1 jn y0 y1 yn abs labs llabs div exit abort atexit malloc calloc realloc free alloca memcpy memmove memset
    memcmp memchr strlen strcpy strcat strcmp strchr strstr index rindex bcmp bcopy bzero ffs printf fprintf sprintf
    snprintf scanf puts putchar fputs fputc isalpha isdigit islower isupper isspace toupper tolower execl execv
    fork strdup signbit isnan isinf isfinite isnormal isgreater isless fpclassify
    """
_CHARACTERISTICS = ("", "f", "l")
_KNOWN = {name + suffix for name in _LIBRARY.split() for suffix in _CHARACTERISTICS}
_RESERVED = {*_KEYWORDS.split(), *_KNOWN, *FUNCTIONS, "isnan", "isinf", "isfinite", "signbit", "CMPLX", "CMPLXF"}
_MACRO_LIKE = re.compile(r"(U?INT\d*|DBL|FLT|FP|HUGE|M|MATH|SIZE|PTRDIFF)_\w*")
_OF_A_GREEK_LETTER = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)")


class Names:
    """The identifiers of one C function; each is given once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def fresh(self, wanted: str, *, is_global: bool = False) -> str:
        """A valid name like `wanted` that nothing else has; a global one is no function of the C library either."""
        name = _valid(wanted)
        while _is_reserved(name) or (is_global and name in _BUILT_IN.split()):
            name += "_"
        found, count = name, self._counts.get(name, 1)
        while found in self._taken:
            count += 1
            found = f"{name}_{count}"
        self._counts[name] = count
        self._taken.add(found)
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._taken or _is_reserved(name)


def _is_reserved(name: str) -> bool:
    return name in _RESERVED or name.endswith("_t")


def _valid(wanted: str) -> str:
    ascii_only = "".join(map(_spelled, wanted))
    name = re.sub(r"\W+", "_", ascii_only, flags=re.ASCII).strip("_") or "f"
    if _MACRO_LIKE.fullmatch(name):
        return f"x_{name}"
    return f"x{name}" if name[0].isdigit() else name


def _spelled(letter: str) -> str:
    """A letter in ASCII: a Greek one by its name, another without its accents."""
    if letter.isascii():
        return letter
    greek = _OF_A_GREEK_LETTER.match(unicodedata.name(letter, ""))
    if greek:
        return greek[1].lower()
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain or "_"
