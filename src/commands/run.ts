import type { Command } from 'commander';
import { comparisonCommand } from './comparison.ts';

/** `rho run`: the main job, from data to report. */
export function runCommand(): Command {
  return comparisonCommand({
    name: 'run',
    summary: 'train IL model and targets, and report: the main job',
    description:
      'Trains an IL model on the holdout, scores the target half into a loss store, trains a target for each strategy from the same seed, and writes a report. Without --data it takes the MNIST sample that ships with rho-loss, with 40 % of the labels flipped.',
    examples: [
      'rho run',
      'rho run --data idx:mnist/ --noise flip:0.1 --il-model mlp:512,512 --steps 1000',
      'rho run --resume runs/run-2026-01-31T12-00-00',
    ],
    strategies: ['rho', 'uniform', 'loss'],
    targets: ['0.85', '0.9'],
  });
}
