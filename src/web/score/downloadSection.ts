import { formatCount } from '../../report/format.ts';
import { find, make, save } from '../element.ts';
import { failure } from '../failure.ts';
import type { Jobs } from '../jobs.ts';
import type { NamedFile } from '../protocol.ts';

/** The part of the page that hands out a store. */
export interface DownloadSection {
  /** Offers the files of a store that the browser keeps; null offers nothing. */
  readonly offer: (folder: string | null) => Promise<void>;
}

/** Offers a loss store as one .zip and file by file. */
export function downloadSection(jobs: () => Promise<Jobs>): DownloadSection {
  const [section, list, zip, problem] = [
    find('download'),
    find('files'),
    find<HTMLButtonElement>('zip'),
    find('zip-problem'),
  ];
  let offered: string | null = null;
  zip.addEventListener('click', async () => {
    if (offered === null) return;
    const folder = offered;
    zip.disabled = true;
    problem.textContent = '';
    try {
      save(await (await jobs()).call('zip', folder), `${folder.split('/').at(-1)}.zip`);
    } catch (error) {
      problem.textContent = failure(error);
    }
    zip.disabled = false;
  });
  return {
    async offer(folder) {
      offered = folder;
      section.hidden = folder === null;
      const files = folder === null ? [] : await (await jobs()).call('files', folder);
      if (folder !== offered) return;
      for (const link of list.querySelectorAll('a')) URL.revokeObjectURL(link.href);
      list.replaceChildren(...files.map(link));
    },
  };
}

function link({ path, file }: NamedFile): HTMLElement {
  const name = path.split('/').at(-1)!;
  const anchor = make('a', { href: URL.createObjectURL(file), download: name }, name);
  return make('li', {}, anchor, ` ${formatCount(Math.max(1, Math.round(file.size / 1000)))} kB`);
}
