import type { Dataset } from './dataset.ts';

/** The data set under other labels, by id; those it had become its `trueLabels`, unless it has some. */
export function withLabels(dataset: Dataset, labels: Int32Array): Dataset {
  return {
    ...dataset,
    labels,
    trueLabels: dataset.trueLabels ?? dataset.labels,
    async gather(ids) {
      const { inputs } = await dataset.gather(ids);
      return { inputs, labels: Int32Array.from(ids, (id) => labels[id]!) };
    },
  };
}
