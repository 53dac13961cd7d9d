/** What the forms of the page call the options of the command line, by their flags, and by those of the settings that hold several. */
const names: Readonly<Record<string, string>> = {
  '--holdout': 'Holdout',
  '--noise': 'Label noise',
  '--data-seed': 'Data seed',
  '--tokens': 'Tokens',
  '--image-size': 'Image size',
  '--preprocessing': 'Preprocessing',
  '--logits': 'Logits',
  '--layout': 'Channels',
  '--device': 'Device',
  '--model': 'Model',
  '--steps': 'Steps',
  '--lr': 'Learning rate',
  '--big-batch': 'Candidates of a step',
  '--small-batch': 'Selected of those',
  '--seed': 'Seeds',
  '--seeds': 'Seeds',
  '--eval-every': 'Steps between evaluations',
  '--target': 'Accuracies to reach',
  '--targets': 'Accuracies to reach',
  '--irreducible': 'Irreducible losses',
  '--il-model': 'Irreducible-loss (IL) model',
  '--il-epochs': 'Passes of the IL model',
};

/** The name of a field by its flag, such as `--lr`; undefined where no form has it. */
export function fieldName(flag: string): string | undefined {
  return names[flag];
}
