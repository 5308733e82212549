/* Reprojection errors with their 2 x 15 blocks. With r the rotation, q = r'r, t = |r|, x the point seen from the centre:
   y = a x + b (r x x) + d r (r'x), a = cos t, b = sin t / t, d = (1 - cos t) / q, so that
   dy/dx = a I + b [r] + d r r', and dy/dr_j follows from da/dr = -b r, db/dr = (a - b)/q r, dd/dr = (b - 2 d)/q r.
   Where q is small, y = x + r x x is what is differentiated. */
#include "field.h"

enum { W = 16 };

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0];
    const double *restrict cameras = in[0], *restrict points = in[1], *restrict weights = in[2];
    const double *restrict features = in[3];
    for (int64_t start = 0; start < n; start += W) {
        const int64_t count = n - start < W ? n - start : W;
        double c[11][W], p[3][W], weight[W], feature[2][W], error[2][W], jc[22][W], jp[6][W], jw[2][W];
        for (int b = 0; b < W; b++) {
            const int64_t i = start + (b < count ? b : 0);
            for (int j = 0; j < 11; j++) c[j][b] = cameras[i * 11 + j];
            for (int j = 0; j < 3; j++) p[j][b] = points[i * 3 + j];
            for (int j = 0; j < 2; j++) feature[j][b] = features[i * 2 + j];
            weight[b] = weights[i];
        }
#pragma omp simd
        for (int b = 0; b < W; b++) {
            const double r0 = c[0][b], r1 = c[1][b], r2 = c[2][b];
            const double x0 = p[0][b] - c[3][b], x1 = p[1][b] - c[4][b], x2 = p[2][b] - c[5][b];
            const double q = r0 * r0 + r1 * r1 + r2 * r2, safe = q < 1e-10 ? 1.0 : q, t = sqrt(safe), cosine = cos(t);
            const double a = q < 1e-10 ? 1.0 : cosine, s = q < 1e-10 ? 1.0 : sin(t) / t;
            const double d = q < 1e-10 ? 0.0 : (1.0 - cosine) / safe;
            const double da = q < 1e-10 ? 0.0 : -s, ds = q < 1e-10 ? 0.0 : (a - s) / safe;
            const double dd = q < 1e-10 ? 0.0 : (s - 2.0 * d) / safe;
            const double dot = r0 * x0 + r1 * x1 + r2 * x2;
            const double v0 = r1 * x2 - r2 * x1, v1 = r2 * x0 - r0 * x2, v2 = r0 * x1 - r1 * x0;
            const double y0 = a * x0 + s * v0 + d * r0 * dot, y1 = a * x1 + s * v1 + d * r1 * dot;
            const double y2 = a * x2 + s * v2 + d * r2 * dot;
            const double f = c[6][b], k1 = c[9][b], k2 = c[10][b], w = weight[b], inverse = 1.0 / y2;
            const double u = y0 * inverse, v = y1 * inverse, rho = u * u + v * v;
            const double l = 1.0 + k1 * rho + k2 * rho * rho, dl = k1 + 2.0 * k2 * rho;
            const double e0 = f * l * u + c[7][b] - feature[0][b], e1 = f * l * v + c[8][b] - feature[1][b];
            error[0][b] = w * e0;
            error[1][b] = w * e1;
            jw[0][b] = e0;
            jw[1][b] = e1;
            /* rows of d(error)/dy */
            const double scale = w * f, m00 = scale * (l + 2.0 * u * u * dl), m01 = scale * 2.0 * u * v * dl;
            const double m11 = scale * (l + 2.0 * v * v * dl);
            const double g00 = m00 * inverse, g01 = m01 * inverse, g02 = -(m00 * u + m01 * v) * inverse;
            const double g10 = g01, g11 = m11 * inverse, g12 = -(m01 * u + m11 * v) * inverse;
            /* what does not depend on j: z = da x + ds v + dd r (r'x) for r_j, then s (e_j x x) + d (e_j r'x + r x_j) */
            const double z0 = da * x0 + ds * v0 + dd * r0 * dot, z1 = da * x1 + ds * v1 + dd * r1 * dot;
            const double z2 = da * x2 + ds * v2 + dd * r2 * dot, e = d * dot;
            const double gz0 = g00 * z0 + g01 * z1 + g02 * z2, gz1 = g10 * z0 + g11 * z1 + g12 * z2;
            const double gr0 = g00 * r0 + g01 * r1 + g02 * r2, gr1 = g10 * r0 + g11 * r1 + g12 * r2;
            jc[0][b] = r0 * gz0 + s * (g02 * x1 - g01 * x2) + e * g00 + d * x0 * gr0;
            jc[1][b] = r1 * gz0 + s * (g00 * x2 - g02 * x0) + e * g01 + d * x1 * gr0;
            jc[2][b] = r2 * gz0 + s * (g01 * x0 - g00 * x1) + e * g02 + d * x2 * gr0;
            jc[11][b] = r0 * gz1 + s * (g12 * x1 - g11 * x2) + e * g10 + d * x0 * gr1;
            jc[12][b] = r1 * gz1 + s * (g10 * x2 - g12 * x0) + e * g11 + d * x1 * gr1;
            jc[13][b] = r2 * gz1 + s * (g11 * x0 - g10 * x1) + e * g12 + d * x2 * gr1;
            /* g dy/dx = a g + s (g x r) + d (g r) r' */
            jp[0][b] = a * g00 + s * (g01 * r2 - g02 * r1) + d * gr0 * r0;
            jp[1][b] = a * g01 + s * (g02 * r0 - g00 * r2) + d * gr0 * r1;
            jp[2][b] = a * g02 + s * (g00 * r1 - g01 * r0) + d * gr0 * r2;
            jp[3][b] = a * g10 + s * (g11 * r2 - g12 * r1) + d * gr1 * r0;
            jp[4][b] = a * g11 + s * (g12 * r0 - g10 * r2) + d * gr1 * r1;
            jp[5][b] = a * g12 + s * (g10 * r1 - g11 * r0) + d * gr1 * r2;
            jc[3][b] = -jp[0][b];
            jc[4][b] = -jp[1][b];
            jc[5][b] = -jp[2][b];
            jc[14][b] = -jp[3][b];
            jc[15][b] = -jp[4][b];
            jc[16][b] = -jp[5][b];
            jc[6][b] = w * l * u;
            jc[17][b] = w * l * v;
            jc[7][b] = w;
            jc[8][b] = 0.0;
            jc[18][b] = 0.0;
            jc[19][b] = w;
            jc[9][b] = scale * rho * u;
            jc[20][b] = scale * rho * v;
            jc[10][b] = scale * rho * rho * u;
            jc[21][b] = scale * rho * rho * v;
        }
        for (int b = 0; b < count; b++) {
            const int64_t i = start + b;
            for (int j = 0; j < 22; j++) out[1][i * 22 + j] = jc[j][b];
            for (int j = 0; j < 6; j++) out[2][i * 6 + j] = jp[j][b];
            for (int j = 0; j < 2; j++) out[0][i * 2 + j] = error[j][b];
            for (int j = 0; j < 2; j++) out[3][i * 2 + j] = jw[j][b];
        }
    }
}
