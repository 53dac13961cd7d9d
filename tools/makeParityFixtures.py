"""Makes test/parity/fixtures/ with PyTorch: what its AdamW, its losses and its activations give for real images.

Usage: /usr/bin/python3 tools/makeParityFixtures.py FOLDER

FOLDER holds MNIST as train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz. Needs Debian's packages python3-torch
(1.13) and libopenblas0-pthread, nothing else. The outputs are committed; make them again only to change them, as another
machine or PyTorch differs in the last bits.

Each output is one gzipped file in the safetensors format: the length of the header in 8 bytes, little endian; the header,
JSON of {name: {"dtype", "shape", "data_offsets"}}; the raw arrays, one after the other. test/parity/readSafetensors.ts
reads them.

Inputs of the networks are (u8 / 255 - 0.1307) / 0.3081 in float32.

mlp-steps: ten steps of torch.optim.AdamW on an MLP 784-64-32-10 (ReLU), batches of 32 (rows 0 to 319).
    initial.* final.* firstMoment.* secondMoment.*, each of fc1.weight [64, 784], fc1.bias, fc2.*, fc3.*
    images U8 [10, 32, 784], labels I32 [10, 32]
    losses F32 [10], exampleLosses F32 [10, 32]: both before the step's update

selection: two big batches of 320 (rows 1000 to 1639, a fifth of the labels random), scored by the target of mlp-steps
after its ten steps and by an MLP 784-16-10 trained on other images with true labels.
    target.* as final.* above; il.fc1.weight [16, 784], il.fc1.bias, il.fc2.*
    images U8 [2, 320, 784], labels I32 [2, 320]
    trainingLosses, irreducibleLosses, scores (their difference), gradientNormBounds, the norm of softmax minus one-hot:
    F32 [2, 320]
    selected I32 [2, 32]: the places in the batch of the greatest scores, greatest first, ties by lower place

ops: input F32 [6, 8] and the gradient that comes from above, upstream F32 [6, 8]; for each of tanh, sigmoid, gelu,
geluTanh, softmax and logSoftmax (over the last axis) NAME.output and NAME.gradient F32 [6, 8].
"""

import gzip
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from torchModels import Mlp  # noqa: E402

FIXTURES = Path(__file__).resolve().parent.parent / "test" / "parity" / "fixtures"
DTYPES = {"float32": "F32", "int32": "I32", "int64": "I64", "uint8": "U8"}
STEPS = 10
SMALL_BATCH = 32
BIG_BATCH = 320
ADAMW = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}
# Scores closer than this at a border of the selection would make the expected ids depend on the last bits.
SMALLEST_GAP = 1e-5


def write_safetensors(name, arrays, metadata):
    header = {"__metadata__": {"torch": torch.__version__, **metadata}}
    blobs = []
    offset = 0
    for key, array in arrays.items():
        if isinstance(array, torch.Tensor):
            array = array.detach().numpy()
        blob = array.astype(array.dtype.newbyteorder("<")).tobytes()
        header[key] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    # The format wants the arrays to start at a multiple of 8.
    text += b" " * (-len(text) % 8)
    packed = gzip.compress(struct.pack("<Q", len(text)) + text + b"".join(blobs), compresslevel=9, mtime=0)
    path = FIXTURES / f"{name}.safetensors.gz"
    path.write_bytes(packed)
    print(f"{path.name}: {len(packed)} bytes")


def read_idx(path):
    content = gzip.decompress(Path(path).read_bytes())
    rank = content[3]
    dims = struct.unpack(f">{rank}I", content[4 : 4 + 4 * rank])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(dims)


def standardise(images):
    return (torch.from_numpy(images.copy()).float() / 255 - 0.1307) / 0.3081


def weights_of(model, prefix):
    return {f"{prefix}.{name}": value.detach().clone() for name, value in model.named_parameters()}


def to_labels(labels):
    return torch.from_numpy(labels.astype(np.int64))


def train_steps(images, labels):
    """The arrays of mlp-steps, and the trained model."""
    torch.manual_seed(1)
    model = Mlp(784, 64, 32, 10)
    arrays = weights_of(model, "initial")
    optimiser = torch.optim.AdamW(model.parameters(), **ADAMW)
    batch_images = images[: STEPS * SMALL_BATCH].reshape(STEPS, SMALL_BATCH, 784)
    batch_labels = labels[: STEPS * SMALL_BATCH].reshape(STEPS, SMALL_BATCH)
    losses = []
    example_losses = []
    for step in range(STEPS):
        per_example = functional.cross_entropy(
            model(standardise(batch_images[step])), to_labels(batch_labels[step]), reduction="none"
        )
        loss = per_example.mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
        example_losses.append(per_example.detach())
    arrays["images"] = batch_images
    arrays["labels"] = batch_labels.astype(np.int32)
    arrays["losses"] = torch.stack(losses)
    arrays["exampleLosses"] = torch.stack(example_losses)
    arrays.update(weights_of(model, "final"))
    for prefix, key in (("firstMoment", "exp_avg"), ("secondMoment", "exp_avg_sq")):
        for name, parameter in model.named_parameters():
            arrays[f"{prefix}.{name}"] = optimiser.state[parameter][key]
    return arrays, model


