/* Linear and logistic contextual bandits in plain C, as one writes them first: d = 10 features,
 * K = 10 arms, uniform contexts in [-1/sqrt d, 1/sqrt d], rank-one updates, xoshiro256**.
 * Prints "name nanoseconds-a-round regret" for T rounds:
 *
 *     cc -O3 -march=native -o contextual contextual.c -lm && ./contextual 1000000
 *
 * LinUCB keeps the inverse by the formula of Sherman & Morrison, and never computes it anew;
 * LinThompson keeps the triangle of A, as the library does. "only" plays one arm: the contexts alone.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { K = 10, D = 10 };
static uint64_t s[4];
static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
static inline uint64_t next(void) {
    uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
    return result;
}
static inline double uniform(void) { return (next() >> 11) * 0x1p-53; }
static double normal(void) {            /* Marsaglia's polar method, both values used */
    static double spare; static int have = 0;
    if (have) { have = 0; return spare; }
    double x, y, r;
    do { x = 2 * uniform() - 1; y = 2 * uniform() - 1; r = x * x + y * y; } while (r >= 1 || r == 0);
    double f = sqrt(-2 * log(r) / r);
    spare = y * f; have = 1;
    return x * f;
}

static double theta[K][D], x[K][D], mu[K];
static int own;                         /* does each arm have features of its own? */
static double alpha = .3;

/* m models: A inverse, its triangle, moments, estimates; for coins q holds precisions */
static double inv[K][D][D], L[K][D][D], b[K][D], est[K][D], q[K][D];

static inline double dot(const double *u, const double *v) {
    double t = 0;
    for (int i = 0; i < D; i++) t += u[i] * v[i];
    return t;
}
static inline double chance(double u) { return 1 / (1 + exp(-u)); }

static int only(void) { return 0; }
static void nothing(int a, double y) { }

static int linucb(void) {
    int best = 0; double top = -INFINITY;
    for (int a = 0; a < K; a++) {
        const double *f = x[own ? a : 0];
        double (*A)[D] = inv[own ? 0 : a], v[D] = {0};
        for (int i = 0; i < D; i++) for (int j = 0; j < D; j++) v[j] += A[i][j] * f[i];
        double index = dot(est[own ? 0 : a], f) + alpha * sqrt(dot(v, f));
        if (index > top) { top = index; best = a; }
    }
    return best;
}
static void linucb_learn(int a, double y) {
    int m = own ? 0 : a; const double *f = x[own ? a : 0];
    double (*A)[D] = inv[m], v[D] = {0};
    for (int i = 0; i < D; i++) for (int j = 0; j < D; j++) v[j] += A[i][j] * f[i];
    double c = 1 / (1 + dot(v, f)), error = y - dot(est[m], f);
    for (int i = 0; i < D; i++) {
        est[m][i] += c * error * v[i];
        for (int j = 0; j < D; j++) A[i][j] -= c * v[i] * v[j];
    }
}

static void draw_from(int m, double *w, double scale) {
    for (int i = 0; i < D; i++) w[i] = normal();
    for (int i = D - 1; i >= 0; i--) {
        for (int k = i + 1; k < D; k++) w[i] -= L[m][k][i] * w[k];
        w[i] /= L[m][i][i];
    }
    for (int i = 0; i < D; i++) w[i] = est[m][i] + scale * w[i];
}
static int linthompson(void) {
    int best = 0; double top = -INFINITY, w[D];
    for (int a = 0; a < K; a++) {
        if (a == 0 || !own) draw_from(own ? 0 : a, w, .1);
        double value = dot(w, x[own ? a : 0]);
        if (value > top) { top = value; best = a; }
    }
    return best;
}
static void linthompson_learn(int a, double y) {
    int m = own ? 0 : a; double v[D];
    memcpy(v, x[own ? a : 0], sizeof v);
    for (int i = 0; i < D; i++) b[m][i] += y * v[i];
    for (int k = 0; k < D; k++) {
        double r = sqrt(L[m][k][k] * L[m][k][k] + v[k] * v[k]), c = r / L[m][k][k], t = v[k] / L[m][k][k];
        L[m][k][k] = r;
        for (int i = k + 1; i < D; i++) { L[m][i][k] = (L[m][i][k] + t * v[i]) / c; v[i] = c * v[i] - t * L[m][i][k]; }
    }
    for (int i = 0; i < D; i++) {
        double left = b[m][i];
        for (int k = 0; k < i; k++) left -= L[m][i][k] * est[m][k];
        est[m][i] = left / L[m][i][i];
    }
    for (int i = D - 1; i >= 0; i--) {
        for (int k = i + 1; k < D; k++) est[m][i] -= L[m][k][i] * est[m][k];
        est[m][i] /= L[m][i][i];
    }
}

