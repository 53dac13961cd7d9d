import { chooseDevice } from '../engine/ort/chooseDevice.ts';
import { probeDevices } from '../engine/ort/probe.ts';
import { checkTraining } from '../jobs/checkTraining.ts';
import { type CompareOptions, compare } from '../jobs/compare.ts';
import { usualData, usualSteps, usualTraining } from '../jobs/defaults.ts';
import type { Host } from '../jobs/host.ts';
import { scoresOnline } from '../jobs/irreducibleSource.ts';
import { beginRun, readRun } from '../jobs/runFolder.ts';
import { scoreModelFile } from '../jobs/scoreModel.ts';
import { availableThreads, versions } from '../runtime/host.ts';
import { exists, joinPath, removePath } from '../runtime/web/files.ts';
import { mountFile, unmount } from '../runtime/web/mounts.ts';
import { wasmThreads, whyOneThread } from '../runtime/web/wasmThreads.ts';
import { openLossStore } from '../store/readStore.ts';
import { withColumns } from './choose/columns.ts';
import { previewChoice } from './choose/previewChoice.ts';
import { filesUnder } from './filesUnder.ts';
import { lookHandlers } from './look/lookHandlers.ts';
import type { CompareRequest, JobCalls } from './protocol.ts';
import { storeHandlers } from './score/storeHandlers.ts';
import { commandLine } from './train/commandLine.ts';
import { forgetExamples, showExamplesOf, trainHandlers } from './train/trainHandlers.ts';

/** How each call is answered: with what it asks for, and the host of a job. */
export type JobHandlers = {
  readonly [Name in keyof JobCalls]: (
    argument: Parameters<JobCalls[Name]>[0],
    host: Host,
  ) => ReturnType<JobCalls[Name]>;
};

/** The jobs of the command line, for the page. */
export const handlers: JobHandlers = {
  ...lookHandlers,
  ...storeHandlers,
  ...trainHandlers,
  async give({ folder, files, more = false }) {
    if (!more) unmount(folder);
    for (const { path, file } of files) mountFile(path, file);
  },
  previewChoice: (choice) => previewChoice(choice),
  renamed: ({ question, answer }) => withColumns(question, answer),
  diagnose: async () => ({
    versions: versions(),
    devices: await probeDevices(['webgpu', 'wasm']),
    auto: await chooseDevice(),
    threads: wasmThreads(availableThreads()),
    whyOneThread: whyOneThread(),
  }),
  score({ model, data, options, folder }, host) {
    const usual = { split: 'target', threads: availableThreads() } as const;
    return scoreModelFile(model, { ...usualData, ...data }, { ...usual, ...options }, folder, host);
  },
  async compare(request, host) {
    const { folder } = request;
    forgetExamples();
    const { options, command, begin } = await openRun(request);
    return compare(options, folder, command, { ...host, begin, onData: showExamplesOf });
  },
  async openStore(folder) {
    const { manifest, readTable } = await openLossStore(folder);
    return { manifest, table: await readTable() };
  },
  files: filesUnder,
  remove: removePath,
};

/** A run that was begun before, by its own options, or a new one, whose folder appears when the job begins to work. */
async function openRun({ options, folder }: CompareRequest) {
  if (await exists(joinPath(folder, 'config.json'))) {
    const begun = await readRun<CompareOptions>(folder, 'compare');
    return { ...begun, begin: async () => undefined };
  }
  const { dataSeed: _, ...data } = usualData;
  const whole: CompareOptions = {
    ...data,
    ...usualTraining,
    dataSeeds: [usualData.dataSeed],
    irreducible: null,
    targets: [],
    threads: availableThreads(),
    steps: options.epochs == null ? usualSteps : null,
    epochs: null,
    ...options,
  };
  checkTraining(whole, whole.strategies, await scoresOnline(whole.irreducible));
  const command = commandLine(whole);
  let begun: Promise<void> | undefined;
  const begin = () => {
    begun ??= beginRun(folder, { job: 'compare', command, options: whole });
    return begun;
  };
  return { options: whole, command, begin };
}
