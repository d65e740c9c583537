/* Q-learning on a 10 x 10 grid without slips, as one writes it first: walk from corner to corner,
 * epsilon-greedy with epsilon .1 and rate .1, reward 1 at the goal, gamma .99.
 * Prints nanoseconds a step, and the regret against the optimal values gamma^(distance - 1).
 *
 *     cc -O3 -march=native -o steps steps.c -lm && ./steps 1000000
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define N 10
static uint64_t s[4] = {1, 2, 3, 4};
static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
static inline uint64_t next(void) {       /* xoshiro256+ */
    uint64_t r = s[0] + s[3], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
    return r;
}
static inline double uniform(void) { return (next() >> 11) * 0x1p-53; }

static double Q[N * N][4], V[N * N], gap[N * N][4];
static int to[N * N][4];

int main(int argc, char **argv) {
    long T = argc > 1 ? atol(argv[1]) : 1000000;
    const int goal = N * N - 1, by[4][2] = {{-1, 0}, {0, 1}, {1, 0}, {0, -1}};
    for (int x = 0; x < N * N; x++) {
        int far = 2 * (N - 1) - x / N - x % N;
        V[x] = x == goal ? 0 : pow(.99, far - 1);
        for (int a = 0; a < 4; a++) {
            int i = x / N + by[a][0], j = x % N + by[a][1];
            to[x][a] = i < 0 || i >= N || j < 0 || j >= N ? x : i * N + j;
        }
    }
    for (int x = 0; x < goal; x++) for (int a = 0; a < 4; a++)
        gap[x][a] = V[x] - (to[x][a] == goal) - .99 * V[to[x][a]];
    double regret = 0; int x = 0; struct timespec p, q; clock_gettime(CLOCK_MONOTONIC, &p);
    for (long t = 0; t < T; t++) {
        int a = 0;
        if (uniform() < .1) a = next() >> 62;
        else for (int b = 1; b < 4; b++) if (Q[x][b] > Q[x][a]) a = b;
        regret += gap[x][a];
        int y = to[x][a]; double target = y == goal;
        if (y != goal) {
            double best = Q[y][0];
            for (int b = 1; b < 4; b++) if (Q[y][b] > best) best = Q[y][b];
            target = .99 * best;
        }
        Q[x][a] += .1 * (target - Q[x][a]);
        x = y == goal ? 0 : y;
    }
    clock_gettime(CLOCK_MONOTONIC, &q);
    printf("q_learning %.3f %.1f\n", ((q.tv_sec - p.tv_sec) * 1e9 + q.tv_nsec - p.tv_nsec) / T, regret);
    return 0;
}
