import { startJobs } from 'rho-loss/browser';

const find = (id) => document.getElementById(id);
const named = (file) => ({ path: `/given/${file.name}`, file });
const jobs = startJobs();

find('score').addEventListener('click', async () => {
  try {
    const [model] = [...find('model').files].map(named);
    await jobs.call('give', { folder: '/given', files: [model, ...[...find('data').files].map(named)] });
    const data = { data: 'idx:/given', holdout: 'none' };
    const request = { model: model.path, data, options: { device: 'wasm' }, folder: '/losses' };
    await jobs.call('score', request, { onNotice: ({ progress }) => progress && say(`${progress.done} scored`) });
    const { ids, loss } = (await jobs.call('openStore', '/losses')).table;
    const rows = [...ids.keys()].sort((a, b) => loss[b] - loss[a]).slice(0, 10);
    say(`Of ${ids.length} examples these have the highest losses:`, ...rows.map((row) => `${ids[row]}: ${loss[row]}`));
  } catch (error) {
    say(error.message);
  }
});

function say(...lines) {
  find('said').textContent = lines.join('\n');
}
