"""Makes test/parity/fixtures/exports/ with PyTorch: models as torch.onnx.export writes them, and the losses that PyTorch's
AdamW gives when it trains them, and when it trains the built-in architectures, for ten steps.

Usage: /usr/bin/python3 tools/makeExportFixtures.py

Needs Debian's packages python3-torch (1.13), python3-onnx and libopenblas0-pthread, nothing else. The outputs are committed;
make them again only to change them, as another machine or PyTorch differs in the last bits.

NAME-FORM-opsetN-BATCH.onnx: NAME is mlp, cnn, resnet, encoder (nn.TransformerEncoderLayer) or bert (attention written out).
    FORM is default (as torch.onnx.export does it: eval mode, batch norm folded, no Dropout) or training
    (TrainingMode.TRAINING, no constant folding). BATCH is dynamic (the first axis has a name) or fixed (it is 4).
steps.safetensors.gz: for each of `NAME.FORM` above, and each built-in architecture `builtin.NAME`
    KEY.losses F32 [10]: the mean loss of each step before its update, dropout off
    KEY.exampleLosses F32 [8]: the loss of each example of batch 10, in eval mode, with the initial weights
    KEY.average.* F32: running statistics of batch norm after the steps

Initial weights of the built-in architectures and all batches come from `values`, which test/parity/values.ts repeats.
"""

import copy
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import makeParityFixtures as parity
from torchModels import Albert, BasicBlock, Bert, Cnn, ResNet18

FOLDER = parity.FIXTURES / "exports"
STEPS = 10
BATCH = 8
CLASSES = 4
VOCABULARY = 40
LENGTH = 12
FIXED_BATCH = 4


def hash_text(text):
    """32-bit FNV-1a."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def values(name, dims):
    """Numbers from -1 to 1 that follow from a name, float32; murmur3's finaliser spreads them."""
    count = math.prod(dims)
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + hash_text(name)) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ (x >> np.uint64(shift))) * factor) & 0xFFFFFFFF
    x = x ^ (x >> np.uint64(16))
    return torch.from_numpy((x.astype(np.float64) / 2**31 - 1).astype(np.float32).reshape(dims))


def initial(name, dims):
    """The initial value of a weight: by fan-in; near 1 for scales and near 0 for biases."""
    if name.endswith("running_mean"):
        return torch.zeros(dims)
    if name.endswith("running_var"):
        return torch.ones(dims)
    if len(dims) == 1:
        return values(name, dims) * 0.1 + (1 if name.endswith("weight") else 0)
    return values(name, dims) * float(np.float32(1 / math.sqrt(math.prod(dims[1:]))))


@torch.no_grad()
def with_initial_values(model):
    for name, value in model.state_dict().items():
        if value.dtype == torch.float32:
            value.copy_(initial(name, list(value.shape)))
    return model


class ExportedMlp(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(10, 16), nn.ReLU(), nn.Dropout(0.25), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, CLASSES))


class ExportedCnn(nn.Module):
    def __init__(self):
        super().__init__()
        # No biases: in front of batch norm their gradient is nothing but rounding, which AdamW makes steps of.
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, stride=2, bias=False)
        self.bn2 = nn.BatchNorm2d(12)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(12 * 2 * 2, CLASSES)

    def forward(self, x):
        x = self.pool(functional.relu(self.bn1(self.conv1(x))))
        x = functional.leaky_relu(self.bn2(self.conv2(x)))
        x = functional.avg_pool2d(x, 2, stride=1, padding=1)[:, :, ::2, ::2]
        return self.fc(self.drop(torch.flatten(x, 1)))


class ExportedResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.blocks = nn.Sequential(BasicBlock(8, 8, 1), BasicBlock(8, 16, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.blocks(functional.relu(self.bn(self.stem(x))))
        return self.fc(self.pool(x).flatten(1))


class ExportedEncoder(nn.Module):
    """Two of PyTorch's own encoder layers."""

    def __init__(self, dropout=0.1):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, 16)
        self.places = nn.Embedding(LENGTH, 16)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(16, 2, 32, dropout, activation="gelu", batch_first=True) for _ in range(2)
        )
        self.classifier = nn.Linear(16, CLASSES)

    def forward(self, input_ids, attention_mask):
        x = self.words(input_ids) + self.places(torch.arange(input_ids.shape[1]))
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=attention_mask == 0)
        return self.classifier(x.mean(1))


def numbers(step, *dims):
    """The inputs of a batch of numbers."""
    return (values(f"inputs {step}", [BATCH, *dims]),)


def token_ids(step):
    """Ids of a batch of texts, 0 where they have ended, the mask that hides this, and the part of the text that is 0."""
    ids = torch.floor((values(f"ids {step}", [BATCH, LENGTH]) + 1) / 2 * (VOCABULARY - 1)).long() + 1
    lengths = torch.floor((values(f"lengths {step}", [BATCH]) + 1) / 2 * (LENGTH - 3)).long() + 4
    ids[torch.arange(LENGTH)[None] >= lengths[:, None]] = 0
    return ids, (ids != 0).long(), torch.zeros_like(ids)