static int logistic(void) {
    int best = 0; double top = -INFINITY, w[D];
    for (int a = 0; a < K; a++) {
        int m = own ? 0 : a;
        if (a == 0 || !own) for (int i = 0; i < D; i++) w[i] = est[m][i] + normal() / sqrt(q[m][i]);
        double value = dot(w, x[own ? a : 0]);
        if (value > top) { top = value; best = a; }
    }
    return best;
}
static void logistic_learn(int a, double y) {
    int m = own ? 0 : a; const double *f = x[own ? a : 0];
    double u = dot(est[m], f), v = 0, t = 0, p = chance(u);
    for (int i = 0; i < D; i++) v += f[i] * f[i] / q[m][i];
    for (int n = 0; n < 50; n++) {
        double step = (t - y + p) / (1 + v * p * (1 - p));
        t -= step; p = chance(u + t * v);
        if (fabs(step) < 1e-12) break;
    }
    for (int i = 0; i < D; i++) { est[m][i] += t * f[i] / q[m][i]; q[m][i] += f[i] * f[i] * p * (1 - p); }
}

#define PLAY(name, select, learn, features, coins) do { \
    own = features; s[0] = 1; s[1] = 2; s[2] = 3; s[3] = 4; for (int i = 0; i < 100; i++) next(); \
    memset(inv, 0, sizeof inv); memset(L, 0, sizeof L); memset(b, 0, sizeof b); memset(est, 0, sizeof est); \
    for (int a = 0; a < K; a++) for (int i = 0; i < D; i++) { \
        inv[a][i][i] = L[a][i][i] = q[a][i] = 1; \
        theta[a][i] = own ? (i % 2 ? -1 : 1) : sin(1. + a * D + i); \
        if (coins) theta[a][i] *= 3; } \
    double regret = 0, reach = 1 / sqrt(D); struct timespec from, to; clock_gettime(CLOCK_MONOTONIC, &from); \
    for (long t = 0; t < T; t++) { \
        for (int a = 0; a < (own ? K : 1); a++) for (int i = 0; i < D; i++) x[a][i] = reach * (2 * uniform() - 1); \
        double most = -INFINITY; \
        for (int a = 0; a < K; a++) { \
            mu[a] = dot(theta[a], x[own ? a : 0]); if (coins) mu[a] = chance(mu[a]); \
            if (mu[a] > most) most = mu[a]; } \
        int arm = select(); regret += most - mu[arm]; \
        double y = coins ? uniform() < mu[arm] : mu[arm] + .1 * normal(); \
        learn(arm, y); } \
    clock_gettime(CLOCK_MONOTONIC, &to); \
    printf(name " %.3f %.1f\n", ((to.tv_sec - from.tv_sec) * 1e9 + to.tv_nsec - from.tv_nsec) / T, regret); \
} while (0)

int main(int argc, char **argv) {
    long T = argc > 1 ? atol(argv[1]) : 1000000;
    PLAY("only_joint", only, nothing, 1, 0); PLAY("only_disjoint", only, nothing, 0, 0);
    PLAY("linucb_joint", linucb, linucb_learn, 1, 0); PLAY("linucb_disjoint", linucb, linucb_learn, 0, 0);
    PLAY("thompson_joint", linthompson, linthompson_learn, 1, 0);
    PLAY("thompson_disjoint", linthompson, linthompson_learn, 0, 0);
    PLAY("logistic_joint", logistic, logistic_learn, 1, 1);
    PLAY("logistic_disjoint", logistic, logistic_learn, 0, 1);
    return 0;
}
