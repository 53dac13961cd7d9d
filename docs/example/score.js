import { startJobs } from 'rho-loss/browser';

const form = document.forms[0];
const say = (...lines) => document.getElementById('said').replaceChildren(lines.join('\n'));
const jobs = startJobs();

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // A field has the name that the file is given under, which is not the one it has on the disk.
  const files = [...new FormData(form)].map(([name, file]) => ({ path: `/given/${name}`, file }));
  form.score.disabled = true;
  try {
    await jobs.call('give', { folder: '/given', files });
    await jobs.call('remove', '/losses');
    const data = { data: 'idx:/given', holdout: 'none' };
    const request = { model: '/given/il.onnx', data, options: { device: 'wasm' }, folder: '/losses' };
    await jobs.call('score', request, { onNotice: ({ progress }) => progress && say(`${progress.done} scored`) });
    const { ids, loss } = (await jobs.call('openStore', '/losses')).table;
    const rows = [...ids.keys()].sort((a, b) => loss[b] - loss[a]).slice(0, 10);
    say(`Of ${ids.length} examples these have the highest losses:`, ...rows.map((row) => `${ids[row]}: ${loss[row]}`));
  } catch (error) {
    say(error.message);
  }
  form.score.disabled = false;
});