def labels(step):
    return torch.floor((values(f"labels {step}", [BATCH]) + 1) / 2 * CLASSES).long()


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, nn.MultiheadAttention):
            module.dropout = 0.0
    return model


def train(model, inputs):
    """What the file steps holds of one model; `inputs` gives those of a step."""
    model.eval()
    with torch.no_grad():
        examples = functional.cross_entropy(model(*inputs(STEPS)), labels(STEPS), reduction="none")
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), **parity.ADAMW)
    losses = []
    for step in range(STEPS):
        loss = functional.cross_entropy(model(*inputs(step)), labels(step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    averages = {f"average.{name}": value for name, value in model.named_buffers() if "running" in name}
    return {"losses": torch.stack(losses), "exampleLosses": examples, **averages}


def folded(model):
    """A copy in which batch norm is folded into the convolutions, as the exporter does it in eval mode."""
    model = copy.deepcopy(model).eval()
    pairs = [("conv1", "bn1"), ("conv2", "bn2"), ("stem", "bn"), ("0", "1")]
    for module in list(model.modules()):
        for conv, norm in pairs:
            if isinstance(getattr(module, norm, None), nn.BatchNorm2d):
                setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
                setattr(module, norm, nn.Identity())
    return model


def used_averages(model, inputs):
    """A few batches, so that running statistics are not those a model begins with."""
    model.train()
    with torch.no_grad():
        for step in range(20, 25):
            model(*inputs(step))
    return model


@torch.no_grad()
def with_exported_averages(model, name):
    """The model with the running statistics of its export: tracing it in training mode moved them on."""
    exported = onnx.load(FOLDER / f"{name}-training-opset17-dynamic.onnx").graph.initializer
    for tensor in exported:
        if "running" in tensor.name:
            model.get_buffer(tensor.name).copy_(torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()))
    return model


def export(name, model, inputs, names):
    for form, opset, batch in (
        ("default", 13, "dynamic"),
        ("default", 17, "dynamic"),
        ("default", 17, "fixed"),
        ("training", 13, "dynamic"),
        ("training", 17, "dynamic"),
        ("training", 17, "fixed"),
    ):
        training = form == "training"
        # A copy, as tracing in training mode moves the running statistics on.
        torch.onnx.export(
            copy.deepcopy(model).train(training),
            tuple(value[:FIXED_BATCH] for value in inputs(0)),
            FOLDER / f"{name}-{form}-opset{opset}-{batch}.onnx",
            opset_version=opset,
            input_names=names,
            output_names=["logits"],
            dynamic_axes={key: {0: "batch"} for key in [*names, "logits"]} if batch == "dynamic" else None,
            training=torch.onnx.TrainingMode.TRAINING if training else torch.onnx.TrainingMode.EVAL,
            do_constant_folding=not training,
        )


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    arrays = {}

    def keep(key, model, inputs):
        for name, value in train(without_dropout(copy.deepcopy(model)), inputs).items():
            arrays[f"{key}.{name}"] = value

    def tokens(step):
        return token_ids(step)[:2]

    exported = {
        "mlp": (ExportedMlp, lambda step: numbers(step, 10), ["input"]),
        "cnn": (ExportedCnn, lambda step: numbers(step, 3, 11, 11), ["input"]),
        "resnet": (ExportedResNet, lambda step: numbers(step, 3, 8, 8), ["input"]),
        "encoder": (ExportedEncoder, tokens, ["input_ids", "attention_mask"]),
        "bert": (lambda: Bert(16, 2, 2, 32, LENGTH + 4, False, CLASSES, VOCABULARY, 0.1), tokens, ["input_ids", "attention_mask"]),
    }
    for name, (build, inputs, names) in exported.items():
        model = used_averages(with_initial_values(build()), inputs)
        export(name, model, inputs, names)
        keep(f"{name}.default", folded(model), inputs)
        keep(f"{name}.training", with_exported_averages(model, name), inputs)
    builtin = {
        "cnn": (Cnn(CLASSES), lambda step: numbers(step, 3, 32, 32)),
        "resnet": (ResNet18(4, CLASSES), lambda step: numbers(step, 3, 32, 32)),
        "transformer": (Bert(64, 2, 2, 256, LENGTH, False, CLASSES, VOCABULARY), tokens),
        "bert": (Bert(32, 2, 2, 64, 16, True, CLASSES, VOCABULARY), token_ids),
        "albert": (Albert(32, 16, 3, 2, 64, 16, CLASSES, VOCABULARY), token_ids),
    }
    for name, (model, inputs) in builtin.items():
        keep(f"builtin.{name}", with_initial_values(model), inputs)
    parity.FIXTURES = FOLDER
    parity.write_safetensors("steps", arrays, {"optimiser": "AdamW lr 1e-3, betas 0.9 0.999, eps 1e-8, weight_decay 0.01"})


if __name__ == "__main__":
    main()
