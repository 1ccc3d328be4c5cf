"""Writes layer_statistics.json: statistics of fixed matrices, calculated with numpy and scipy (python3 make_layer_statistics.py > layer_statistics.json).

Element (i, j) of a matrix: u and v are the top 24 bits of two 64-bit mixes of (seed, i, j), over 2^24; w = float32((u - 0.5) / (floor + v)). A small floor makes
heavy tails. "lowRank" multiplies two such matrices in float64, so that most eigenvalues are rounding.
"""
import json

import numpy as np
from scipy import stats

MASK = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(seed, i, j, which):
    return (mix((seed * 1_000_003 + i * 10_007 + j * 2 + which + 1) * 0x9E3779B97F4A7C15 & MASK) >> 40) / 2**24


def element(seed, i, j, floor):
    return (uniform(seed, i, j, 0) - 0.5) / (floor + uniform(seed, i, j, 1))


def matrix(rows, columns, seed, floor):
    return np.array([[element(seed, i, j, floor) for j in range(columns)] for i in range(rows)]).astype(np.float32)


def low_rank(rows, columns, rank, seed):
    left, right = matrix(rows, rank, seed, 1.0), matrix(rank, columns, seed + 1, 1.0)
    product = np.zeros((rows, columns))
    for k in range(rank):  # in this order, so that the sum is the same everywhere
        product += np.outer(left[:, k].astype(np.float64), right[k].astype(np.float64))
    return product.astype(np.float32)


def statistics(w):
    singular = np.sort(np.linalg.svd(w.astype(np.float64), compute_uv=False))
    singular = singular[singular > max(w.shape) * np.finfo(np.float32).eps * singular[-1]]
    x = singular**2
    best = (np.inf, None, None, None)
    for i in range(len(x) - 1):
        tail = x[i:]
        n = len(tail)
        excess = np.sum(np.log(tail / tail[0]))
        if excess <= 1e-12:
            continue
        alpha = 1 + n / excess
        distance = np.max(np.abs(1 - (tail / tail[0]) ** (1 - alpha) - np.arange(n) / n))
        if distance < best[0]:
            best = (distance, alpha, tail[0], n)
    distance, alpha, xmin, n = best
    exponent, _, _ = stats.pareto.fit(x[x >= xmin], floc=0, fscale=xmin)
    assert abs(exponent + 1 - alpha) < 1e-6, (exponent + 1, alpha)
    p = x / x.sum()
    assert abs(stats.entropy(x) + np.sum(p * np.log(p))) < 1e-12
    top = -(-min(w.shape) // 10)
    return {
        "alpha": float(alpha) if len(x) >= 10 else None,
        "xmin": float(xmin),
        "distance": float(distance),
        "tail": int(n),
        "eigenvalues": len(x),
        "entropy": float(stats.entropy(x)),
        "l2Norm": float(np.linalg.norm(w.astype(np.float64))),
        "topPcaEnergy": float(np.sort(p)[::-1][:top].sum()),
    }


cases = []
for name, rows, columns, seed, floor in [
    ("square", 48, 48, 1, 1.0),
    ("wide, as a convolution's", 32, 288, 2, 0.2),
    ("tall", 200, 24, 3, 0.2),
    ("heavy tails", 64, 96, 4, 0.001),
    ("depthwise", 40, 9, 5, 1.0),
    ("too few", 8, 64, 6, 1.0),
]:
    cases.append({"name": name, "rows": rows, "columns": columns, "seed": seed, "floor": floor, "rank": 0})
    cases[-1].update(statistics(matrix(rows, columns, seed, floor)))
cases.append({"name": "low rank", "rows": 40, "columns": 60, "seed": 7, "floor": 1.0, "rank": 12})
cases[-1].update(statistics(low_rank(40, 60, 12, 7)))
print(json.dumps({"numpy": np.__version__, "scipy": __import__("scipy").__version__, "cases": cases}, indent=1))
