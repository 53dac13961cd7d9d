// Trains the IL model of the shipped sample into models/mnist-sample-il: npm run build && node tools/makeSampleModel.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const folder = 'models/mnist-sample-il';
const command = `rho il --data idx:data/mnist-sample --holdout 10000:10000 --il-model mlp:64 --threads 1 --out ${folder}`;
execFileSync(process.execPath, ['dist/cli.js', ...command.split(' ').slice(1)], {
  cwd: new URL('..', import.meta.url),
  stdio: 'inherit',
});

const path = new URL(`../${folder}/`, import.meta.url);
const card = JSON.parse(readFileSync(new URL('il.json', path), 'utf8'));
writeFileSync(
  new URL('README.md', path),
  `---
license: apache-2.0
library_name: onnx
tags: [rho-loss, irreducible-loss, mnist]
---
# IL model of the MNIST sample

An irreducible-loss model: an MLP 784-64-10 (${card.model.parameters.toLocaleString('en-US')} parameters) trained on the 10,000 holdout digits of
\`data/mnist-sample\` (data seed 0, labels without noise). Its loss on the other 10,000 tells how much of a loss is there to stay.

| | |
|---|---|
| made by | \`${command}\` |
| kept | check after ${card.best.epoch.toFixed(2)} of ${card.training.epochs} passes: mean loss ${card.best.loss.toFixed(4)}, accuracy ${card.best.accuracy.toFixed(4)} on the target half |
| input | \`input\` float32 [batch, 1, 28, 28], pixels / 255, minus 0.1307, over 0.3081 |
| output | \`logits\` float32 [batch, 10] |
| SHA-256 of il.onnx | \`${card.model.sha256}\` |

\`il.json\` is the card that \`rho\` reads: it holds the ids the model has seen, so that a leak is found. Remade by
\`tools/makeSampleModel.mjs\`; the same machine and versions give the same bytes.
`,
);
