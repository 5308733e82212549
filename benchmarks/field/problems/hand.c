/* Errors of a skinned hand with their Jacobian in 26 parameters. A finger's angle moves its own bone and those after it:
   13 derivatives of transforms a finger. Transforms are the first three of four rows. */
#include "field.h"

enum { BONES = 22, W = 8, PARAMETERS = 26, PARTS = 13 };

typedef double transform[3][4];

/* out = a b, with (0, 0, 0, corner) as the last row of b: 1 of a transform, 0 of a derivative. */
static void product(transform a, transform b, double corner, transform out) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
            double sum = j == 3 ? corner * a[i][3] : 0.0;
            for (int k = 0; k < 3; k++) sum += a[i][k] * b[k][j];
            out[i][j] = sum;
        }
}

/* out = r a for a rotation r. */
static void turned(double r[3][3], transform a, transform out) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) out[i][j] = r[i][0] * a[0][j] + r[i][1] * a[1][j] + r[i][2] * a[2][j];
}

/* Rz(z) Rx(x): 0 itself, 1 its derivative in x, 2 in z. */
static void bend(double x, double z, int which, transform out) {
    const double cx = which == 1 ? -sin(x) : cos(x), sx = which == 1 ? cos(x) : sin(x);
    const double cz = which == 2 ? -sin(z) : cos(z), sz = which == 2 ? cos(z) : sin(z);
    const double fixed = which == 1 ? 0.0 : 1.0, bent = which == 2 ? 0.0 : 1.0;
    const transform m = {
        {cz * fixed, -sz * cx, sz * sx, 0.0}, {sz * fixed, cz * cx, -cz * sx, 0.0}, {0.0, bent * sx, bent * cx, 0.0}};
    memcpy(out, m, sizeof m);
}

static void load(const double *from, int bone, transform to) { memcpy(to, from + bone * 16, sizeof(transform)); }

static inline void add(v8 out[3], transform t, const v8 p[4]) {
    for (int i = 0; i < 3; i++) out[i] += t[i][0] * p[0] + t[i][1] * p[1] + t[i][2] * p[2] + t[i][3] * p[3];
}

