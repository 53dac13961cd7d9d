"""PyTorch's time for the MLP 784-512-512-10 at batch 32: the figure that ours is compared with.

Usage: OMP_WAIT_POLICY=PASSIVE /usr/bin/python3 tools/bench/torchMlp.py --threads 2

Prints one JSON object. Training: forward, cross-entropy, backward and AdamW, with each form of AdamW that this PyTorch has
(loop, foreach, fused) in turn; `stepMs` is that of the fastest. `--score N` instead: the per-example loss of N batches
without gradients, in examples a second. Inputs are random: the time does not depend on them. Needs Debian's packages
python3-torch and libopenblas0-pthread. Without a real BLAS it refuses to run, as Debian falls back to the reference BLAS,
which is many times slower and would make any comparison look good. The variable OMP_WAIT_POLICY is the caller's to set:
PASSIVE is faster for this network where threads are more than one.
"""

import argparse
import ctypes
import json
import os
import statistics
import sys
import time


def read_options():
    parser = argparse.ArgumentParser(description="PyTorch's time for an MLP 784-512-512-10")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=500, help="timed steps of each form of AdamW (default 500)")
    parser.add_argument("--warmup", type=int, default=50, help="steps or batches before that (default 50)")
    parser.add_argument("--score", type=int, metavar="N", help="time the per-example loss of N batches instead")
    parser.add_argument("--batch", type=int, help="examples in a batch (default 32, with --score 320)")
    parser.add_argument(
        "--flush-denormal",
        action="store_true",
        help="treat denormal numbers as zero (off by default, as in PyTorch)",
    )
    parser.add_argument("--turns", action="store_true", help="take turns with another program, see serve_turns")
    options = parser.parse_args()
    options.batch = options.batch or (320 if options.score else 32)
    return options


OPTIONS = read_options()
# PyTorch's own set_num_threads does not reach OpenBLAS, which reads this variable while it is loaded.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(OPTIONS.threads)

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

ENVIRONMENT_LACKS_SOMETHING = 4
BLAS_NAMES = ("libopenblas", "libmkl", "libblis")
ROUNDS = 5


def loaded_blas():
    """The file of the BLAS that this process has loaded; exits where it is the reference BLAS or none is known."""
    # A product makes sure that it is loaded.
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    with open("/proc/self/maps", encoding="utf8") as maps:
        paths = sorted({line.split()[-1] for line in maps if ".so" in line})
    # Debian keeps the reference BLAS in a folder "blas"; wheels have MKL inside libtorch.
    reference = [path for path in paths if "/blas/libblas.so" in path]
    real = [path for path in paths if os.path.basename(path).startswith(BLAS_NAMES)]
    if "BLAS_INFO=mkl" in torch.__config__.show():
        real.append("mkl, inside libtorch")
    if reference or not real:
        found = reference[0] if reference else "none of " + ", ".join(BLAS_NAMES)
        print(
            f"Cannot time PyTorch fairly: its BLAS is {found}, expected OpenBLAS or MKL. Install libopenblas0-pthread",
            file=sys.stderr,
        )
        sys.exit(ENVIRONMENT_LACKS_SOMETHING)
    return real[0]


def blas_threads(blas):
    """The threads that OpenBLAS uses; None for another BLAS."""
    return ctypes.CDLL(blas).openblas_get_num_threads() if "libopenblas" in blas else None


def matmul_gflops():
    """Billions of operations a second of a 512 x 512 matrix product: shows that the BLAS works as it should."""
    a = torch.randn(512, 512)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        torch.mm(a, a)
        times.append(time.perf_counter() - start)
    return 2 * 512**3 / min(times) / 1e9


def make_model():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def make_steps(batch):
    """A train step for each form of AdamW that this PyTorch has, by name."""
    steps = {}
    for name, options in {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}.items():
        torch.manual_seed(0)
        model = make_model()
        images = torch.randn(batch, 784)
        labels = torch.randint(0, 10, (batch,))
        try:
            optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, **options)
        except (TypeError, RuntimeError):
            continue

        def step(model=model, optimiser=optimiser, images=images, labels=labels):
            optimiser.zero_grad(set_to_none=True)
            functional.cross_entropy(model(images), labels).backward()
            optimiser.step()

        steps[name] = step
    return steps


def timed(action, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return times


def rounded(times):
    return {"median": round(statistics.median(times), 4), "best": round(min(times), 4)}


def bench_training(options):
    steps = make_steps(options.batch)
    for step in steps.values():
        timed(step, options.warmup)
    times = {name: [] for name in steps}
    # In turn, so that a busy moment of the machine does not hit one form only.
    for _ in range(ROUNDS):
        for name, step in steps.items():
            times[name] += timed(step, -(-options.steps // ROUNDS))
    fastest = min(times, key=lambda name: statistics.median(times[name]))
    return {
        "batch": options.batch,
        "optimiser": f"AdamW {fastest}",
        "stepMs": rounded(times[fastest]),
        "stepMsByOptimiser": {name: rounded(values) for name, values in times.items()},
    }


def serve_turns(options):
    """Runs as many steps as each line of standard input says and prints their median, in milliseconds."""
    step = make_steps(options.batch)["loop"]
    timed(step, options.warmup)
    print("ready", flush=True)
    for line in sys.stdin:
        print(statistics.median(timed(step, int(line))), flush=True)


def bench_scoring(options):
    model = make_model().eval()
    images = torch.randn(options.batch, 784)
    labels = torch.randint(0, 10, (options.batch,))
    # inference_mode is no_grad without its bookkeeping: the fastest that PyTorch offers.
    with torch.inference_mode():

        def score():
            functional.cross_entropy(model(images), labels, reduction="none")

        timed(score, options.warmup)
        times = timed(score, options.score)
    return {
        "batch": options.batch,
        "batchMs": rounded(times),
        "examplesPerSecond": round(options.batch * 1000 / statistics.median(times)),
    }


def main():
    torch.set_num_threads(OPTIONS.threads)
    flushes = OPTIONS.flush_denormal and torch.set_flush_denormal(True)
    blas = loaded_blas()
    if OPTIONS.turns:
        return serve_turns(OPTIONS)
    result = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "waitPolicy": os.environ.get("OMP_WAIT_POLICY", "default"),
        "flushDenormal": flushes,
        "blas": blas,
        "blasThreads": blas_threads(blas),
        "matmulGflops": round(matmul_gflops(), 1),
        **(bench_scoring(OPTIONS) if OPTIONS.score else bench_training(OPTIONS)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
