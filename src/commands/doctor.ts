import { Command } from 'commander';
import { diagnose } from '../jobs/doctor.ts';
import { withOptions } from './options.ts';
import { performs } from './session.ts';

/** `rho doctor`: what works here, what does not and why. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('what works on this machine, what does not and why')
    .description(
      'Tries every device of ONNX Runtime and every backend of TensorFlow.js, and lists versions, to be pasted into an issue.',
    )
    .addHelpText('after', '\nExamples:\n  rho doctor\n  rho doctor --json');
  withOptions(command, ['json']);
  return performs(command, async () => {
    const diagnosis = await diagnose();
    const { versions, threads, devices, tfjs } = diagnosis;
    const lines = [
      `rho-loss ${versions.rhoLoss} on ${versions.runtime}, ${versions.platform}, ${threads} cores`,
      `onnxruntime-node ${versions.onnxruntime}`,
      ...devices.map(
        ({ device, works, reason }) => `  device ${device.padEnd(6)} ${works ? 'works' : 'no'}: ${reason}`,
      ),
      `TensorFlow.js ${tfjs.version ?? 'not installed'}`,
      ...tfjs.backends.flatMap(({ backend, works, reason, hint }) => [
        `  backend ${backend.padEnd(13)} ${works ? 'works' : 'no'}: ${reason}`,
        ...(hint === null ? [] : [`    ${hint}`]),
      ]),
    ];
    return { json: diagnosis, text: lines.join('\n') };
  });
}
