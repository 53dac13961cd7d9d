"""Makes test/parity/fixtures/foreign/: small classifiers as others leave them, and the losses that NumPy or PyTorch gives for them.

Usage: /usr/bin/python3 tools/makeForeignFixtures.py

Needs Debian's packages python3-torch (1.13) and python3-onnx, nothing else. The outputs are committed; make them again only to
change them.

All models take images of 2 x 5 x 4 bytes (channels, height, width), as `image` makes them, or what becomes of these as told
below, and know 3 classes. losses.safetensors.gz holds for each NAME.onnx `NAME`, F32 [7]: -log softmax(logits)[label].

nhwc            a convolution behind a Transpose, input [batch, 5, 4, 2], as tf2onnx writes it
half            weights, input and logits float16
bytes           an input of uint8, divided by 255 inside
double          an input of float64
softmax         closed by Softmax, an Identity behind it
written-out     the softmax as Exp, ReduceSum and Div
argmax          gives the label alone; its logits are called scores
weights-first   weights listed as inputs (IR version 3)
fixed           exported for batches of 3, with operators unknown here (Celu, Einsum, Resize)
dynamic-int8    DynamicQuantizeLinear and MatMulInteger, opset 11
qdq             a convolution between QuantizeLinear and DequantizeLinear
lstm            nn.LSTM over the rows of the image
branch          an If, whose branches read values from outside
function        a function of the file's own, called as an operator
two-outputs     features first, then logits
undeclared      a Resize, no sizes of the output given
external        weights in external.bin
sigmoid         one logit, closed by Sigmoid
with-loss       takes labels as well, for a mean loss that is its first output
conv-only       logits [batch, 3, 1, 1]
contrib         an operator of ONNX Runtime's own (FusedMatMul of com.microsoft)
table           a LinearClassifier of ai.onnx.ml whose probabilities a ZipMap makes maps of; its scores are logits
older           opset 9 with an operator unknown here (Selu), Clip and Slice by attributes
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import makeParityFixtures as parity

FOLDER = parity.FIXTURES / "foreign"
COUNT = 7
C, H, W = 2, 5, 4
CLASSES = 3
SIZE = C * H * W


def images():
    """Bytes [7, 2, 5, 4]; test/parity/foreign.test.ts makes the same."""
    i = np.arange(COUNT * SIZE, dtype=np.uint64)
    return ((i * 2654435761 % 2**32) >> 24).astype(np.uint8).reshape(COUNT, C, H, W)


def labels():
    return np.arange(COUNT) * 2 % CLASSES


RANDOM = np.random.RandomState(1)


def weight(*dims):
    return (RANDOM.uniform(-1, 1, dims) / np.sqrt(np.prod(dims[1:]))).astype(np.float32)


def losses(logits):
    logits = np.asarray(logits, np.float64).reshape(COUNT, -1)
    shifted = logits - logits.max(1, keepdims=True)
    return (np.log(np.exp(shifted).sum(1)) - shifted[np.arange(COUNT), labels()]).astype(np.float32)


def value(name, dims, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, dims)


def save(name, nodes, weights, inputs, outputs, opset=17, ir=8, domains=(), functions=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(v, k) for k, v in weights.items()])
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=ir, functions=list(functions))
    onnx.save(model, FOLDER / f"{name}.onnx")
    return model


node = helper.make_node


def linear(x, w, b):
    return x.reshape(COUNT, -1) @ w.T + b


def export(name, model, x, **options):
    torch.onnx.export(
        model.eval(), (x[:3],), FOLDER / f"{name}.onnx", opset_version=17, input_names=["input"], output_names=["logits"],
        **{"dynamic_axes": {"input": {0: "batch"}, "logits": {0: "batch"}}, **options},
    )
    with torch.no_grad():
        return losses(model(x).float().numpy())


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    arrays = {}
    bytes_ = images()
    x = bytes_.astype(np.float32)
    unit = x / np.float32(255)
    t = torch.from_numpy(unit)
    w, b = weight(CLASSES, SIZE), weight(CLASSES)
    flat = [node("Flatten", ["input"], ["flat"], axis=1)]
    gemm = node("Gemm", ["flat", "w", "b"], ["logits"], transB=1)
    image = value("input", ["batch", C, H, W])
    logits = value("logits", ["batch", CLASSES])
    plain = losses(linear(unit, w, b))

    class ChannelsLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Sequential(nn.Conv2d(C, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, CLASSES, (H, W)), nn.Flatten())

        def forward(self, x):
            return self.conv(x.permute(0, 3, 1, 2))

    arrays["nhwc"] = export("nhwc", ChannelsLast(), t.permute(0, 2, 3, 1).contiguous())

    hw, hb = w.astype(np.float16), b.astype(np.float16)
    save("half", [*flat, gemm], {"w": hw, "b": hb}, [value("input", ["batch", C, H, W], TensorProto.FLOAT16)],
         [value("logits", ["batch", CLASSES], TensorProto.FLOAT16)])
    arrays["half"] = losses(linear(unit.astype(np.float16).astype(np.float32), hw.astype(np.float32), hb.astype(np.float32)))

    save("bytes", [node("Cast", ["input"], ["numbers"], to=TensorProto.FLOAT), node("Div", ["numbers", "k"], ["unit"]),
                   node("Flatten", ["unit"], ["flat"], axis=1), gemm],
         {"w": w, "b": b, "k": np.float32(255)}, [value("input", ["batch", C, H, W], TensorProto.UINT8)], [logits])
    arrays["bytes"] = plain

    save("double", [*flat, gemm], {"w": w.astype(np.float64), "b": b.astype(np.float64)},
         [value("input", ["batch", C, H, W], TensorProto.DOUBLE)], [value("logits", ["batch", CLASSES], TensorProto.DOUBLE)])
    arrays["double"] = plain

    save("softmax", [*flat, node("Gemm", ["flat", "w", "b"], ["scores"], transB=1), node("Softmax", ["scores"], ["soft"], axis=-1),
                     node("Identity", ["soft"], ["probabilities"])],
         {"w": w, "b": b}, [image], [value("probabilities", ["batch", CLASSES])])
    arrays["softmax"] = plain

    save("written-out", [*flat, node("Gemm", ["flat", "w", "b"], ["scores"], transB=1),
                         node("ReduceMax", ["scores"], ["most"], axes=[1]), node("Sub", ["scores", "most"], ["z"]),
                         node("Exp", ["z"], ["e"]), node("ReduceSum", ["e", "axes"], ["sum"]), node("Div", ["e", "sum"], ["p"])],
         {"w": w, "b": b, "axes": np.array([1])}, [image], [value("p", ["batch", CLASSES])])
    arrays["written-out"] = plain

    save("argmax", [*flat, node("Gemm", ["flat", "w", "b"], ["scores"], transB=1),
                    node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0)],
         {"w": w, "b": b}, [image], [value("label", ["batch"], TensorProto.INT64)])
    arrays["argmax"] = plain

    save("weights-first", [*flat, gemm], {"w": w, "b": b},
         [value("w", w.shape), value("b", b.shape), image], [logits], opset=9, ir=3)
    arrays["weights-first"] = plain

    v = weight(CLASSES, 4 * H * W)
    fixed = [node("Celu", ["input"], ["celu"], alpha=0.5),
             node("Resize", ["celu", "", "scales"], ["wide"], mode="nearest"),
             node("Reshape", ["wide", "shape"], ["rows"]),
             node("Einsum", ["rows", "v"], ["logits"], equation="bi,ci->bc")]
    save("fixed", fixed, {"v": v, "scales": np.array([1, 1, 1, 2], np.float32), "shape": np.array([3, 2 * SIZE])},
         [value("input", [3, C, H, W])], [value("logits", [3, CLASSES])])
    arrays["fixed"] = losses(linear(np.repeat(unit, 2, 3), v, 0))

    # Symmetric weights, one scale; activations by DynamicQuantizeLinear over all that shares the run.
    scale = np.float32(np.abs(w).max() / 127)
    wq = np.rint(w.T / scale).astype(np.int8)
    save("dynamic-int8", [*flat, node("DynamicQuantizeLinear", ["flat"], ["q", "s", "z"]),
                          node("MatMulInteger", ["q", "wq", "z"], ["sum"]), node("Cast", ["sum"], ["float"], to=TensorProto.FLOAT),
                          node("Mul", ["s", "ws"], ["scale"]), node("Mul", ["float", "scale"], ["scaled"]),
                          node("Add", ["scaled", "b"], ["logits"])],
         {"wq": wq, "ws": scale, "b": b}, [image], [logits], opset=11)
    low, high = min(0, unit.min()), max(0, unit.max())
    s = np.float32((high - low) / 255)
    q = np.clip(np.rint(unit / s), 0, 255).astype(np.int32).reshape(COUNT, -1)
    arrays["dynamic-int8"] = losses(q @ wq.astype(np.int32) * (s * scale) + b)

    k, kb = weight(CLASSES, C, H, W), weight(CLASSES)
    ks = np.float32(np.abs(k).max() / 127)
    kq = np.rint(k / ks).astype(np.int8)
    save("qdq", [node("QuantizeLinear", ["input", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["x"]),
                 node("DequantizeLinear", ["kq", "ks", "kz"], ["k"]), node("Conv", ["x", "k", "kb"], ["conv"]),
                 node("QuantizeLinear", ["conv", "cs", "z"], ["cq"]), node("DequantizeLinear", ["cq", "cs", "z"], ["c"]),
                 node("Flatten", ["c"], ["logits"], axis=1)],
         {"s": np.float32(1 / 255), "z": np.uint8(0), "kq": kq, "ks": ks, "kz": np.int8(0), "kb": kb, "cs": np.float32(0.01)},
         [image], [logits], opset=13)
    out = linear(np.rint(unit / np.float32(1 / 255)) * np.float32(1 / 255), kq.reshape(CLASSES, -1) * ks, kb)
    arrays["qdq"] = losses(np.clip(np.rint(out / np.float32(0.01)), 0, 255) * np.float32(0.01))

    class Lstm(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(C * W, 6, batch_first=True)
            self.fc = nn.Linear(6, CLASSES)

        def forward(self, x):
            rows = x.permute(0, 2, 1, 3).flatten(2)
            return self.fc(self.lstm(rows)[0][:, -1])

    arrays["lstm"] = export("lstm", Lstm(), t)

    branch = lambda name, by: helper.make_graph([node("Mul", ["scores", by], [f"{name} out"])], name, [],
                                                [value(f"{name} out", ["batch", CLASSES])])
    save("branch", [*flat, node("Gemm", ["flat", "w", "b"], ["scores"], transB=1), node("ReduceMax", ["flat"], ["most"], keepdims=0),
                    node("Greater", ["most", "limit"], ["is"]),
                    node("If", ["is"], ["logits"], then_branch=branch("then", "two"), else_branch=branch("else", "one"))],
         {"w": w, "b": b, "limit": np.float32(0.5), "one": np.float32(1), "two": np.float32(2)}, [image], [logits])
    arrays["branch"] = losses(linear(unit, w, b) * 2)

    double = helper.make_function("own.functions", "Double", ["x"], ["y"], [node("Add", ["x", "x"], ["y"])],
                                  [helper.make_opsetid("", 17)])
    save("function", [*flat, node("Gemm", ["flat", "w", "b"], ["scores"], transB=1),
                      node("Double", ["scores"], ["logits"], domain="own.functions")],
         {"w": w, "b": b}, [image], [logits], domains=["own.functions"], functions=[double])
    arrays["function"] = losses(linear(unit, w, b) * 2)

    save("two-outputs", [*flat, node("Gemm", ["flat", "u", "ub"], ["features"], transB=1), node("Relu", ["features"], ["r"]),
                         node("Gemm", ["r", "h", "b"], ["logits"], transB=1)],
         {"u": (u := weight(6, SIZE)), "ub": (ub := weight(6)), "h": (h := weight(CLASSES, 6)), "b": b}, [image],
         [value("features", ["batch", 6]), logits])
    arrays["two-outputs"] = losses(np.maximum(linear(unit, u, ub), 0) @ h.T + b)

    silent = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
    save("undeclared", [node("Resize", ["input", "", "scales"], ["wide"], mode="nearest"),
                        node("Flatten", ["wide"], ["flat"], axis=1), node("Gemm", ["flat", "v"], ["logits"], transB=1)],
         {"v": v, "scales": np.array([1, 1, 1, 2], np.float32)}, [image], [silent])
    arrays["undeclared"] = arrays["fixed"]

    model = save("external", [*flat, gemm], {"w": w, "b": b}, [image], [logits])
    onnx.external_data_helper.convert_model_to_external_data(model, location="external.bin", size_threshold=0)
    (FOLDER / "external.bin").unlink(missing_ok=True)
    onnx.save(model, str(FOLDER / "external.onnx"))
    arrays["external"] = plain

    one = weight(1, SIZE)
    save("sigmoid", [*flat, node("Gemm", ["flat", "w"], ["z"], transB=1), node("Sigmoid", ["z"], ["p"])], {"w": one}, [image],
         [value("p", ["batch", 1])])
    z = linear(unit, one, 0).astype(np.float64)[:, 0]
    arrays["sigmoid"] = np.log1p(np.exp(np.where(labels() % 2 == 1, -z, z))).astype(np.float32)

    save("with-loss", [*flat, gemm, node("SoftmaxCrossEntropyLoss", ["logits", "labels"], ["loss"])], {"w": w, "b": b},
         [image, value("labels", ["batch"], TensorProto.INT64)], [value("loss", []), logits])
    arrays["with-loss"] = plain

    save("conv-only", [node("Conv", ["input", "k", "kb"], ["logits"])], {"k": k, "kb": kb}, [image],
         [value("logits", ["batch", CLASSES, 1, 1])])
    arrays["conv-only"] = losses(linear(unit, k.reshape(CLASSES, -1), kb))

    save("contrib", [*flat, node("FusedMatMul", ["flat", "w"], ["logits"], domain="com.microsoft", transB=1, alpha=2.0)],
         {"w": w}, [image], [logits], domains=["com.microsoft"])
    arrays["contrib"] = losses(2 * linear(unit, w, 0))

    made = node("LinearClassifier", ["flat"], ["label", "scores"], domain="ai.onnx.ml", coefficients=w.flatten().tolist(),
                intercepts=b.tolist(), classlabels_ints=list(range(CLASSES)), post_transform="NONE")
    maps = onnx.ValueInfoProto(name="maps")
    entries = maps.type.sequence_type.elem_type.map_type
    entries.key_type = TensorProto.INT64
    entries.value_type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    save("table", [*flat, made, node("Softmax", ["scores"], ["probabilities"], axis=1),
                   node("ZipMap", ["probabilities"], ["maps"], domain="ai.onnx.ml", classlabels_int64s=list(range(CLASSES)))],
         {}, [image], [value("label", ["batch"], TensorProto.INT64), maps], domains=["ai.onnx.ml"])
    arrays["table"] = plain

    save("older", [*flat, node("Clip", ["flat"], ["low"], min=0.1, max=0.9), node("Selu", ["low"], ["selu"]),
                   node("Slice", ["selu"], ["part"], starts=[0], ends=[SIZE - 1], axes=[1]),
                   node("Gemm", ["part", "w", "b"], ["logits"], transB=1)],
         {"w": w[:, 1:].copy(), "b": b}, [image], [logits], opset=9)
    gamma = 1.0507009873554805
    arrays["older"] = losses(np.clip(unit, 0.1, 0.9).reshape(COUNT, -1)[:, :-1] * gamma @ w[:, 1:].T + b)

    parity.FIXTURES = FOLDER
    parity.write_safetensors("losses", {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}, {})


if __name__ == "__main__":
    main()
