#!/usr/bin/env bash
# Makes src/onnx/proto/onnx_pb.ts from onnx.proto beside it. Needs protoc (Debian's package protobuf-compiler) and npx.
# The plugin asks for Node 22; 20 worked, with a warning. Its version must be that of @bufbuild/protobuf in package.json.
set -euo pipefail
cd "$(dirname "$0")/../src/onnx/proto"

version="$(node -p 'require("../../../package.json").dependencies["@bufbuild/protobuf"]')"
npx --yes --package "@bufbuild/protoc-gen-es@$version" -- \
  protoc --es_out=. --es_opt=target=ts,erasable_syntax=true,import_extension=ts onnx.proto
