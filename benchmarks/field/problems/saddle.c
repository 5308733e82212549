/* min over x of max over y of |x|^2 - |y|^2, each by gradient descent. The steps of the inner descent do not depend on
   x, so its derivative is zero; its rounds are run all the same, for they decide by the value. */
#include "field.h"

enum { PATIENCE = 10 };

static double height(const double *x, const double *y) {
    return (x[0] * x[0] + x[1] * x[1]) - (y[0] * y[0] + y[1] * y[1]);
}

/* Height of the highest point over x, which is y. */
static double highest(const double *x, const double *start, double tolerance, double *y) {
    double a = start[0], b = start[1], lowest = -height(x, start), rate = tolerance;
    int64_t better = 0;
    for (;;) {
        const double s = 2.0 * a, t = 2.0 * b, size = sqrt(s * s + t * t);
        if (better == PATIENCE) {
            rate *= 2.0;
            better = 0;
        }
        if (size <= tolerance || rate * size <= tolerance) break;
        const double new[2] = {a - rate * s, b - rate * t}, found = -height(x, new);
        if (found < lowest) {
            a = new[0];
            b = new[1];
            lowest = found;
            better++;
        } else {
            rate *= 0.5;
            better = 0;
        }
    }
    y[0] = a;
    y[1] = b;
    return height(x, y);
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const double tolerance = pow(10.0, -(double)sizes[0]), *start = in[0];
    double x[2] = {start[0], start[1]}, y[2], rate = tolerance, lowest = highest(x, start, tolerance, y);
    int64_t better = 0;
    for (;;) {
        const double s = 2.0 * x[0], t = 2.0 * x[1], size = sqrt(s * s + t * t);
        if (better == PATIENCE) {
            rate *= 2.0;
            better = 0;
        }
        if (size <= tolerance || rate * size <= tolerance) break;
        const double new[2] = {x[0] - rate * s, x[1] - rate * t}, found = highest(new, start, tolerance, y);
        if (found < lowest) {
            x[0] = new[0];
            x[1] = new[1];
            lowest = found;
            better++;
        } else {
            rate *= 0.5;
            better = 0;
        }
    }
    highest(x, start, tolerance, y);
    memcpy(out[0], x, sizeof x);
    memcpy(out[1], y, sizeof y);
}
