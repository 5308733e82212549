/* What the hand-written derivatives share: functions that gcc vectorises with glibc's vector functions. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(VECTOR_MATHEMATICS) && defined(__GNUC__) && !defined(__clang__)
__attribute__((simd("notinbranch"))) double exp(double);
__attribute__((simd("notinbranch"))) double log(double);
__attribute__((simd("notinbranch"))) double erfc(double);
__attribute__((simd("notinbranch"))) double tanh(double);
__attribute__((simd("notinbranch"))) double sin(double);
__attribute__((simd("notinbranch"))) double cos(double);
#endif

typedef const int64_t *sizes_t;
typedef const double *const *in_t;
typedef double *const *out_t;

/* Eight numbers in a register (two or four registers where the processor has smaller ones). */
typedef double v8 __attribute__((vector_size(64), aligned(8), may_alias));

static inline v8 load8(const double *p) { return *(const v8 *)p; }
static inline void store8(double *p, v8 x) { *(v8 *)p = x; }
