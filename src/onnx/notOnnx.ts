const starts: readonly (readonly [number, string, string])[] = [
  [
    0,
    'PK\u0003\u0004',
    'it is a zip archive, as PyTorch writes a checkpoint: load it in Python and export it with torch.onnx.export',
  ],
  [
    0,
    '\u0080\u0002',
    'it is a Python pickle, as PyTorch writes a checkpoint: load it in Python and export it with torch.onnx.export',
  ],
  [0, '\u0089HDF', 'it is an HDF5 file, as Keras writes one: convert it with tf2onnx'],
  [4, 'TFL3', 'it is a TensorFlow Lite model: convert it with tf2onnx'],
  [
    0,
    'version https://git-lfs',
    'it is the pointer that Git LFS leaves in place of a file: fetch the file itself with "git lfs pull"',
  ],
  [0, '\u001f\u008b', 'it is compressed with gzip: unpack it first'],
];

/** What bytes are that cannot be read as an ONNX model, and what to do about it, for the end of a sentence. */
export function whatElse(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 64));
  const found = starts.find(([at, start]) => text.startsWith(start, at));
  if (found !== undefined) return found[2];
  // safetensors: the length of a JSON header, then the header.
  if (text[8] === '{' && text.slice(2, 8) === '\0\0\0\0\0\0')
    return 'it is a safetensors file, which holds weights without a model: export the model to ONNX';
  // The first field of an ONNX file is the version of its format, the second its producer, an opset or its graph.
  if (bytes[0] === 8 && bytes[1]! >= 3 && bytes[1]! < 32 && bytes.length > 40)
    return 'it begins as an ONNX model but is cut off, damaged or without a graph, fetch or export it again';
  return 'it is not an ONNX model, expected an .onnx file with a graph';
}
