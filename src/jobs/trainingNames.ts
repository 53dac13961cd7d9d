/** What moves the running averages of batch normalisation: the batches trained on, or the candidates scored. */
export const averagesNames = ['steps', 'candidates'] as const;
export type AveragesName = (typeof averagesNames)[number];

/** What candidates are scored with: the target as it is, or something cheaper that is made from it. */
export const scoringForms = ['exact', 'int8'] as const;
export type ScoringForm = (typeof scoringForms)[number];
