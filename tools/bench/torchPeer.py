"""PyTorch's time for a train step or for scoring, in turns with another program: the figure that ours is compared with.

Usage: OMP_WAIT_POLICY=PASSIVE /usr/bin/python3 tools/bench/torchPeer.py --model resnet:16 --what train --threads 2

Says "ready", then for each line of standard input runs so many steps (batch 32: forward, cross-entropy, backward, AdamW) or
batches (320: per-example losses in eval mode, without gradients) and prints their median in milliseconds. Inputs are random: the
time does not depend on them. Needs Debian's packages python3-torch and libopenblas0-pthread. Without a real BLAS it refuses to
run, as Debian falls back to the reference BLAS, which is many times slower and would make any comparison look good.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path


def read_options():
    parser = argparse.ArgumentParser(description="PyTorch's time for a train step or for scoring")
    parser.add_argument("--model", required=True, help="mlp:512,512, cnn, resnet:16 or transformer:2x128")
    parser.add_argument("--what", choices=["train", "score"], required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=1000)
    parser.add_argument("--bytes", action="store_true", help="feed an MLP digits as stored, standardised by PyTorch")
    return parser.parse_args()


OPTIONS = read_options()
# PyTorch's own set_num_threads does not reach OpenBLAS, which reads this variable while it is loaded.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(OPTIONS.threads)

import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import torchModels  # noqa: E402

ENVIRONMENT_LACKS_SOMETHING = 4
BLAS_NAMES = ("libopenblas", "libmkl", "libblis")
WARMUP = 3
CLASSES = 10


def require_real_blas():
    """Exits where this process has loaded the reference BLAS, or none that is known."""
    # A product makes sure that it is loaded.
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    with open("/proc/self/maps", encoding="utf8") as maps:
        paths = sorted({line.split()[-1] for line in maps if ".so" in line})
    # Debian keeps the reference BLAS in a folder "blas"; wheels have MKL inside libtorch.
    reference = [path for path in paths if "/blas/libblas.so" in path]
    real = [path for path in paths if os.path.basename(path).startswith(BLAS_NAMES)]
    if reference or not (real or "BLAS_INFO=mkl" in torch.__config__.show()):
        found = reference[0] if reference else "none of " + ", ".join(BLAS_NAMES)
        print(
            f"Cannot time PyTorch fairly: its BLAS is {found}, expected OpenBLAS or MKL. Install libopenblas0-pthread",
            file=sys.stderr,
        )
        sys.exit(ENVIRONMENT_LACKS_SOMETHING)


class FromBytes(torch.nn.Module):
    """A model of MNIST's digits as they are stored."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels.flatten(1).float().div_(255).sub_(0.1307).div_(0.3081))


def make(spec, batch):
    """The model and its inputs."""
    kind, _, size = spec.partition(":")
    if kind == "transformer":
        layers, width = map(int, size.split("x"))
        ids = torch.randint(1, OPTIONS.vocabulary, (batch, 64))
        heads = width // 32
        model = torchModels.Bert(
            width, layers, heads, 4 * width, 64, False, CLASSES, OPTIONS.vocabulary, dropout=0.1
        )
        return model, (ids, torch.ones_like(ids))
    if kind == "mlp":
        widths = [784, *map(int, size.split(",")), CLASSES]
        if OPTIONS.bytes:
            pixels = torch.randint(0, 256, (batch, 1, 28, 28), dtype=torch.uint8)
            return FromBytes(torchModels.Mlp(*widths)), (pixels,)
        return torchModels.Mlp(*widths), (torch.randn(batch, 784),)
    model = torchModels.Cnn(CLASSES) if kind == "cnn" else torchModels.ResNet18(int(size), CLASSES)
    return model, (torch.randn(batch, 3, 32, 32),)


def make_training():
    model, inputs = make(OPTIONS.model, 32)
    labels = torch.randint(0, CLASSES, (32,))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)

    def step():
        optimiser.zero_grad(set_to_none=True)
        functional.cross_entropy(model(*inputs), labels).backward()
        optimiser.step()

    return step


def make_scoring():
    model, inputs = make(OPTIONS.model, 320)
    model.eval()
    labels = torch.randint(0, CLASSES, (320,))

    def score():
        # inference_mode is no_grad without its bookkeeping: the fastest that PyTorch offers.
        with torch.inference_mode():
            functional.cross_entropy(model(*inputs), labels, reduction="none")

    return score


def timed(action, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return times


def main():
    torch.manual_seed(0)
    torch.set_num_threads(OPTIONS.threads)
    torch.set_flush_denormal(True)
    require_real_blas()
    action = make_training() if OPTIONS.what == "train" else make_scoring()
    timed(action, WARMUP)
    print("ready", flush=True)
    for line in sys.stdin:
        print(statistics.median(timed(action, int(line))), flush=True)


if __name__ == "__main__":
    main()
