import type { Command } from 'commander';
import { comparisonCommand } from './comparison.ts';

/** `rho compare`: strategies and seeds side by side. */
export function compareCommand(): Command {
  return comparisonCommand({
    name: 'compare',
    summary: 'several strategies and seeds side by side',
    description:
      'Trains a target for every strategy and seed, one IL model for each data seed, and compares them in a table, as JSON and as a report. Without --data it takes the MNIST sample that ships with rho-loss, with 40 % of the labels flipped.',
    examples: [
      'rho compare --strategy uniform,rho --seed 0,1,2 --target 0.9,0.95 --json',
      'rho compare --data idx:mnist/ --data-seed 0,1,2 --seed 0,1,2 --noise flip:0.4 --strategy rho,uniform,loss',
    ],
    strategies: ['rho', 'uniform'],
    targets: ['0.85', '0.9'],
  });
}
