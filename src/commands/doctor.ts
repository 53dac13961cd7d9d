import { Command, Option } from 'commander';
import { type Diagnosis, diagnose } from '../jobs/doctor.ts';
import { installCuda } from '../jobs/installCuda.ts';
import { oneOf, withOptions } from './options.ts';
import { performs } from './session.ts';

/** `rho doctor`: what works here, what does not and why. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .summary('what works on this machine, what does not and why')
    .description(
      'Tries every device of ONNX Runtime and every backend of TensorFlow.js, and lists versions, to be pasted into an issue. With --install cuda it fetches ONNX Runtime’s CUDA libraries first (linux/x64, several hundred MB from api.nuget.org) and tries them; they need an NVIDIA driver, CUDA 12 and cuDNN 9.',
    )
    .addHelpText('after', '\nExamples:\n  rho doctor\n  rho doctor --json\n  rho doctor --install cuda');
  command.addOption(new Option('--install <what>', 'fetch what npm leaves out: cuda').argParser(oneOf(['cuda'])));
  withOptions(command, ['json']);
  return performs<{ readonly install?: 'cuda' }>(command, async ({ install }) => {
    if (install !== undefined) {
      const installed = await installCuda();
      return {
        json: installed,
        text: `${installed.message}\nThe device "cuda" works: ${installed.device.reason}; it needs ${installed.needs}`,
      };
    }
    const diagnosis = await diagnose();
    return { json: diagnosis, text: table(diagnosis) };
  });
}

function table({ versions, onnxruntimeWeb, threads, devices, auto, tfjs }: Diagnosis): string {
  const lines = [
    `rho-loss ${versions.rhoLoss} on ${versions.runtime}, ${versions.platform}, ${threads} cores`,
    `onnxruntime-node ${versions.onnxruntime}, onnxruntime-web ${onnxruntimeWeb ?? 'absent'}; --device auto is ${auto.device}`,
    ...devices.map(({ device, works, reason }) => `  device ${device.padEnd(6)} ${works ? 'works' : 'no'}: ${reason}`),
    `TensorFlow.js ${tfjs.version ?? 'not installed'}`,
    ...tfjs.backends.flatMap(({ backend, works, reason, hint }) => [
      `  backend ${backend.padEnd(13)} ${works ? 'works' : 'no'}: ${reason}`,
      ...(hint === null ? [] : [`    ${hint}`]),
    ]),
  ];
  return lines.join('\n');
}
