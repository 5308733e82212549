/* The control that makes a particle between two charges cross the axis at the origin, by gradient descent: the path with
   its derivative in the control, in forward mode, of which the second derivatives of the potential are closed forms. */
#include "field.h"

enum { PATIENCE = 10 };

/* Square of where the particle crosses, and its derivative. */
static double miss(double w, double h, double *slope) {
    double x = 0.0, y = 8.0, u = 0.75, v = 0.0, xw = 0.0, yw = 0.0, uw = 0.0, vw = 0.0;
    while (y + h * v > 0.0) {
        const double p = x - 10.0, q = y - 10.0 + w, r = y, qw = yw + 1.0;
        const double first = 1.0 / (p * p + q * q), second = 1.0 / (p * p + r * r);
        const double cube = first * sqrt(first), other = second * sqrt(second); /* 1 / distance^3 */
        const double along = 3.0 * first * (p * xw + q * qw), across = 3.0 * second * (p * xw + r * yw);
        const double pull = cube + other, bend = -cube * along - other * across;
        const double xn = x + h * u, yn = y + h * v, xwn = xw + h * uw, ywn = yw + h * vw;
        u += h * p * pull;
        v += h * (q * cube + r * other);
        uw += h * (xw * pull + p * bend);
        vw += h * (cube * (qw - q * along) + other * (yw - r * across));
        x = xn;
        y = yn;
        xw = xwn;
        yw = ywn;
    }
    const double ratio = u / v, end = x - y * ratio;
    const double end_w = xw - yw * ratio - y * (uw - ratio * vw) / v;
    *slope = 2.0 * end * end_w;
    return end * end;
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const double tolerance = pow(10.0, -(double)sizes[0]), h = 1.0 / (double)sizes[1];
    double w = in[0][0], slope, rate = tolerance, lowest = miss(w, h, &slope);
    int64_t better = 0;
    for (;;) {
        if (better == PATIENCE) {
            rate *= 2.0;
            better = 0;
        }
        if (fabs(slope) <= tolerance || rate * fabs(slope) <= tolerance) break;
        double new_slope;
        const double new = w - rate * slope, found = miss(new, h, &new_slope);
        if (found < lowest) {
            w = new;
            lowest = found;
            slope = new_slope;
            better++;
        } else {
            rate *= 0.5;
            better = 0;
        }
    }
    *out[0] = w;
}
