/** Examples of every built-in architecture, for help and errors. */
export const architectureExamples = 'mlp:512,512, cnn, cnn:16, resnet18, resnet:16, transformer:2x128, bert, albert';