void gradient(sizes_t sizes, in_t in, out_t out) {
    const int64_t n = sizes[0];
    const double *theta = in[0], *places = in[1], *inverses = in[2], *restrict weights = in[3], *restrict vertices = in[4];
    const double *restrict points = in[5], *angles = theta + 6;
    double *restrict errors = out[0], *restrict jacobian = out[1];
    const double r0 = theta[0], r1 = theta[1], r2 = theta[2], square = r0 * r0 + r1 * r1 + r2 * r2, t = sqrt(square);
    const double a = cos(t), s = sin(t) / t, d = (1.0 - a) / square, ds = (a - s) / square, dd = (s - 2.0 * d) / square;
    double rotation[3][3] = {{a + d * r0 * r0, d * r0 * r1 - s * r2, d * r0 * r2 + s * r1},
                             {d * r1 * r0 + s * r2, a + d * r1 * r1, d * r1 * r2 - s * r0},
                             {d * r2 * r0 - s * r1, d * r2 * r1 + s * r0, a + d * r2 * r2}};
    transform absolute[BONES], skin[BONES], parts[5][PARTS]; /* skin without the rotation, parts with it */

    for (int bone = 0; bone < BONES; bone++) {
        transform place, inverse;
        load(places, bone, place);
        load(inverses, bone, inverse);
        if (bone < 2) {
            if (bone == 0) memcpy(absolute[0], place, sizeof place);
            else product(absolute[0], place, 1.0, absolute[1]);
            product(absolute[bone], inverse, 1.0, skin[bone]);
        }
    }
    for (int finger = 0; finger < 5; finger++) {
        const double *q = angles + 4 * finger, x[4] = {q[0], q[2], q[3], 0.0}, z[4] = {q[1], 0.0, 0.0, 0.0};
        transform moving[4]; /* derivatives of the bone's place in each angle */
        int part = 0;
        for (int depth = 0; depth < 4; depth++) {
            const int bone = 2 + 4 * finger + depth, parent = depth ? bone - 1 : 1;
            transform place, inverse, local, relative, change, whole;
            load(places, bone, place);
            load(inverses, bone, inverse);
            bend(x[depth], z[depth], 0, local);
            product(place, local, 1.0, relative);
            product(absolute[parent], relative, 1.0, absolute[bone]);
            product(absolute[bone], inverse, 1.0, skin[bone]);
            const int known = depth ? depth + 1 : 0; /* angles of the bones before */
            for (int angle = 0; angle < known; angle++) {
                product(moving[angle], relative, 1.0, change);
                memcpy(moving[angle], change, sizeof change);
            }
            for (int angle = known; angle < (depth < 3 ? depth + 2 : 4); angle++) {
                transform bent, inner;
                bend(x[depth], z[depth], depth == 0 && angle == 1 ? 2 : 1, bent);
                product(place, bent, 0.0, inner);
                product(absolute[parent], inner, 0.0, moving[angle]);
            }
            for (int angle = 0; angle < (depth < 3 ? depth + 2 : 4); angle++) {
                product(moving[angle], inverse, 1.0, whole);
                turned(rotation, whole, parts[finger][part++]);
            }
        }
    }
    for (int64_t start = 0; start < n; start += W) {
        const int64_t count = n - start < W ? n - start : W;
        v8 p[4], posed[3] = {{0.0}}, columns[PARAMETERS][3], weighted[4];
        double lanes[PARAMETERS][3][W], place[3][W];
        for (int b = 0; b < W; b++)
            for (int i = 0; i < 4; i++) p[i][b] = vertices[(start + (b < count ? b : 0)) * 4 + i];
        memset(columns, 0, sizeof columns);
        for (int bone = 0; bone < BONES; bone++) {
            v8 w;
            for (int b = 0; b < W; b++) w[b] = weights[(start + (b < count ? b : 0)) * BONES + bone];
            for (int i = 0; i < 4; i++) weighted[i] = w * p[i];
            add(posed, skin[bone], weighted);
            if (bone >= 2) {
                static const int first[4] = {0, 2, 5, 9};
                const int finger = (bone - 2) / 4, depth = (bone - 2) % 4, angles_of = depth < 3 ? depth + 2 : 4;
                for (int angle = 0; angle < angles_of; angle++)
                    add(columns[6 + 4 * finger + angle], parts[finger][first[depth] + angle], weighted);
            }
        }
        const v8 x0 = posed[0], x1 = posed[1], x2 = posed[2], dot = r0 * x0 + r1 * x1 + r2 * x2;
        const v8 v0 = r1 * x2 - r2 * x1, v1 = r2 * x0 - r0 * x2, v2 = r0 * x1 - r1 * x0;
        const v8 z0 = ds * v0 - s * x0 + dd * r0 * dot, z1 = ds * v1 - s * x1 + dd * r1 * dot;
        const v8 z2 = ds * v2 - s * x2 + dd * r2 * dot;
        columns[0][0] = r0 * z0 + d * (dot + r0 * x0);
        columns[0][1] = r0 * z1 - s * x2 + d * r1 * x0;
        columns[0][2] = r0 * z2 + s * x1 + d * r2 * x0;
        columns[1][0] = r1 * z0 + s * x2 + d * r0 * x1;
        columns[1][1] = r1 * z1 + d * (dot + r1 * x1);
        columns[1][2] = r1 * z2 - s * x0 + d * r2 * x1;
        columns[2][0] = r2 * z0 - s * x1 + d * r0 * x2;
        columns[2][1] = r2 * z1 + s * x0 + d * r1 * x2;
        columns[2][2] = r2 * z2 + d * (dot + r2 * x2);
        for (int i = 0; i < 3; i++) columns[3 + i][i] += 1.0;
        for (int i = 0; i < 3; i++) {
            store8(place[i], rotation[i][0] * x0 + rotation[i][1] * x1 + rotation[i][2] * x2 + theta[3 + i]);
            for (int c = 0; c < PARAMETERS; c++) store8(lanes[c][i], -columns[c][i]);
        }
        for (int b = 0; b < count; b++)
            for (int i = 0; i < 3; i++) {
                const int64_t row = (start + b) * 3 + i;
                errors[row] = points[row] - place[i][b];
                for (int c = 0; c < PARAMETERS; c++) jacobian[row * PARAMETERS + c] = lanes[c][i][b];
            }
    }
}