def train_il_model(images, labels):
    torch.manual_seed(2)
    model = Mlp(784, 16, 10)
    optimiser = torch.optim.AdamW(model.parameters(), **ADAMW)
    for step in range(300):
        rows = slice(30_000 + step * SMALL_BATCH, 30_000 + (step + 1) * SMALL_BATCH)
        loss = functional.cross_entropy(model(standardise(images[rows])), to_labels(labels[rows]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model


@torch.no_grad()
def select(target, il_model, images, labels):
    """The arrays of selection."""
    batch_images = images[1000 : 1000 + 2 * BIG_BATCH].reshape(2, BIG_BATCH, 784)
    batch_labels = labels[1000 : 1000 + 2 * BIG_BATCH].reshape(2, BIG_BATCH).astype(np.int32)
    draw = np.random.RandomState(3)
    batch_labels = np.where(draw.rand(2, BIG_BATCH) < 0.2, draw.randint(0, 10, (2, BIG_BATCH)), batch_labels)
    batch_labels = batch_labels.astype(np.int32)
    inputs = standardise(batch_images)
    classes = to_labels(batch_labels)
    logits = target(inputs)
    training = functional.cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none").view(2, BIG_BATCH)
    irreducible = functional.cross_entropy(
        il_model(inputs).flatten(0, 1), classes.flatten(), reduction="none"
    ).view(2, BIG_BATCH)
    scores = training - irreducible
    order = torch.argsort(scores, dim=1, descending=True, stable=True)
    ranked = torch.gather(scores, 1, order)[:, : SMALL_BATCH + 1]
    gap = (ranked[:, :-1] - ranked[:, 1:]).min().item()
    if gap < SMALLEST_GAP:
        sys.exit(f"two of the best scores differ by {gap} only: choose another seed")
    return {
        **weights_of(target, "target"),
        **weights_of(il_model, "il"),
        "images": batch_images,
        "labels": batch_labels,
        "trainingLosses": training,
        "irreducibleLosses": irreducible,
        "scores": scores,
        "selected": order[:, :SMALL_BATCH].int(),
        "gradientNormBounds": torch.linalg.vector_norm(
            functional.softmax(logits, dim=-1) - functional.one_hot(classes, 10), dim=-1
        ),
    }


def activations():
    """The arrays of ops."""
    torch.manual_seed(4)
    values = torch.randn(6, 8) * 2
    values[0] = torch.tensor([0.0, -0.0, 1e-4, -1e-4, 10.0, -10.0, 40.0, -40.0])
    upstream = torch.randn(6, 8)
    arrays = {"input": values, "upstream": upstream}
    functions = {
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "gelu": functional.gelu,
        "geluTanh": lambda x: functional.gelu(x, approximate="tanh"),
        "softmax": lambda x: functional.softmax(x, dim=-1),
        "logSoftmax": lambda x: functional.log_softmax(x, dim=-1),
    }
    for name, function in functions.items():
        x = values.clone().requires_grad_()
        output = function(x)
        output.backward(upstream)
        arrays[f"{name}.output"] = output
        arrays[f"{name}.gradient"] = x.grad
    return arrays


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: makeParityFixtures.py FOLDER, the folder of train-images-idx3-ubyte.gz")
    folder = Path(sys.argv[1])
    # One thread: the order of sums, and so the last bits, must not follow the machine's number of cores.
    torch.set_num_threads(1)
    images = read_idx(folder / "train-images-idx3-ubyte.gz").reshape(-1, 784)
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz")
    FIXTURES.mkdir(parents=True, exist_ok=True)
    optimiser = "AdamW lr 1e-3, betas 0.9 0.999, eps 1e-8, weight_decay 0.01"
    steps, target = train_steps(images, labels)
    write_safetensors("mlp-steps", steps, {"data": "MNIST train rows 0 to 319", "optimiser": optimiser})
    selection = select(target, train_il_model(images, labels), images, labels)
    write_safetensors("selection", selection, {"data": "MNIST train rows 1000 to 1639, labels 20 % random"})
    write_safetensors("ops", activations(), {})


if __name__ == "__main__":
    main()
